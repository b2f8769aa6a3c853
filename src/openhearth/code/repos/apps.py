"""The repositories capability."""

from __future__ import annotations

from django.apps import AppConfig


class ReposConfig(AppConfig):
    """Declares rights, loader and jobs of repositories."""

    name = "openhearth.code.repos"
    label = "repos"

    def ready(self) -> None:
        """Register policy rows, the route loader and jobs; models can be loaded only now."""
        from openhearth.code.repos import jobs, policy, web

        policy.declare()
        web.register()
        del jobs
