"""The places capability."""

from __future__ import annotations

from django.apps import AppConfig


class PlacesConfig(AppConfig):
    """Pages on which repositories and people are found."""

    name = "openhearth.code.places"
    label = "places"
