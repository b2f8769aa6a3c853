"""A supervisor with toy parts, run by test_supervisor.py: python toy_instance.py STATE_FILE PART..."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from openhearth.site.parts import Part
from openhearth.site.supervisor import Supervisor

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may run under nohup, which passes on that it is ignored
STATE = Path(sys.argv[1])
GRACE = float(os.environ.get("TOY_GRACE", "30"))

listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
port = listener.getsockname()[1]


def until_told() -> None:
    told: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: told.append(number))
    while not told:
        time.sleep(0.01)


def polite() -> None:
    until_told()


def parent() -> None:
    """Leave a grandchild in a session of its own, as git children are."""
    subprocess.Popen(["sleep", "600"], start_new_session=True)
    until_told()


def stubborn() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)


def crashing() -> None:
    raise RuntimeError("as meant")


def server() -> None:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    while True:
        connection, _address = listener.accept()
        connection.sendall(f"{os.getpid()}\n".encode())
        connection.close()


def note(slots) -> None:
    rows = [{"name": s.part.name, "pid": s.pid, "state": s.state, "deaths": s.deaths} for s in slots]
    draft = STATE.with_suffix(".new")
    draft.write_text(json.dumps({"pid": os.getpid(), "port": port, "parts": rows}))
    draft.replace(STATE)


parts = []
for word in sys.argv[2:]:
    name, _, count = word.partition("*")
    parts.append(Part(name, globals()[name], int(count or 1)))
supervisor = Supervisor(parts, changed=note, close_when_stopping=[listener.close], grace=GRACE)
sys.exit(supervisor.run())
