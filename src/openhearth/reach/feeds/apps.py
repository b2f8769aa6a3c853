"""The feeds capability."""

from __future__ import annotations

from django.apps import AppConfig


class FeedsConfig(AppConfig):
    """Takes part in pushes and shows on profiles what somebody did."""

    name = "openhearth.reach.feeds"
    label = "feeds"

    def ready(self) -> None:
        """Register the participant of pushes and fill slots; models can be loaded only now."""
        from openhearth.code.refs.actions import STEP
        from openhearth.kernel import participants, slots
        from openhearth.reach.feeds import actions, web

        participants.register_participant(STEP, actions.record_push)
        slots.fill("profile.main", web.of_account)
