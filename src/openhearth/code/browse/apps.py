"""The browse capability: pages only, no tables."""

from __future__ import annotations

from django.apps import AppConfig


class BrowseConfig(AppConfig):
    """Pages that show what a repository holds."""

    name = "openhearth.code.browse"
    label = "browse"

    def ready(self) -> None:
        """Register the job that follows a push; models can be loaded only now."""
        from openhearth.code.browse import jobs, subscribers

        subscribers.register()
        del jobs
