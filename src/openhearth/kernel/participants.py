"""Participants: handlers of higher layers that run inside the transaction of a named step.

SQL only: no git, no network, no file, at most about 2 ms. An exception rolls the whole step back.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from openhearth.kernel import metrics
from openhearth.kernel.transactions import require_transaction

SLOW_SECONDS = 0.020

logger = logging.getLogger("openhearth.participants")

_participants: dict[str, dict[str, Callable[[Any], None]]] = {}
_seconds = metrics.histogram(
    "openhearth_participant_seconds", "Time of handlers inside transactions.", ("step", "participant")
)


def register_participant(step: str, function: Callable[[Any], None], *, name: str = "") -> None:
    """Let `function` take part in a step (`ref.updating`). `name` defaults to its module and name."""
    name = name or f"{function.__module__}.{function.__qualname__}"
    functions = _participants.setdefault(step, {})
    if functions.get(name, function) is not function:
        raise ValueError(f"The step {step!r} has a participant {name!r} already")
    functions[name] = function


def run(step: str, context: Any) -> None:
    """Run the participants of a step in the order of their names; NotInTransaction outside a transaction."""
    require_transaction(f"participants.run({step})")
    for name, function in sorted(_participants.get(step, {}).items()):
        began = time.perf_counter()
        function(context)
        took = time.perf_counter() - began
        _seconds.observe(took, step, name)
        if took > SLOW_SECONDS:
            logger.warning("The participant %s of %s held the transaction for %.0f ms", name, step, took * 1000)
