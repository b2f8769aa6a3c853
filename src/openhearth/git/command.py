"""The one way to run git.

Every child has a fixed environment (nothing is inherited), limits set right after it is spawned, a
session of its own, and is killed with its whole process group when it ends, takes too long, writes too
much or is no longer wanted. No shell is ever involved.

Spawning goes through `subprocess.Popen`, which uses vfork: cheap in a large process. The asyncio half
works on the standard loop.
"""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from openhearth.git.child import Child
from openhearth.git.errors import TimedOut, TooLarge
from openhearth.git.invocation import (
    CHUNK,
    DEFAULT,
    DEVNULL,
    PIPE,
    STDERR_KEPT,
    Limits,
    argv,
    environment,
    failure,
    kill_group,
    spawn,
)

__all__ = [
    "CHUNK",
    "DEFAULT",
    "DEVNULL",
    "PIPE",
    "Child",
    "Limits",
    "argv",
    "environment",
    "failure",
    "run",
    "start",
    "stream",
]


class _Exchange:
    """One synchronous conversation with a child: feed its input, yield its output, keep its complaints."""

    def __init__(self, process: subprocess.Popen[bytes], stdin: bytes, limits: Limits) -> None:
        self.process = process
        self.limits = limits
        self.deadline = time.monotonic() + limits.seconds
        self.stderr = bytearray()
        self._pending = memoryview(stdin)
        self._seen = 0
        self._selector = selectors.DefaultSelector()

    def pieces(self) -> Iterator[bytes]:
        """Yield standard output until the child has ended; the group is dead and reaped afterwards."""
        pidfd = os.pidfd_open(self.process.pid) if hasattr(os, "pidfd_open") else None
        try:
            self._register(pidfd)
            while self._selector.get_map():
                yield from self._turn()
            if pidfd is None:
                self._wait_without_pidfd()
        finally:
            self._close(pidfd)

    def _register(self, pidfd: int | None) -> None:
        process = self.process
        if process.stdin is not None:
            os.set_blocking(process.stdin.fileno(), False)
            self._selector.register(process.stdin, selectors.EVENT_WRITE, "stdin")
        if process.stdout is not None:
            self._selector.register(process.stdout, selectors.EVENT_READ, "stdout")
        if process.stderr is not None:
            self._selector.register(process.stderr, selectors.EVENT_READ, "stderr")
        if pidfd is not None:
            self._selector.register(pidfd, selectors.EVENT_READ, "end")

    def _turn(self) -> Iterator[bytes]:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimedOut("timed-out", seconds=self.limits.seconds)
        for key, _mask in self._selector.select(left):
            if key.data == "stdin":
                self._feed(key.fd)
            elif key.data == "end":
                kill_group(self.process)  # what the child left behind must not hold the pipes open
                self._selector.unregister(key.fileobj)
            elif piece := os.read(key.fd, CHUNK):
                if key.data == "stdout":
                    self._count(piece)
                    yield piece
                elif len(self.stderr) < STDERR_KEPT:
                    self.stderr += piece
            else:
                self._selector.unregister(key.fileobj)

    def _feed(self, descriptor: int) -> None:
        stdin = self.process.stdin
        if stdin is None:
            return
        try:
            if self._pending:
                self._pending = self._pending[os.write(descriptor, self._pending[:CHUNK]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._pending = self._pending[:0]
        if not self._pending:
            self._selector.unregister(stdin)
            stdin.close()

    def _count(self, piece: bytes) -> None:
        self._seen += len(piece)
        if self.limits.output_bytes is not None and self._seen > self.limits.output_bytes:
            raise TooLarge("output-too-large", limit=self.limits.output_bytes)

    def _wait_without_pidfd(self) -> None:
        try:
            self.process.wait(max(0.0, self.deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise TimedOut("timed-out", seconds=self.limits.seconds) from None

    def _close(self, pidfd: int | None) -> None:
        kill_group(self.process)
        self._selector.close()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()
        self.process.wait()
        if pidfd is not None:
            os.close(pidfd)


def stream(
    directory: Path | None,
    *args: str,
    stdin: bytes = b"",
    limits: Limits = DEFAULT,
    quarantine: Path | None = None,
    alternates: Sequence[Path] = (),
    ok_codes: Sequence[int] = (0,),
) -> Iterator[bytes]:
    """Run git and yield its output in pieces of at most 64 KiB; closing the iterator kills the child.

    Raises GitError("git-failed"), TimedOut or TooLarge; pieces may have been yielded before.
    """
    process = spawn(
        directory,
        args,
        stdin=PIPE if stdin else DEVNULL,
        limits=limits,
        quarantine=quarantine,
        alternates=alternates,
        protocol=None,
    )
    exchange = _Exchange(process, stdin, limits)
    yield from exchange.pieces()
    if process.returncode not in ok_codes:
        raise failure(args, process.returncode, bytes(exchange.stderr))


def run(
    directory: Path | None,
    *args: str,
    stdin: bytes = b"",
    limits: Limits = DEFAULT,
    quarantine: Path | None = None,
    alternates: Sequence[Path] = (),
    ok_codes: Sequence[int] = (0,),
) -> bytes:
    """Run git to its end and return its standard output.

    Raises GitError("git-failed", command=, status=, stderr=), TimedOut or TooLarge.
    """
    pieces = stream(
        directory,
        *args,
        stdin=stdin,
        limits=limits,
        quarantine=quarantine,
        alternates=alternates,
        ok_codes=ok_codes,
    )
    return b"".join(pieces)


async def start(
    directory: Path | None,
    *args: str,
    stdin: int | IO[bytes] | None = PIPE,
    limits: Limits = DEFAULT,
    quarantine: Path | None = None,
    alternates: Sequence[Path] = (),
    protocol: int | None = None,
    transports: Sequence[str] = (),
) -> Child:
    """Start git on the running loop. `stdin=None` gives it an empty input."""
    process = spawn(
        directory,
        args,
        stdin=DEVNULL if stdin is None else stdin,
        limits=limits,
        quarantine=quarantine,
        alternates=alternates,
        protocol=protocol,
        transports=transports,
    )
    child = Child(process, args, limits)
    try:
        await child.connect()
    except BaseException:
        child.kill()
        raise
    return child
