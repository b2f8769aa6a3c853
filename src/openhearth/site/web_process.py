"""One web process: the ASGI server on our socket, with Django behind the bridge."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import signal
import socket
import sys

import uvicorn

from openhearth.kernel.config import Config
from openhearth.site import probes
from openhearth.site.bridge import Bridge
from openhearth.site.capabilities import TRANSPORTS
from openhearth.site.connection import PatientProtocol
from openhearth.site.front import Front
from openhearth.site.sockets import BACKLOG
from openhearth.site.supervisor import GRACE_SECONDS
from openhearth.site.wsgi import application
from openhearth.transport.native import NativeRoute

KEEP_ALIVE_SECONDS = 65
SWITCH_SECONDS = 0.0005
"""A page's thread gives way to the transfers' loop this often (default 0.005)."""


def native_routes() -> tuple[NativeRoute, ...]:
    """Return the native routes of all transports."""
    return tuple(route for name in TRANSPORTS for route in importlib.import_module(name).ROUTES)


def main(listener: socket.socket, config: Config) -> None:
    """Serve until SIGTERM; running requests then have `GRACE_SECONDS`."""
    sys.setswitchinterval(SWITCH_SECONDS)
    bridge = Bridge(
        application,
        threads=config.web.threads,
        body_limit=config.limits.form_bytes,
        idle=float(config.limits.idle_seconds),
    )
    front = Front(bridge, routes=native_routes(), probes=probes.table(config), proxies=config.trusted_proxies)
    asyncio.run(_serve(front, listener))


async def _serve(front: Front, listener: socket.socket) -> None:
    server = Server(
        uvicorn.Config(
            front,  # type: ignore[arg-type]
            loop="asyncio",
            http=PatientProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=1,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=int(GRACE_SECONDS),
        )
    )
    await server.serve_on(listener)


class Server(uvicorn.Server):
    """Uvicorn's server without its own signals and without ten wake-ups a second."""

    async def serve_on(self, listener: socket.socket) -> None:
        """Serve on a bound socket until SIGTERM."""
        self._stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._end)
        await self._serve([listener])

    def _end(self) -> None:
        self.should_exit = True
        self._stop.set()

    async def main_loop(self) -> None:
        """Keep the Date header right until the end."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._stop.wait()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept.

        asyncio takes up to `backlog` waiting connections at once; with 1 the processes share them evenly.
        That number also becomes the kernel's queue, which is set back here.
        """
        await super().startup(sockets)
        for listener in sockets or ():
            listener.listen(BACKLOG)
