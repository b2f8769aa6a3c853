"""Addresses of access tokens."""

from __future__ import annotations

from openhearth.people.tokens import web
from openhearth.web.routes import page

urlpatterns = [
    page("-/settings/tokens", web.tokens_page, name="settings_tokens", permission="account.manage_tokens", load="me"),
    page(
        "-/settings/tokens/new",
        web.new,
        name="settings_token_new",
        permission="account.manage_tokens",
        load="me",
        methods=("GET", "HEAD", "POST"),
    ),
    page(
        "-/settings/tokens/<int:number>/revoke",
        web.revoke,
        name="settings_token_revoke",
        permission="account.manage_tokens",
        load="me",
        methods=("POST",),
    ),
]
