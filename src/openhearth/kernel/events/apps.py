"""The Django application of events."""

from __future__ import annotations

from django.apps import AppConfig


class EventsConfig(AppConfig):
    """Loads what the installed apps register."""

    name = "openhearth.kernel.events"
    label = "events"
