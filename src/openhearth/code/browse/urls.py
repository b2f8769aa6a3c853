"""Addresses of code pages: those of GitHub."""

from __future__ import annotations

from django.urls import URLPattern

from openhearth.code.browse.web import archives, changes, files, folders, history, lists
from openhearth.web.routes import View, page

_REST = r"(?P<rest>[\s\S]+)"
_SHA = "(?P<sha>[0-9a-fA-F]{4,40})"


def _read(below: str, view: View, name: str) -> URLPattern:
    """Return a route below /OWNER/REPO that everybody may open who may read the repository."""
    pattern = rf"^(?P<owner>[^/]+)/(?P<repo>[^/]+){below}\Z"
    return page(pattern, view, name=name, permission="repo.read", load="repository", regex=True)


urlpatterns = [
    _read("/?", folders.home, "repository"),
    _read(f"/tree/{_REST}", folders.tree, "browse_tree"),
    _read(f"/blob/{_REST}", files.blob, "browse_blob"),
    _read(f"/raw/{_REST}", files.raw, "browse_raw"),
    _read("/commits/?", history.commits, "browse_commits_default"),
    _read(f"/commits/{_REST}", history.commits, "browse_commits"),
    _read(f"/commit/{_SHA}/?", changes.commit, "browse_commit"),
    _read("/branches/?", lists.branches, "browse_branches"),
    _read("/tags/?", lists.tags, "browse_tags"),
    _read(f"/archive/{_REST}", archives.archive, "browse_archive"),
]
