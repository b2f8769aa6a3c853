"""Loads the `events` and `subscribers` modules of every installed app, and checks the subscriptions."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.utils.module_loading import autodiscover_modules

from openhearth.kernel.events.subscriptions import faults


class EventsConfig(AppConfig):
    """The facts."""

    name = "openhearth.kernel.events"
    label = "events"

    def ready(self) -> None:
        """Register all events and who is told of them."""
        autodiscover_modules("events", "subscribers")
        checks.register(_subscriptions)


def _subscriptions(app_configs: Any, **_kwargs: Any) -> list[checks.CheckMessage]:
    del app_configs
    return [checks.Error(fault, id="openhearth.events.E001") for fault in faults()]
