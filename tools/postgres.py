"""Runs a command with a PostgreSQL server of its own: python tools/postgres.py COMMAND...

The server lives in a temporary folder, listens on a free port of 127.0.0.1, runs as an unprivileged user where
this is started by root (initdb refuses root), and is gone afterwards. The command finds its address in
OPENHEARTH_TEST_DATABASE_URL.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

USERS = ("postgres", "nobody")
SETTINGS = {  # a test database that is thrown away may lose everything at a power cut
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "listen_addresses": "127.0.0.1",
    "max_connections": "60",
    "shared_buffers": "64MB",
}


def find(program: str) -> str:
    """Return the newest `program` of PostgreSQL. Raises SystemExit where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), key=lambda p: int(p.parts[4]))
    path = str(found[-1]) if found else shutil.which(program)
    if not path:
        raise SystemExit(f"PostgreSQL's {program} is not installed (Debian: apt-get install postgresql)")
    return path


def unprivileged() -> pwd.struct_passwd | None:
    """Return the user to run the server as; None for the one who runs this."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next(names[name] for name in USERS if name in names)


def free_port() -> int:
    """Return a port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
    return number


class Server:
    """A PostgreSQL server in `folder`, which can be ended and started again at the same address."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._running: subprocess.Popen[bytes] | None = None
        user = unprivileged()
        as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
        self._quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "cwd": "/", **as_user}
        if user:
            os.chown(folder, user.pw_uid, user.pw_gid)
        initdb = [find("initdb"), "-D", str(folder / "data"), "-U", "hearth", "-A", "trust", "-E", "UTF8"]
        subprocess.run([*initdb, "--locale=C", "--no-sync"], check=True, **self._quiet)

    def url(self, name: str = "postgres") -> str:
        """Return the address of one of its databases."""
        return f"postgres://hearth@127.0.0.1:{self.port}/{name}"

    @property
    def log(self) -> str:
        """What the server has said."""
        return (self.folder / "log").read_text("utf-8", "replace")

    def start(self) -> None:
        """Start it and wait until it answers. Raises SystemExit with its log where it does not come up."""
        options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        command = [find("postgres"), "-D", str(self.folder / "data"), "-p", str(self.port), "-k", str(self.folder)]
        with (self.folder / "log").open("ab") as log:
            self._running = subprocess.Popen([*command, *options], stderr=log, **self._quiet)
        ready = [find("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port), "-t", "1"]
        while subprocess.run(ready, check=False).returncode:
            if self._running.poll() is not None:
                raise SystemExit(self.log)
            time.sleep(0.05)

    def stop(self, how: int = signal.SIGINT) -> None:
        """End it: SIGINT ends its sessions in order, SIGQUIT lets it die as in a crash."""
        if self._running is not None:
            self._running.send_signal(how)
            self._running.wait(timeout=60)
            self._running = None


@contextmanager
def cluster() -> Iterator[Server]:
    """Yield a new server that runs; it is ended and removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="hearth-pg-"))
    try:
        server = Server(folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main(command: list[str]) -> int:
    """Run the command with a server beside it and return its exit code."""
    if not command:
        raise SystemExit(__doc__)
    with cluster() as server:
        env = {**os.environ, "OPENHEARTH_TEST_DATABASE_URL": server.url()}
        return subprocess.run(command, check=False, env=env).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
