"""Gives every test run its own data directory before Django's settings are read, and its database.

Set OPENHEARTH_TEST_DATABASE_URL=postgres://… to run the same tests on PostgreSQL.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation
from pytest_django import DjangoDbBlocker

from openhearth.kernel import config, store
from openhearth.site import catalogues

if settings.configured:  # pytest-django has read them already: the tests would write into someone's data
    pytest.exit("Unset DJANGO_SETTINGS_MODULE before running the tests; conftest.py sets it.", returncode=4)

for _name in [n for n in os.environ if n.startswith("OPENHEARTH_") and not n.startswith("OPENHEARTH_TEST_")]:
    del os.environ[_name]

_DATA = Path(tempfile.mkdtemp(prefix="openhearth-test-"))
os.environ["OPENHEARTH_DATA"] = str(_DATA)
os.environ["OPENHEARTH_DATABASE__URL"] = os.environ.get("OPENHEARTH_TEST_DATABASE_URL", "")
os.environ["DJANGO_SETTINGS_MODULE"] = os.environ.get("OPENHEARTH_TEST_SETTINGS", "openhearth.site.settings")
settings.DATABASES  # noqa: B018  reads the settings now, which tells pytest-django to set Django up


catalogues.compile_stale(Path(settings.LOCALE_PATHS[0]))  # tests in Chinese do not wait for a first start


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Let each worker of xdist make its own data directory: what this process set must not reach them."""
    if getattr(config.option, "numprocesses", None):
        for name in ("DJANGO_SETTINGS_MODULE", "OPENHEARTH_DATA", "OPENHEARTH_DATABASE__URL"):
            os.environ.pop(name, None)


def pytest_unconfigure() -> None:
    """Take the run's data directory away again."""
    shutil.rmtree(_DATA, ignore_errors=True)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name long values by their argument: some are made anew in each process, and workers compare names."""
    return argname if isinstance(val, str | bytes) and len(val) > 40 else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let every test with a database use the cache's as well."""
    for item in items:
        marker = item.get_closest_marker("django_db")
        asked = {"db", "transactional_db"} & set(getattr(item, "fixturenames", ()))
        if marker or asked:
            kwargs = {"databases": ["default", "cache"], **(marker.kwargs if marker else {})}
            item.add_marker(pytest.mark.django_db(*(marker.args if marker else ()), **kwargs), append=False)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """Begin every test in English: a request of the test before may have left another language."""
    with translation.override("en"):
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:  # noqa: ARG001  extends it
    """Make the content store's table once the test databases are there."""
    with django_db_blocker.unblock():
        store.ensure()


@pytest.fixture(autouse=True)
def _fresh_views() -> None:
    """Forget the views of refs that an earlier test left: the numbers of repositories repeat from test to test."""
    if module := sys.modules.get("openhearth.code.refs.queries"):
        module._views.clear()  # noqa: SLF001  only tests need this


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """Yield a data directory of the test's own; `config.current()` points at it (the databases do not)."""
    before = config.current()
    config.install(config.load(tmp_path, {}))
    yield tmp_path
    config.install(before)
