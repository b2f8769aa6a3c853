"""What this capability wants to hear of."""

from __future__ import annotations

from openhearth.code.refs.events import RefsPushed
from openhearth.kernel.events.subscriptions import subscribe

WARM = "code.browse.warm"


def register() -> None:
    """Queue the warming of pages with each push."""
    subscribe(RefsPushed, WARM)
