"""Child processes that end with their test."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from openhearth.kernel.tests import processes


@pytest.fixture(scope="session")
def _migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("migrated")
    processes.migrate(folder)
    return folder


@pytest.fixture
def hearth(tmp_path: Path, _migrated: Path) -> Path:
    """Return a data directory of the test's own with migrated SQLite databases, for child processes."""
    shutil.copytree(_migrated, tmp_path, dirs_exist_ok=True)
    return tmp_path


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
