"""A whole instance on 127.0.0.1, started by the command line and watched from outside."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CLI = [sys.executable, "-m", "openhearth.site.cli"]
START_SECONDS = 60


def environ(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPENHEARTH_", "DJANGO_"))}
    return {**kept, "PYTHONPATH": str(ROOT / "src"), "LANG": "C.UTF-8", "LANGUAGE": "", **more}


def hearth(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CLI, *arguments], env=environ(**more), text=True, capture_output=True, timeout=120, check=False
    )


def eventually(ask: Callable[[], Any], seconds: float = 60) -> Any:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = ask()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Instance:
    """A running server."""

    def __init__(self, data: Path, *options: str, command: list[str] | None = None, **more: str) -> None:
        self.data = data
        self.log = data.parent / f"{data.name}.log"
        self.out = data.parent / f"{data.name}.out"
        with self.log.open("w") as log, self.out.open("w") as out:
            self.process = subprocess.Popen(
                [*(command or CLI), "serve", "--port", "0", "--ssh-port", "0", "--data", str(data), *options],
                env=environ(**more),
                stdout=out,
                stderr=log,
                start_new_session=True,
            )

    def wait(self) -> Instance:
        def started() -> bool:
            if self.process.poll() is not None:
                raise AssertionError(self.log.read_text())
            return bool(self.state()) and "╯" in self.out.read_text()

        eventually(started, START_SECONDS)
        return self

    def state(self) -> dict[str, Any]:
        try:
            return json.loads((self.data / "run.json").read_text())
        except FileNotFoundError:
            return {}

    @property
    def port(self) -> int:
        return self.state()["web"]["port"]

    def part(self, name: str) -> list[int]:
        return [part["pid"] for part in self.state().get("parts", []) if part["name"] == name]

    def pids(self) -> list[int]:
        return [self.process.pid, *(part["pid"] for part in self.state().get("parts", []))]

    def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(timeout=40)
        finally:
            for pid in self.pids():
                if alive(pid) and pid != self.process.pid:
                    os.kill(pid, signal.SIGKILL)
