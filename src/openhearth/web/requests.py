"""The request as our views get it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from openhearth.kernel.policy.actors import Actor


class Request(HttpRequest):
    """Django's request with what the middlewares add."""

    actor: Actor
    """Who asks; set for every request."""
    request_id: str
    me: Any
    """The account row of a signed-in person (`people.accounts`), else None."""
    theme: str
    time_zone: str
