"""The web layer as a Django application (templates, static files, start-up checks)."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Registers the start-up checks of the web layer."""

    name = "openhearth.web"
    label = "web"
