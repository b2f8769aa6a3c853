"""Child processes that end with their test."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from openhearth.kernel.tests import processes


@pytest.fixture(scope="session")
def _migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("migrated")
    processes.migrate(folder)
    return folder


@pytest.fixture
def hearth(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """Yield a data directory of the test's own with migrated databases, for child processes."""
    url = os.environ.get("OPENHEARTH_TEST_DATABASE_URL")
    if not url:
        shutil.copytree(request.getfixturevalue("_migrated"), tmp_path, dirs_exist_ok=True)
        yield tmp_path
        return
    name = f"hearth_{secrets.token_hex(6)}"
    address = urlsplit(url)
    (tmp_path / "hearth.toml").write_text(f'[database]\nurl = "{address._replace(path="/" + name).geturl()}"\n')
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            processes.migrate(tmp_path)
            yield tmp_path
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Yield `processes.start`; what is still running at the end is killed."""
    children: list[subprocess.Popen[str]] = []

    def begin(*arguments: object) -> subprocess.Popen[str]:
        children.append(processes.start(*arguments))
        return children[-1]

    yield begin
    for child in children:
        child.kill()
        for stream in (child.stdin, child.stdout):
            stream.close()
        child.wait()
