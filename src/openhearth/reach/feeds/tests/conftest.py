"""A data directory of the test's own, with its content store."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from django.db import connections

from openhearth.kernel import config, store


@pytest.fixture(autouse=True)
def _store(db: None, data: Path) -> None:
    """Start without kept views: ids repeat from test to test."""
    importlib.import_module("openhearth.code.refs.queries")._views.clear()
    config.prepare(data)
    store.ensure()
    with connections["cache"].cursor() as cursor:
        cursor.execute("DELETE FROM content")
