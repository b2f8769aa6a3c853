"""The sessions capability."""

from __future__ import annotations

from django.apps import AppConfig


class SessionsConfig(AppConfig):
    """Registers the jobs on sessions."""

    name = "openhearth.people.sessions"
    label = "sessions"

    def ready(self) -> None:
        """Register the jobs; models can be loaded only now."""
        from openhearth.people.sessions import jobs

        del jobs
