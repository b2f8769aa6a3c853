"""The keys capability."""

from __future__ import annotations

from django.apps import AppConfig


class KeysConfig(AppConfig):
    """Registers the jobs on SSH keys."""

    name = "openhearth.people.keys"
    label = "keys"

    def ready(self) -> None:
        """Register the jobs; models can be loaded only now."""
        from openhearth.people.keys import jobs

        del jobs
