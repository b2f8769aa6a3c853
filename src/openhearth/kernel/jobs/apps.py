"""Loads the `jobs` module of every installed app, and checks at start-up that all names meet."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.utils.module_loading import autodiscover_modules

from openhearth.kernel.jobs import registry


class JobsConfig(AppConfig):
    """The job queue."""

    name = "openhearth.kernel.jobs"
    label = "jobs"

    def ready(self) -> None:
        """Register all jobs."""
        autodiscover_modules("jobs")
        checks.register(_names_meet)


def _names_meet(app_configs: Any, **_kwargs: Any) -> list[checks.CheckMessage]:
    del app_configs
    return [
        checks.Error(f"{user} queues the job {name!r}, which nobody has registered.", id="openhearth.jobs.E001")
        for user, name in registry.unmet()
    ]
