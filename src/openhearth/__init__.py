"""OpenHearth: a code hosting platform with the foundation and the observatory inside."""

__version__ = "0.1.0"
