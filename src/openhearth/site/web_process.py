"""One web process: the HTTP server on our socket, with Django behind the bridge."""

from __future__ import annotations

import asyncio
import importlib
import signal
import socket
import sys

from openhearth.kernel.config import Config
from openhearth.site import probes
from openhearth.site.bridge import Bridge
from openhearth.site.capabilities import TRANSPORTS
from openhearth.site.front import Front
from openhearth.site.server import Server
from openhearth.site.wsgi import application
from openhearth.transport.native import NativeRoute

SWITCH_SECONDS = 0.0005
"""A page's thread gives way to the transfers' loop this often (default 0.005)."""


def native_routes() -> tuple[NativeRoute, ...]:
    """Return the native routes of all transports."""
    return tuple(route for name in TRANSPORTS for route in importlib.import_module(name).ROUTES)


ROUTES = native_routes()
"""Made at import, before the fork."""


def main(listener: socket.socket, config: Config) -> None:
    """Serve until SIGTERM; running requests then have half a minute."""
    sys.setswitchinterval(SWITCH_SECONDS)
    bridge = Bridge(
        application,
        threads=config.web.threads,
        body_limit=config.limits.form_bytes,
        idle=float(config.limits.idle_seconds),
    )
    front = Front(bridge, routes=ROUTES, probes=probes.table(config), proxies=config.trusted_proxies)
    asyncio.run(_serve(front, listener))


async def _serve(front: Front, listener: socket.socket) -> None:
    server = Server(front)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.stop)
    await server.serve_on(listener)
