"""A part of the running instance (web, ssh, worker): one child process of the supervisor, from inside."""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

logger = logging.getLogger("openhearth.supervisor")

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

LOOK_AT_PARENT_SECONDS = 1.0

SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD})
"""What the supervisor listens to; a part starts with the defaults, and without SIGINT."""


@dataclass(frozen=True, slots=True)
class Part:
    """What to run and how often.

    `run` is called in the forked child and returns after SIGTERM; a return at any other time counts as death.
    """

    name: str
    run: Callable[[], None]
    count: int = 1


class NotForkable(Exception):
    """The image holds a thread or a connection that a fork would tear; the message names it."""


def adopt_orphans() -> None:
    """Make children of a dead part ours (Linux), so that `orphans` finds and ends them."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def orphans(known: Iterable[int]) -> list[int]:
    """Return children of this process that are no part: what a dead part left behind. Empty where unknown."""
    try:
        listing = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text("ascii")
    except OSError:
        return []
    return sorted({int(word) for word in listing.split()} - set(known))


def require_forkable(connections: Callable[[], Iterable[str]] = tuple) -> None:
    """Raise `NotForkable` when a second thread runs, or `connections` names an open database connection."""
    threads = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    if threads:
        raise NotForkable(f"threads run before the fork: {', '.join(threads)}")
    native = len(list(Path("/proc/self/task").iterdir())) if sys.platform == "linux" else 1
    if native > 1:
        raise NotForkable(f"{native - 1} native threads run before the fork")
    opened = list(connections())
    if opened:
        raise NotForkable(f"database connections are open before the fork: {', '.join(opened)}")


def settle() -> None:
    """Move all that was imported out of the collector's sight; its runs in the parts then copy no pages."""
    gc.collect()
    gc.freeze()


def fork(run: Callable[[], None], *, close: Iterable[int] = ()) -> int:
    """Fork a child that dies with this process: closes `close`, calls `run`, exits 0 (1 on an exception)."""
    parent = os.getpid()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _child(run, parent, before, close)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return pid


def _child(run: Callable[[], None], parent: int, mask: Iterable[int], close: Iterable[int]) -> NoReturn:
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the group; the supervisor passes SIGTERM on
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        _die_with(parent)
        for handle in close:
            os.close(handle)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        run()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
    except BaseException:
        logger.exception("A part ended with an error")
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)


def _die_with(parent: int) -> None:
    """Ask the kernel for SIGKILL when the parent dies; elsewhere, look at the parent now and then."""
    if _LIBC is not None:
        if _LIBC.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    else:
        signal.signal(signal.SIGALRM, lambda *_: os._exit(1) if os.getppid() != parent else None)
        signal.setitimer(signal.ITIMER_REAL, LOOK_AT_PARENT_SECONDS, LOOK_AT_PARENT_SECONDS)
    if os.getppid() != parent:  # it died between the fork and the line above
        os._exit(1)
