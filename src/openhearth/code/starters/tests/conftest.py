"""Fixtures of tests that make repositories. Models can be imported only once Django is ready."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from openhearth.kernel import config


@pytest.fixture(autouse=True)
def _ground(data: Path) -> None:
    """A data directory of the test's own, and no kept views of refs: ids repeat from test to test."""
    config.prepare(data)
    importlib.import_module("openhearth.code.refs.queries")._views.clear()


@pytest.fixture
def world() -> Any:
    return importlib.import_module("openhearth.code.starters.tests.world")
