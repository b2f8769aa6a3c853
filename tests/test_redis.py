"""An instance whose shared cache is a Redis server."""

from __future__ import annotations

import base64
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from tests.gitwire.conftest import Place
from tests.instance import Instance, eventually, hearth
from tools.postgres import free_port

PROGRAM = shutil.which("redis-server") or shutil.which("valkey-server")

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(PROGRAM is None, reason="neither Redis nor Valkey is installed"),
]


class Cache:
    """A server that keeps nothing on disk."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [
            str(PROGRAM),
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            str(self.folder),
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        eventually(self.answers)

    def client(self) -> Any:
        return redis.Redis(port=self.port, db=3)

    def answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    def stored(self) -> list[bytes]:
        with self.client() as client:
            return list(client.keys("*"))

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=20)
            self.process = None


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cache]:
    made = Cache(tmp_path_factory.mktemp("redis"))
    made.start()
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, cache: Cache) -> Iterator[Place]:
    data = tmp_path_factory.mktemp("cached") / "data"
    data.mkdir(mode=0o700)
    (data / "hearth.toml").write_text(
        f'[cache]\nurl = "redis://127.0.0.1:{cache.port}/3"\n[limits]\nsign_in_attempts = 3\n[web]\nworkers = 2\n'
    )
    instance = Instance(data).wait()
    try:
        yield Place(instance)
    finally:
        instance.stop()


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


ASKED = "/lin/closed.git/info/refs?service=git-upload-pack"


def test_wrong_passwords_are_counted_for_all_processes(place: Place, cache: Cache) -> None:
    place.cli("repo", "add", "lin/closed", "--visibility", "private")
    statuses = [place.instance.get(ASKED, **basic("lin", f"wrong-{number}"))[0] for number in range(8)]
    assert statuses[:3] == [401, 401, 401]
    assert set(statuses[3:]) == {429}
    assert any(b"attempt:" in key for key in cache.stored())
    assert place.instance.get(ASKED, **basic("lin", place.tokens["lin"]))[0] == 200


def test_it_goes_on_when_the_cache_comes_back(place: Place, cache: Cache) -> None:
    pids = place.instance.pids()
    cache.stop()
    try:
        assert eventually(lambda: place.instance.get("/readyz")[0] == 503)
        assert b"cache" in place.instance.get("/readyz")[2]
        assert place.instance.get("/-/explore")[0] == 200
        assert place.instance.get(ASKED, **basic("eve", "wrong"))[0] >= 500  # no counter, no guess
    finally:
        cache.start()
    assert eventually(lambda: place.instance.get("/readyz")[0] == 200)
    assert place.instance.get(ASKED, **basic("eve", "wrong"))[0] == 401
    assert place.instance.pids() == pids


def test_a_cache_that_does_not_answer_is_named_at_the_start(tmp_path: Path) -> None:
    port = free_port()
    url = f"redis://lin:secret-word@127.0.0.1:{port}/0"
    serve = ("serve", "--port", "0", "--ssh-port", "0", "--data", str(tmp_path / "data"))
    done = hearth(*serve, OPENHEARTH_CACHE__URL=url)
    assert done.returncode == 1
    assert f"127.0.0.1:{port}" in done.stderr
    assert "secret-word" not in done.stderr
    assert "Traceback" not in done.stderr
    (tmp_path / "redis.py").write_text("raise ModuleNotFoundError('not here')")
    paths = f"{tmp_path}:{Path(__file__).parent.parent / 'src'}"
    done = hearth(*serve, OPENHEARTH_CACHE__URL=url, PYTHONPATH=paths)
    assert done.returncode == 1
    assert "requirements/redis.in" in done.stderr
