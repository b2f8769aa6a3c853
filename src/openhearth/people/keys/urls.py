"""Addresses of SSH keys."""

from __future__ import annotations

from openhearth.people.keys import web
from openhearth.web.routes import page

urlpatterns = [
    page(
        "-/settings/keys",
        web.keys_page,
        name="settings_keys",
        permission="account.read_keys",
        post_permission="account.add_key",
        load="me",
        methods=("GET", "HEAD", "POST"),
    ),
    page(
        "-/settings/keys/<int:number>/remove",
        web.remove,
        name="settings_key_remove",
        permission="account.manage_keys",
        load="me",
        methods=("POST",),
    ),
]
