"""The starters capability."""

from __future__ import annotations

from django.apps import AppConfig


class StartersConfig(AppConfig):
    """Has nothing to register: its pages are found by their addresses."""

    name = "openhearth.code.starters"
    label = "starters"
