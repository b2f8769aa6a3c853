"""Pages and middleware of accounts."""

from __future__ import annotations

from openhearth.people.accounts.web.actor import ActorMiddleware, authorize_with
from openhearth.people.accounts.web.frame import admin_nav, register, settings_nav

__all__ = ["ActorMiddleware", "admin_nav", "authorize_with", "register", "settings_nav"]
