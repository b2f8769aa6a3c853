"""DATA/run.json: what runs at present, for `/readyz`, for tests and for curious people."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openhearth.kernel.clock import now
from openhearth.site.supervisor import Slot

NAME = "run.json"


@dataclass(slots=True)
class RunState:
    """Writes the file anew at every change; `facts` are the lines that stay (addresses, version)."""

    data: Path
    facts: Mapping[str, Any]

    def write(self, slots: Sequence[Slot]) -> None:
        """Replace the file in one step."""
        parts = [
            {"name": s.part.name, "pid": s.pid, "state": s.state, "deaths": s.deaths, "last_end": s.last_end}
            for s in slots
        ]
        content = {"pid": os.getpid(), **self.facts, "changed": now().isoformat(), "parts": parts}
        draft = self.data / f"{NAME}.new"
        draft.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
        draft.replace(self.data / NAME)

    def remove(self) -> None:
        """Take the file away at the end."""
        (self.data / NAME).unlink(missing_ok=True)


def read(data: Path) -> dict[str, Any]:
    """Return the content of the file, {} where nothing runs."""
    try:
        found: dict[str, Any] = json.loads((data / NAME).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return found
