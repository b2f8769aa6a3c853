"""Addresses of what settings say about refs."""

from __future__ import annotations

from openhearth.code.refs import web
from openhearth.web.routes import page

urlpatterns = [
    page(
        "<str:owner>/<str:repo>/settings/branches",
        web.branches,
        name="repo_settings_branches",
        permission="repo.settings",
        post_permission="repo.set_default_branch",
        load="repository",
        methods=("GET", "HEAD", "POST"),
    ),
]
