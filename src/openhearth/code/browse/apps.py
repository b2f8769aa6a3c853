"""The browse capability: pages only, no tables."""

from __future__ import annotations

from django.apps import AppConfig


class BrowseConfig(AppConfig):
    """Pages that show what a repository holds."""

    name = "openhearth.code.browse"
    label = "browse"
