"""Fixtures of the code pages. Models can be imported only once Django is ready, and this file is read before."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from openhearth.kernel import config, store


@pytest.fixture(autouse=True)
def _store(db: None, data: Path) -> None:
    """A data directory of the test's own, an empty content store, no kept views: ids repeat from test to test."""
    importlib.import_module("openhearth.code.refs.queries")._views.clear()
    config.prepare(data)
    store.ensure()
    with connections["cache"].cursor() as cursor:
        cursor.execute("DELETE FROM content")


@pytest.fixture
def hearth() -> Any:
    return importlib.import_module("openhearth.code.browse.tests.hearth")


@pytest.fixture
def owner(hearth: Any) -> Any:
    return hearth.account("banyan")


@pytest.fixture
def place(hearth: Any, owner: Any) -> Any:
    return hearth.Place(owner)


@pytest.fixture
def reader() -> Client:
    """A visitor's browser."""
    return _browser()


@pytest.fixture
def signed_in() -> Any:
    """Gives a browser in which an account is signed in."""

    def browser(account: Any) -> Client:
        made = _browser()
        made.force_login(account)
        return made

    return browser


def _browser() -> Client:
    return Client(headers={"Accept": "text/html", "Accept-Language": "en"})
