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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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


@contextmanager
def server() -> Iterator[str]:
    """Yield the address of a new server; it is ended and removed afterwards."""
    user = unprivileged()
    as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    folder = Path(tempfile.mkdtemp(prefix="hearth-pg-"))
    quiet = {"stdout": subprocess.DEVNULL, "cwd": "/", **as_user}
    try:
        if user:
            os.chown(folder, user.pw_uid, user.pw_gid)
        data = folder / "data"
        initdb = [find("initdb"), "-D", str(data), "-U", "hearth", "-A", "trust", "-E", "UTF8", "--locale=C"]
        subprocess.run([*initdb, "--no-sync"], check=True, **quiet)
        port = free_port()
        options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        command = [find("postgres"), "-D", str(data), "-p", str(port), "-k", str(folder), *options]
        with (folder / "log").open("wb") as log, subprocess.Popen(command, stderr=log, **quiet) as running:
            try:
                ready = [find("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port), "-t", "1"]
                while subprocess.run(ready, check=False).returncode:
                    if running.poll() is not None:
                        raise SystemExit((folder / "log").read_text())
                yield f"postgres://hearth@127.0.0.1:{port}/postgres"
            finally:
                running.send_signal(signal.SIGINT)  # fast shutdown: sessions are ended
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main(command: list[str]) -> int:
    """Run the command with a server beside it and return its exit code."""
    if not command:
        raise SystemExit(__doc__)
    with server() as url:
        return subprocess.run(command, check=False, env={**os.environ, "OPENHEARTH_TEST_DATABASE_URL": url}).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
