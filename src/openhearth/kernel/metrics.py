"""Counters and histograms over all processes of this machine, in Prometheus' format.

Each process counts in a file of its own below DATA/tmp/metrics; `render` adds the files up. The files are
made at the first count, after the configuration is known and after the fork.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from pathlib import Path

import prometheus_client
from prometheus_client import multiprocess, values

from openhearth.kernel import config

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
_PLACE = "PROMETHEUS_MULTIPROC_DIR"

_lock = threading.Lock()
_registry = prometheus_client.CollectorRegistry()
_names: set[str] = set()


class Counter:
    """A number that only grows, by labels."""

    def __init__(self, name: str, meaning: str, labels: tuple[str, ...]) -> None:
        self.name, self.meaning, self.labels = name, meaning, labels
        self._counter: prometheus_client.Counter | None = None

    def inc(self, *labels: str, by: float = 1.0) -> None:
        """Add `by` to the number with these label values, in the order of the labels."""
        if self._counter is None:
            with _lock:
                _begin()
                self._counter = self._counter or prometheus_client.Counter(
                    self.name, self.meaning, self.labels, registry=_registry
                )
        (self._counter.labels(*labels) if labels else self._counter).inc(by)


class Histogram:
    """How often values fell into each of the buckets, by labels."""

    def __init__(self, name: str, meaning: str, labels: tuple[str, ...], buckets: Iterable[float]) -> None:
        self.name, self.meaning, self.labels, self.buckets = name, meaning, labels, tuple(buckets)
        self._histogram: prometheus_client.Histogram | None = None

    def observe(self, value: float, *labels: str) -> None:
        """Count one value (seconds, bytes) under these label values."""
        if self._histogram is None:
            with _lock:
                _begin()
                self._histogram = self._histogram or prometheus_client.Histogram(
                    self.name, self.meaning, self.labels, buckets=self.buckets, registry=_registry
                )
        (self._histogram.labels(*labels) if labels else self._histogram).observe(value)


def counter(name: str, meaning: str, labels: tuple[str, ...] = ()) -> Counter:
    """Return a new counter; call once, at module level. Labels take few values: no names, no addresses."""
    _new(name)
    return Counter(name, meaning, labels)


def histogram(name: str, meaning: str, labels: tuple[str, ...] = (), buckets: Iterable[float] = BUCKETS) -> Histogram:
    """Return a new histogram; call once, at module level."""
    _new(name)
    return Histogram(name, meaning, labels, buckets)


def render() -> bytes:
    """Return the sums over all processes as Prometheus' text."""
    registry = prometheus_client.CollectorRegistry()
    multiprocess.MultiProcessCollector(registry, path=str(_folder()))  # type: ignore[no-untyped-call]
    return prometheus_client.generate_latest(registry)


def reset() -> None:
    """Forget what former processes counted. For the supervisor, before it starts the others."""
    for file in _folder().glob("*.db"):
        file.unlink(missing_ok=True)


def _folder() -> Path:
    folder = config.current().paths.metrics
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _begin() -> None:
    """Make the client library count in files. It looks at the variable whenever it opens one."""
    folder = str(_folder())
    if os.environ.get(_PLACE) != folder:
        os.environ[_PLACE] = folder
        values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call]


def _new(name: str) -> None:
    if name in _names:
        raise ValueError(f"Two metrics are named {name!r}")
    _names.add(name)
