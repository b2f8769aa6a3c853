"""The HTTP server of a web process: uvicorn, set up for a socket that all web processes share."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import uvicorn

from openhearth.site.connection import PatientProtocol
from openhearth.site.sockets import BACKLOG
from openhearth.site.supervisor import GRACE_SECONDS
from openhearth.transport.native import Application

KEEP_ALIVE_SECONDS = 65


class Server(uvicorn.Server):
    """Uvicorn's server without its own signals and without ten wake-ups a second."""

    def __init__(self, application: Application) -> None:
        self._stop = asyncio.Event()
        super().__init__(
            uvicorn.Config(
                application,
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

    async def serve_on(self, listener: socket.socket) -> None:
        """Serve on a bound socket until `stop` is called; running requests then have `GRACE_SECONDS`."""
        await self._serve([listener])

    def stop(self) -> None:
        """Accept no more."""
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
