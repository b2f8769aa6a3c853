"""`/healthz`, `/readyz` and `/metrics`: answered without Django's threads, so also when those are stuck."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from django.db import close_old_connections, connection

from openhearth import __version__
from openhearth.kernel import health, metrics
from openhearth.kernel.config import Config
from openhearth.site import run_state
from openhearth.site.database import check_cache
from openhearth.site.front import Probe
from openhearth.transport.native import Scope

ANSWER_SECONDS = 5.0
"""A check that takes longer counts as a fault."""
REMEMBER_SECONDS = 1.0
"""Answers of /readyz are given again for so long: probing costs the database one question a second."""

_JSON = "application/json; charset=utf-8"
_PLAIN = "text/plain; charset=utf-8"


def table(config: Config) -> Mapping[bytes, Probe]:
    """Return the probes by their address, for one web process."""
    probes = Probes(config)
    return {b"/healthz": probes.alive, b"/readyz": probes.ready, b"/metrics": probes.metrics}


@dataclass(slots=True)
class Probes:
    """The probes of one process, with one thread for checks that ask the database."""

    config: Config
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "probe"))
    _last: tuple[float, int, bytes] = (float("-inf"), 0, b"")

    async def alive(self, _scope: Scope) -> tuple[int, str, bytes]:
        """Say that this process answers."""
        return 200, _JSON, _encoded({"status": "ok", "version": __version__})

    async def ready(self, _scope: Scope) -> tuple[int, str, bytes]:
        """Say whether all checks are well and all parts run; 503 and the faults otherwise."""
        at, status, body = self._last
        if time.monotonic() - at > REMEMBER_SECONDS:
            faults = await self._in_thread(self._faults, {"checks": "they take too long"})
            status = 503 if faults else 200
            body = _encoded({"status": "fault" if faults else "ok", "faults": faults})
            self._last = (time.monotonic(), status, body)
        return status, _JSON, body

    async def metrics(self, scope: Scope) -> tuple[int, str, bytes]:
        """Return the counters of all processes, to askers on this machine alone."""
        if not is_local(scope):
            return 404, _PLAIN, b"Not found\n"
        text = await self._in_thread(metrics.render, b"")
        return 200, "text/plain; version=0.0.4; charset=utf-8", text

    async def _in_thread(self, work: Any, otherwise: Any) -> Any:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await loop.run_in_executor(self._pool, work)
        except TimeoutError:
            return otherwise

    def _faults(self) -> dict[str, str]:
        close_old_connections()
        found = {finding.name: finding.fault for finding in health.findings() if not finding.healthy}
        return found | failing_parts(run_state.read(self.config.data))


def failing_parts(state: Mapping[str, Any]) -> dict[str, str]:
    """Return the parts of the instance that die again and again."""
    return {
        part["name"]: f"dies again and again ({part['last_end']})"
        for part in state.get("parts", ())
        if part["state"] == "failing"
    }


def is_local(scope: Scope) -> bool:
    """Tell whether the request comes from this machine and was not passed on for somebody else."""
    if any(name in {b"x-forwarded-for", b"forwarded"} for name, _value in scope["headers"]):
        return False
    try:
        address = ip_address((scope.get("peer") or ("",))[0])
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def check_database() -> None:
    """Ask the main database the smallest question."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()


def _encoded(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content).encode() + b"\n"


health.register("database", check_database)
health.register("cache", check_cache)
