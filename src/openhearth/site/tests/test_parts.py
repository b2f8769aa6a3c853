"""What a part is before and after its fork."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from openhearth.site import parts


def exit_code(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_a_child_that_returns_ends_with_0() -> None:
    assert exit_code(parts.fork(lambda: None)) == 0


def test_a_child_that_raises_ends_with_1(caplog: pytest.LogCaptureFixture) -> None:
    def run() -> None:
        raise RuntimeError("as meant")

    assert exit_code(parts.fork(run)) == 1


def test_an_exit_code_is_kept() -> None:
    def run() -> None:
        raise SystemExit(7)

    assert exit_code(parts.fork(run)) == 7


def test_a_child_has_default_signals_and_no_terminal_interrupts() -> None:
    def run() -> None:
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        assert signal.SIGTERM not in signal.pthread_sigmask(signal.SIG_BLOCK, ())

    assert exit_code(parts.fork(run)) == 0


def test_descriptors_of_the_supervisor_are_closed() -> None:
    read, write = os.pipe()

    def run() -> None:
        try:
            os.fstat(write)
        except OSError:
            return
        raise SystemExit(9)

    assert exit_code(parts.fork(run, close=[write])) == 0
    os.close(read)
    os.close(write)


def test_a_thread_forbids_the_fork() -> None:
    over = threading.Event()
    thread = threading.Thread(target=over.wait, name="meddler")
    thread.start()
    try:
        with pytest.raises(parts.NotForkable, match="meddler"):
            parts.require_forkable()
    finally:
        over.set()
        thread.join()


def test_a_connection_forbids_the_fork() -> None:
    def run() -> None:  # in a process that surely has one thread
        parts.require_forkable()
        with pytest.raises(parts.NotForkable, match="default"):
            parts.require_forkable(lambda: ["default"])

    assert exit_code(parts.fork(run)) == 0


def test_orphans_are_the_children_that_are_no_parts() -> None:
    pid = parts.fork(signal.pause)
    try:
        assert pid in parts.orphans([])
        assert pid not in parts.orphans([pid])
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
