"""Addresses of repositories' settings, and of a person's list of repositories."""

from __future__ import annotations

from django.urls import URLPattern

from openhearth.code.repos.web import access, acts, general, mine
from openhearth.web.routes import View, page

_FORM = ("GET", "HEAD", "POST")


def _settings(below: str, view: View, name: str, permission: str, post_permission: str = "") -> URLPattern:
    return page(
        f"<str:owner>/<str:repo>/settings{below}",
        view,
        name=name,
        permission=permission,
        post_permission=post_permission,
        load="repository",
        methods=_FORM,
    )


urlpatterns = [
    page("-/settings/repositories", mine.mine, name="settings_repositories", permission="account.update", load="me"),
    page(
        "-/settings/repositories/<int:number>/restore",
        mine.restore,
        name="repository_restore",
        permission="repo.restore",
        load="deleted_repository",
        methods=("POST",),
    ),
    _settings("", general.general, "repo_settings", "repo.settings", "repo.describe"),
    _settings("/rename", general.rename, "repo_settings_rename", "repo.rename"),
    _settings("/access", access.access, "repo_settings_access", "repo.settings", "repo.manage_collaborators"),
    page(
        "<str:owner>/<str:repo>/settings/access/leave",
        access.leave,
        name="repo_settings_leave",
        permission="repo.leave",
        load="repository",
        methods=("POST",),
    ),
    _settings("/visibility", acts.visibility, "repo_settings_visibility", "repo.set_visibility"),
    _settings("/archive", acts.archive, "repo_settings_archive", "repo.archive"),
    _settings("/delete", acts.delete, "repo_settings_delete", "repo.delete"),
]
