"""What places want to hear of."""

from __future__ import annotations

from openhearth.code.refs.events import RefsPushed
from openhearth.kernel.events.subscriptions import subscribe

subscribe(RefsPushed, "code.places.note_language")
