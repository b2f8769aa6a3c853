"""Keeps the parts of an instance running: starts them, starts a dead one again, ends them all.

Knows nothing of Django or of what the parts do. One thread, one loop: signals come in through a pipe.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from openhearth.site.parts import SIGNALS, Part, adopt_orphans, fork, orphans

logger = logging.getLogger("openhearth.supervisor")

GRACE_SECONDS = 30.0
"""How long running transfers have after the first SIGTERM."""
KILL_AFTER_SECONDS = 5.0
"""How much longer a part has to leave by itself once its transfers were cut."""
FIRST_DELAY_SECONDS = 0.1
LONGEST_DELAY_SECONDS = 30.0
STEADY_SECONDS = 60.0
"""A part that lived this long starts anew without delay, and its deaths are forgotten."""
FAILING_DEATHS = 3
"""So many deaths without a steady life between are a crash loop: reported by /readyz."""


@dataclass(slots=True)
class Slot:
    """One process of a part, with its history. `pid` is 0 while it waits to be started again."""

    part: Part
    pid: int = 0
    started: float = 0.0
    deaths: int = 0
    start_at: float = 0.0
    last_end: str = ""

    @property
    def state(self) -> str:
        """`running`, `waiting` (to be started again) or `failing` (dies again and again)."""
        if self.deaths >= FAILING_DEATHS and not (self.pid and time.monotonic() - self.started > STEADY_SECONDS):
            return "failing"
        return "running" if self.pid else "waiting"


@dataclass(slots=True)
class Supervisor:
    """Runs `parts` until SIGTERM or SIGINT.

    `changed` is called with all slots whenever a process came or went; `close_in_child` are descriptors of
    the supervisor alone; `close_when_stopping` are called once at the first signal (listening sockets).
    """

    parts: Sequence[Part]
    changed: Callable[[Sequence[Slot]], None] = lambda _slots: None
    close_in_child: Iterable[int] = ()
    close_when_stopping: Sequence[Callable[[], None]] = ()
    grace: float = GRACE_SECONDS
    slots: list[Slot] = field(default_factory=list)
    _stop_signals: int = 0
    _kill_at: float | None = None
    _wakeup: tuple[int, int] = (-1, -1)

    def run(self) -> int:
        """Start everything, watch until told to stop, leave no process behind. Returns the exit code."""
        self.slots = [Slot(part) for part in self.parts for _ in range(part.count)]
        self._wakeup = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC) if hasattr(os, "pipe2") else _pipe()
        signal.set_wakeup_fd(self._wakeup[1], warn_on_full_buffer=False)
        self._listen()
        adopt_orphans()
        try:
            while not self._done():
                self._start_due()
                self._wait()
                self._bury()
                self._push()
        finally:
            self._end_all(signal.SIGKILL)
            while any(slot.pid for slot in self.slots):
                self._bury(block=True)
            self._end_orphans()
            signal.set_wakeup_fd(-1)
            for handle in self._wakeup:
                os.close(handle)
        return 0

    def _listen(self) -> None:
        for number in SIGNALS:
            if number == signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
                continue  # started with nohup: the terminal's end is not ours
            signal.signal(number, self._heard)

    def _heard(self, number: int, _frame: object) -> None:
        if number != signal.SIGCHLD:
            self._stop_signals += 1

    def _done(self) -> bool:
        return self._stop_signals > 0 and not any(slot.pid for slot in self.slots)

    def _start_due(self) -> None:
        if self._stop_signals:
            return
        now = time.monotonic()
        due = [slot for slot in self.slots if not slot.pid and slot.start_at <= now]
        for slot in due:
            slot.pid = fork(slot.part.run, close=(*self._wakeup, *self.close_in_child))
            slot.started = now
        if due:
            self.changed(self.slots)

    def _wait(self) -> None:
        """Sleep until a signal, or until the next thing is due."""
        now = time.monotonic()
        times = [slot.start_at for slot in self.slots if not slot.pid]
        times += [slot.started + STEADY_SECONDS for slot in self.slots if slot.pid and slot.deaths]
        if self._stop_signals:
            times = [self._kill_at] if self._kill_at is not None else [now]
        timeout = max(0.0, min(times) - now) if times else None
        with contextlib.suppress(InterruptedError):
            select.select([self._wakeup[0]], [], [], timeout)
        with contextlib.suppress(BlockingIOError):
            os.read(self._wakeup[0], 4096)
        self._forget_old_deaths()

    def _forget_old_deaths(self) -> None:
        now = time.monotonic()
        steady = [s for s in self.slots if s.pid and s.deaths and now - s.started >= STEADY_SECONDS]
        for slot in steady:
            slot.deaths = 0
        if steady:
            self.changed(self.slots)

    def _bury(self, *, block: bool = False) -> None:
        """Take note of every ended child; whatever a dead part left running is ended with it."""
        died = False
        while True:
            try:
                pid, status = os.waitpid(-1, 0 if block else os.WNOHANG)
            except ChildProcessError:
                for slot in self.slots:
                    slot.pid = 0
                break
            if pid == 0:
                break
            dead = next((slot for slot in self.slots if slot.pid == pid), None)
            if dead is None:
                continue  # an orphan that we ended, or that ended by itself
            self._note_death(dead, status)
            died = True
            if block:
                break
        if died:
            self._end_orphans()
            self.changed(self.slots)

    def _note_death(self, slot: Slot, status: int) -> None:
        code = os.waitstatus_to_exitcode(status)
        slot.last_end = f"exit code {code}" if code >= 0 else f"signal {-code}"
        pid, slot.pid = slot.pid, 0
        if self._stop_signals:
            return
        now = time.monotonic()
        slot.deaths = 1 if now - slot.started > STEADY_SECONDS else slot.deaths + 1
        delay = min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2.0 ** (slot.deaths - 1))
        slot.start_at = now + delay
        level = logging.ERROR if slot.state == "failing" else logging.WARNING
        logger.log(
            level,
            "%s (process %d) died: %s, death %d without a steady life; starting again in %.1f s",
            slot.part.name,
            pid,
            slot.last_end,
            slot.deaths,
            delay,
        )

    def _end_orphans(self) -> None:
        """Kill what dead parts left, and what that leaves in turn, until nothing is left."""
        for _ in range(100):
            left = orphans(slot.pid for slot in self.slots if slot.pid)
            if not left:
                return
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, 0)

    def _push(self) -> None:
        """Carry out the signals heard: the first asks the parts to end, the second or the time-out kills."""
        if not self._stop_signals:
            return
        now = time.monotonic()
        if self._kill_at is None:
            logger.info("Stopping: no new connections; running transfers have %d s", self.grace)
            self._kill_at = now + self.grace + KILL_AFTER_SECONDS
            for close in self.close_when_stopping:
                close()
            self._end_all(signal.SIGTERM)
        if self._stop_signals > 1 or now >= self._kill_at:
            self._end_all(signal.SIGKILL)

    def _end_all(self, number: signal.Signals) -> None:
        for slot in self.slots:
            if slot.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(slot.pid, number)


def _pipe() -> tuple[int, int]:
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    return read, write
