"""A writer's turn: a queue in front of SQLite's write lock, across threads and processes.

SQLite lets waiting writers poll with growing pauses, so that a busy writer starves the others. Here a writer
takes two flock(2) locks: first the place at the head of the queue, then the pen; and gives up the place once
it has the pen. Whoever has just put the pen down finds the head of the queue taken and waits behind it.
"""

from __future__ import annotations

import fcntl
import os
import random
import time

_PEN_PAUSE = 0.0002  # one waiter in the whole system polls at this pace
_QUEUE_PAUSE = 0.001  # the others wait behind it, whose turn takes longer than this anyway


class TurnTimeout(Exception):
    """The turn did not come in time."""


class Turn:
    """The two lock files as one connection sees them, opened by itself: threads queue as well as processes.

    One Turn is not for several threads at once, as little as the connection that it belongs to.
    """

    __slots__ = ("_pen", "_queue", "held", "seconds")

    def __init__(self, database: str, seconds: float) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._queue = os.open(f"{database}.queue", flags, 0o600)
        self._pen = os.open(f"{database}.pen", flags, 0o600)
        self.held = False
        self.seconds = seconds

    def take(self) -> None:
        """Wait for the turn, at most `seconds`; TurnTimeout after that. Nothing happens where it is held."""
        if self.held:
            return
        deadline = time.monotonic() + self.seconds
        _lock(self._queue, deadline, _QUEUE_PAUSE)
        try:
            _lock(self._pen, deadline, _PEN_PAUSE)
            self.held = True
        finally:
            fcntl.flock(self._queue, fcntl.LOCK_UN)

    def leave(self) -> None:
        """Give the turn to the next writer. Nothing happens where it is not held."""
        if self.held:
            self.held = False
            fcntl.flock(self._pen, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the lock files, and of the turn with them unless a forked copy keeps them open."""
        for handle in (self._pen, self._queue):
            if handle >= 0:
                os.close(handle)
        self._pen = self._queue = -1
        self.held = False

    def __del__(self) -> None:
        if getattr(self, "_queue", -1) >= 0:
            self.close()


def _lock(handle: int, deadline: float, pause: float) -> None:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise TurnTimeout from None
            time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  spreads waiters, guards nothing
        else:
            return
