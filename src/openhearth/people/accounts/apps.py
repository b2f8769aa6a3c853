"""The accounts capability."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Declares the rights on accounts, their loaders, and who answers the page shell."""

    name = "openhearth.people.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Register policy rows and loaders; models can be loaded only now."""
        from openhearth.people.accounts import policy, web

        policy.declare()
        web.register()
