"""A worker process: carries out queued jobs."""

from __future__ import annotations

import signal
import threading

from openhearth.kernel.jobs import worker


def main() -> None:
    """Work until SIGTERM; the job at hand is finished first."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    worker.run_worker(stop)
