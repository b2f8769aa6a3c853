"""Gives every test run its own data directory before Django's settings are read, and its database.

Set OPENHEARTH_TEST_DATABASE_URL=postgres://… to run the same tests on PostgreSQL.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from openhearth.kernel import config

if settings.configured:  # pytest-django has read them already: the tests would write into someone's data
    pytest.exit("Unset DJANGO_SETTINGS_MODULE before running the tests; conftest.py sets it.", returncode=4)

for _name in [n for n in os.environ if n.startswith("OPENHEARTH_") and not n.startswith("OPENHEARTH_TEST_")]:
    del os.environ[_name]

_DATA = Path(tempfile.mkdtemp(prefix="openhearth-test-"))
os.environ["OPENHEARTH_DATA"] = str(_DATA)
os.environ["OPENHEARTH_DATABASE__URL"] = os.environ.get("OPENHEARTH_TEST_DATABASE_URL", "")
os.environ["DJANGO_SETTINGS_MODULE"] = "openhearth.site.settings"
settings.DATABASES  # noqa: B018  reads the settings now, which tells pytest-django to set Django up


def pytest_unconfigure() -> None:
    """Take the run's data directory away again."""
    shutil.rmtree(_DATA, ignore_errors=True)


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """Yield a data directory of the test's own; `config.current()` points at it (the databases do not)."""
    before = config.current()
    config.install(config.load(tmp_path, {}))
    yield tmp_path
    config.install(before)
