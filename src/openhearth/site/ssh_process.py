"""The SSH process: git over SSH on our socket."""

from __future__ import annotations

import asyncio
import signal
import socket

from openhearth.kernel.config import Config
from openhearth.site import hostkeys
from openhearth.transport import ssh


def main(listener: socket.socket, config: Config) -> None:
    """Serve until SIGTERM."""
    asyncio.run(_serve(listener, config))


async def _serve(listener: socket.socket, config: Config) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await ssh.serve(listener, stop, host_keys=hostkeys.paths(config.paths.secrets))
