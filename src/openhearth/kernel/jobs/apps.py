"""The Django application of jobs."""

from __future__ import annotations

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Loads what the installed apps register."""

    name = "openhearth.kernel.jobs"
    label = "jobs"
