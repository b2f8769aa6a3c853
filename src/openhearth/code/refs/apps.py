"""The refs capability."""

from __future__ import annotations

from django.apps import AppConfig


class RefsConfig(AppConfig):
    """Registers the upkeep jobs of refs, and their part of a repository's settings."""

    name = "openhearth.code.refs"
    label = "refs"

    def ready(self) -> None:
        """Register jobs and the slot; models can be loaded only now."""
        from openhearth.code.refs import jobs, web

        web.register()
        del jobs
