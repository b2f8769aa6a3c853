"""The quotas capability."""

from __future__ import annotations

from django.apps import AppConfig


class QuotasConfig(AppConfig):
    """Puts its gates at the steps that make repositories grow."""

    name = "openhearth.operate.quotas"
    label = "quotas"

    def ready(self) -> None:
        """Register the gates; models can be loaded only now."""
        from openhearth.operate.quotas import subscribers

        subscribers.register()
