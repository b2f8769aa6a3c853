"""Running git: nothing inherited, limits hold, nothing is left running."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from openhearth.git import command
from openhearth.git.command import Limits
from openhearth.git.errors import GitError, TimedOut, TooLarge


def shell(script: str) -> tuple[str, ...]:
    """Arguments that let git run a script: only a test may do so."""
    return ("-c", f"alias.x=!{script}", "x")


def test_nothing_is_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/tmp/elsewhere")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("LD_PRELOAD_X", "1")
    monkeypatch.setenv("SECRET", "1")
    out = command.run(None, *shell("env")).decode()
    names = {line.partition("=")[0] for line in out.splitlines()}
    assert not names & {"GIT_DIR", "GIT_CONFIG_COUNT", "LD_PRELOAD_X", "SECRET"}
    assert "HOME=/nonexistent" in out


def test_quarantine_environment() -> None:
    values = command.environment(quarantine=Path("/q"), alternates=[Path("/a"), Path('/b:"c')], protocol=2)
    assert values["GIT_OBJECT_DIRECTORY"] == "/q"
    assert values["GIT_ALTERNATE_OBJECT_DIRECTORIES"] == '/a:"/b:\\"c"'
    assert values["GIT_PROTOCOL"] == "version=2"


def test_input_and_output_larger_than_pipes() -> None:
    data = os.urandom(3_000_000)
    assert command.run(None, *shell("cat"), stdin=data) == data
    assert command.run(None, *shell("true"), stdin=data) == b""


def test_failures_carry_what_git_said() -> None:
    with pytest.raises(GitError) as caught:
        command.run(None, *shell("echo oops >&2; exit 7"))
    assert caught.value.params == {"command": "x", "status": 7, "stderr": "oops"}
    assert command.run(None, *shell("exit 1"), ok_codes=(0, 1)) == b""


def test_limits_hold(tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(TimedOut):
        command.run(None, *shell("sleep 60"), limits=Limits(seconds=0.2))
    with pytest.raises(TooLarge):
        command.run(None, *shell("cat /dev/zero"), limits=Limits(output_bytes=100_000))
    with pytest.raises(GitError):
        command.run(None, *shell(f"head -c 99999 /dev/zero > {tmp_path}/x"), limits=Limits(file_bytes=1000))
    assert (tmp_path / "x").stat().st_size == 1000
    hungry = "python3 -c 'bytearray(1 << 30)'"
    with pytest.raises(GitError):
        command.run(None, *shell(hungry), limits=Limits(memory_bytes=200 << 20))
    command.run(None, *shell(hungry))
    assert time.monotonic() - started < 30


def gone(pid: int) -> bool:
    """Whether a process has ended; a killed one may take a moment."""
    for _ in range(200):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.01)
    return False


def test_grandchildren_end_with_the_child(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    out = command.run(None, *shell(f"sleep 60 & echo $! > {file}; echo done"))
    assert out == b"done\n"
    assert gone(int(file.read_text()))


def test_a_stream_that_is_left_ends_its_child(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    pieces = command.stream(None, *shell(f"echo $$ > {file}; cat /dev/zero"))
    assert next(pieces)
    del pieces
    assert gone(int(file.read_text()))


async def test_child_on_the_loop(tmp_path: Path) -> None:
    child = await command.start(None, *shell("cat; echo said >&2; exit 3"))
    async with child:
        assert child.stdin is not None
        child.stdin.write(b"hello")
        child.stdin.close()
        assert await child.stdout.read() == b"hello"
        assert await child.stderr.read() == b"said\n"
        assert await child.wait() == 3
    file = tmp_path / "pid"
    async with await command.start(None, *shell(f"sleep 60 & echo $! > {file}; wait"), stdin=None) as child:
        while not file.exists() or not file.read_text():
            await asyncio.sleep(0.01)
    assert gone(int(file.read_text()))
    assert child.returncode == -9


async def test_limits_on_the_loop() -> None:
    async with await command.start(None, *shell("sleep 60"), limits=Limits(seconds=0.1)) as child:
        await child.wait()
        assert isinstance(child.error(b""), TimedOut)
    limits = Limits(output_bytes=100_000)
    async with await command.start(None, *shell("cat /dev/zero"), limits=limits) as child:
        while await child.stdout.read(65536):
            pass
        await child.wait()
        assert isinstance(child.error(b""), TooLarge)


async def test_cancelling_ends_the_child(tmp_path: Path) -> None:
    file = tmp_path / "pid"

    async def work() -> None:
        async with await command.start(None, *shell(f"echo $$ > {file}; sleep 60")) as child:
            await child.wait()

    task = asyncio.create_task(work())
    while not file.exists() or not file.read_text():
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert gone(int(file.read_text()))
