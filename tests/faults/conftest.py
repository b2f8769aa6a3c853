"""A server that tests may kill."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.faults.raw import Server


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("faults"))
    try:
        yield made
    finally:
        made.instance.stop()
