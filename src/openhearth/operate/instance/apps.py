"""The instance capability."""

from __future__ import annotations

from django.apps import AppConfig


class InstanceConfig(AppConfig):
    """The first page and the pages of administrators."""

    name = "openhearth.operate.instance"
    label = "instance"

    def ready(self) -> None:
        """Put its links into the foot of every page."""
        from openhearth.kernel import slots
        from openhearth.operate.instance.web import about

        slots.fill("foot", about.links)
