"""The tokens capability."""

from __future__ import annotations

from django.apps import AppConfig


class TokensConfig(AppConfig):
    """Registers the jobs on tokens and lets pages be read with one."""

    name = "openhearth.people.tokens"
    label = "tokens"

    def ready(self) -> None:
        """Register the jobs and the reader of `Authorization`; models can be loaded only now."""
        from openhearth.people.tokens import jobs, web

        web.register()
        del jobs
