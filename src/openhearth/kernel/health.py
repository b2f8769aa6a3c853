"""Checks that say whether this instance can do its work. `/healthz` and `/readyz` print them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

logger = logging.getLogger("openhearth.health")

_checks: dict[str, Callable[[], None]] = {}


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one check: `fault` is "" where all is well; it names no secrets and may be shown."""

    name: str
    fault: str
    seconds: float

    @property
    def healthy(self) -> bool:
        """Whether the check found no fault."""
        return not self.fault


class Unhealthy(Exception):
    """Raised by a check with a sentence that everybody may read."""


def register(name: str, check: Callable[[], None]) -> None:
    """Add a check. It returns quickly or raises: `Unhealthy` with a sentence for people, or another error."""
    if name in _checks and _checks[name] is not check:
        raise ValueError(f"Two health checks are named {name!r}")
    _checks[name] = check


def findings() -> list[Finding]:
    """Run all checks. Errors other than `Unhealthy` go to the log; people see that the check failed."""
    return [_run(name, check) for name, check in sorted(_checks.items())]


def _run(name: str, check: Callable[[], None]) -> Finding:
    began = time.perf_counter()
    fault = ""
    try:
        check()
    except Unhealthy as error:
        fault = str(error)
    except Exception:
        logger.exception("The health check %s failed", name)
        fault = "the check failed; the log says why"
    return Finding(name, fault, time.perf_counter() - began)
