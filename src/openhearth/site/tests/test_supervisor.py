"""The supervisor with real processes: what dies is started again, and nothing is ever left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

TOY = Path(__file__).with_name("toy_instance.py")
SOURCE = Path(__file__).resolve().parents[3]


class Toy:
    """A running toy instance."""

    def __init__(self, folder: Path, *parts: str, grace: float = 30) -> None:
        self.state_file = folder / "state.json"
        self.process = subprocess.Popen(
            [sys.executable, str(TOY), str(self.state_file), *parts],
            env={**os.environ, "PYTHONPATH": str(SOURCE), "TOY_GRACE": str(grace)},
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.seen: set[int] = set()

    def state(self) -> dict[str, Any]:
        return json.loads(self.state_file.read_text())

    def wait(self, condition: Callable[[dict[str, Any]], Any], seconds: float = 20) -> Any:
        def ask() -> Any:
            if not self.state_file.exists():
                return None
            state = self.state()
            self.seen |= {part["pid"] for part in state["parts"] if part["pid"]}
            return condition(state)

        return eventually(ask, seconds)

    def ready(self) -> dict[str, Any]:
        return self.wait(lambda state: all(part["pid"] for part in state["parts"]) and state)

    def left(self) -> list[int]:
        """Every process of the session or ever seen that still lives."""
        return [pid for pid in (self.seen | descendants(self.process.pid)) if alive(pid)]


def eventually(ask: Callable[[], Any], seconds: float = 60) -> Any:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = ask()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def descendants(pid: int) -> set[int]:
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found, queue = set(), [pid]
    while queue:
        above = queue.pop()
        for child, parent in parents.items():
            if parent == above:
                found.add(child)
                queue.append(child)
    return found


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[Callable[..., Toy]]:
    started: list[Toy] = []

    def start(*parts: str, **options: float) -> Toy:
        instance = Toy(tmp_path, *parts, **options)
        started.append(instance)
        return instance

    yield start
    for instance in started:
        for pid in [*instance.left(), instance.process.pid]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        instance.process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_everything(toy: Callable[..., Toy], number: int) -> None:
    instance = toy("polite*2", "parent")
    instance.ready()
    below = descendants(instance.process.pid)
    instance.process.send_signal(number)
    assert instance.process.wait(timeout=60) == 0
    assert not instance.left()
    assert not [pid for pid in below if alive(pid)]


def test_a_killed_part_is_started_again_and_its_children_are_ended(toy: Callable[..., Toy]) -> None:
    instance = toy("parent", "polite")
    before = instance.ready()
    victim = before["parts"][0]["pid"]
    [grandchild] = eventually(lambda: descendants(victim))
    os.kill(victim, signal.SIGKILL)
    after = instance.wait(lambda state: state["parts"][0]["pid"] not in {0, victim} and state)
    assert after["parts"][1]["pid"] == before["parts"][1]["pid"]
    assert after["parts"][0]["deaths"] == 1
    assert eventually(lambda: not alive(grandchild))


def test_a_killed_supervisor_takes_all_parts_with_it(toy: Callable[..., Toy]) -> None:
    instance = toy("polite", "stubborn", "server")
    state = instance.ready()
    instance.process.kill()
    instance.process.wait()
    eventually(lambda: not instance.left(), 3)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", state["port"]), timeout=2)


def test_siblings_answer_while_a_part_is_dead(toy: Callable[..., Toy]) -> None:
    instance = toy("server*2")
    state = instance.ready()
    os.kill(state["parts"][0]["pid"], signal.SIGKILL)
    eventually(lambda: not alive(state["parts"][0]["pid"]))
    answers = set()
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", state["port"]), timeout=5) as connection:
            answers.add(int(connection.makefile().readline()))
    assert answers
    assert state["parts"][0]["pid"] not in answers


def test_a_second_signal_does_not_wait(toy: Callable[..., Toy]) -> None:
    instance = toy("stubborn", grace=600)
    instance.ready()
    instance.process.terminate()
    with pytest.raises(subprocess.TimeoutExpired):
        instance.process.wait(timeout=0.5)
    instance.process.terminate()
    assert instance.process.wait(timeout=60) == 0
    assert not instance.left()


def test_who_does_not_leave_in_time_is_killed(toy: Callable[..., Toy]) -> None:
    instance = toy("stubborn", grace=-4.8)  # five more seconds are given after the grace
    instance.ready()
    instance.process.terminate()
    assert instance.process.wait(timeout=60) == 0
    assert not instance.left()


def test_a_crash_loop_slows_down_and_shows(toy: Callable[..., Toy]) -> None:
    instance = toy("crashing", "polite")
    began = time.monotonic()
    state = instance.wait(lambda state: state["parts"][0]["deaths"] >= 4 and state)
    assert time.monotonic() - began > 0.1 + 0.2 + 0.4
    assert state["parts"][0]["state"] == "failing"
    assert state["parts"][1]["state"] == "running"
    instance.process.terminate()
    assert instance.process.wait(timeout=60) == 0
