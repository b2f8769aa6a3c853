"""Addresses of code pages: those of GitHub."""

from __future__ import annotations

from openhearth.code.browse.web import archives, changes, files, folders, history, lists
from openhearth.web.routes import page

_REPOSITORY = "^(?P<owner>[^/]+)/(?P<repo>[^/]+)"
_REST = r"(?P<rest>[\s\S]+)"
_READ = {"permission": "repo.read", "load": "repository", "regex": True}

urlpatterns = [
    page(rf"{_REPOSITORY}/?\Z", folders.home, name="repository", **_READ),
    page(rf"{_REPOSITORY}/tree/{_REST}\Z", folders.tree, name="browse_tree", **_READ),
    page(rf"{_REPOSITORY}/blob/{_REST}\Z", files.blob, name="browse_blob", **_READ),
    page(rf"{_REPOSITORY}/raw/{_REST}\Z", files.raw, name="browse_raw", **_READ),
    page(rf"{_REPOSITORY}/commits/?\Z", history.commits, name="browse_commits_default", **_READ),
    page(rf"{_REPOSITORY}/commits/{_REST}\Z", history.commits, name="browse_commits", **_READ),
    page(rf"{_REPOSITORY}/commit/(?P<sha>[0-9a-fA-F]{{4,40}})/?\Z", changes.commit, name="browse_commit", **_READ),
    page(rf"{_REPOSITORY}/branches/?\Z", lists.branches, name="browse_branches", **_READ),
    page(rf"{_REPOSITORY}/tags/?\Z", lists.tags, name="browse_tags", **_READ),
    page(rf"{_REPOSITORY}/archive/{_REST}\Z", archives.archive, name="browse_archive", **_READ),
]
