"""A running git on the asyncio loop."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Iterable, Sequence
from typing import IO, Self, SupportsIndex

from openhearth.git.errors import GitError, TimedOut, TooLarge
from openhearth.git.invocation import CHUNK, Limits, failure, kill_group


class _CappedReader(asyncio.StreamReader):
    """A stream that ends its child when more than the permitted output has come."""

    def __init__(self, cap: int | None, over: Callable[[], None]) -> None:
        super().__init__(limit=CHUNK)
        self._cap = cap
        self._seen = 0
        self._over = over

    def feed_data(self, data: Iterable[SupportsIndex]) -> None:
        piece = bytes(data)
        self._seen += len(piece)
        if self._cap is not None and self._seen > self._cap:
            self._over()
            return
        super().feed_data(piece)


class Child:
    """A running git on the asyncio loop. Use `async with`, or call `kill` and `wait` in a `finally`.

    `stdin` (None unless it was piped), `stdout` and `stderr` are asyncio streams; both outputs must be
    read. `timed_out` and `too_large` say why a child was killed.
    """

    def __init__(self, process: subprocess.Popen[bytes], args: Sequence[str], limits: Limits) -> None:
        self.pid = process.pid
        self.args = tuple(args)
        self.limits = limits
        self.timed_out = False
        self.stdin: asyncio.StreamWriter | None = None
        self.stdout = asyncio.StreamReader()
        self.stderr = asyncio.StreamReader()
        self.too_large = False
        self._process = process
        self._ended = asyncio.Event()
        self._transports: list[asyncio.BaseTransport] = []
        self._timer: asyncio.TimerHandle | None = None
        self._waiter: asyncio.Future[int] | None = None

    @property
    def returncode(self) -> int | None:
        """The exit status, negative for a signal; None while the child runs."""
        return self._process.returncode

    async def connect(self) -> None:
        """Attach the pipes and the timer to the running loop; `command.start` does this."""
        loop = asyncio.get_running_loop()
        self._watch(loop)
        self._timer = loop.call_later(self.limits.seconds, self._expire)
        process = self._process
        if process.stdout is not None:
            self.stdout = _CappedReader(self.limits.output_bytes, self._overflow)
            await self._connect_read(loop, self.stdout, process.stdout)
        if process.stderr is not None:
            await self._connect_read(loop, self.stderr, process.stderr)
        if process.stdin is not None:
            reader = asyncio.StreamReader()
            transport, protocol = await loop.connect_write_pipe(
                lambda: asyncio.streams.FlowControlMixin(loop=loop), process.stdin
            )
            self._transports.append(transport)
            self.stdin = asyncio.StreamWriter(transport, protocol, reader, loop)

    async def _connect_read(
        self, loop: asyncio.AbstractEventLoop, reader: asyncio.StreamReader, pipe: IO[bytes]
    ) -> None:
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        self._transports.append(transport)

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        if hasattr(os, "pidfd_open"):
            descriptor = os.pidfd_open(self.pid)
            loop.add_reader(descriptor, self._exited, loop, descriptor)
        else:
            self._waiter = loop.run_in_executor(None, self._process.wait)
            self._waiter.add_done_callback(lambda _done: self._ended.set())

    def _exited(self, loop: asyncio.AbstractEventLoop, descriptor: int) -> None:
        loop.remove_reader(descriptor)
        os.close(descriptor)
        kill_group(self._process)  # grandchildren that outlived it
        self._process.wait()
        self._ended.set()

    def _expire(self) -> None:
        if self.returncode is None:
            self.timed_out = True
            self.kill()

    def _overflow(self) -> None:
        self.too_large = True
        self.kill()

    def kill(self) -> None:
        """Kill the child and its whole process group at once. Harmless when it has ended."""
        kill_group(self._process)

    async def wait(self) -> int:
        """Wait for the end and return the exit status (negative: killed by that signal)."""
        await self._ended.wait()
        if self._timer is not None:
            self._timer.cancel()
        status = self._process.returncode
        return status if status is not None else -signal.SIGKILL

    async def close(self) -> None:
        """Kill what still runs, reap it, and close the pipes."""
        self.kill()
        try:
            await asyncio.shield(self.wait())
        finally:
            for transport in self._transports:
                if not isinstance(transport, asyncio.WriteTransport):
                    transport.close()
                elif not transport.is_closing() or transport.get_write_buffer_size():
                    transport.abort()  # close would wait for a reader that is dead
            await asyncio.sleep(0)  # the loop closes the pipes in its next turn

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    def error(self, stderr: bytes) -> GitError:
        """Return the error that describes how this ended child failed."""
        if self.timed_out:
            return TimedOut("timed-out", seconds=self.limits.seconds)
        if self.too_large:
            return TooLarge("output-too-large", limit=self.limits.output_bytes)
        return failure(self.args, self.returncode or 0, stderr)
