"""The pieces of a start: sockets, keys, texts, banner, order of addresses, what others can read of it."""

from __future__ import annotations

import gettext
import json
import os
import socket
import stat
import time
from pathlib import Path

import asyncssh
import msgspec
import pytest
from django.urls import path

from openhearth.kernel import config
from openhearth.site import banner, catalogues, hostkeys, probes, run_state, sockets, start
from openhearth.site.data_directory import StartRefused
from openhearth.site.parts import Part
from openhearth.site.supervisor import Slot
from openhearth.site.urls import begins_fixed

PO = """msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgid "Hearth"
msgstr "%s"
"""


def test_a_port_in_use_is_refused_with_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartRefused, match=rf"Port {port} on 127.0.0.1 .*--ssh-port") as refused:
            sockets.bind("127.0.0.1", port, "--ssh-port")
    assert "in use" in str(refused.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "0.0.0.0"])  # noqa: S104
def test_port_0_takes_a_free_one(host: str) -> None:
    with sockets.bind(host, 0, "--port") as listener:
        assert sockets.port_of(listener) > 0
        assert not listener.get_inheritable()
        assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), "small answers must not wait for acks"


def test_an_unknown_host_is_refused() -> None:
    with pytest.raises(StartRefused, match=r"no\.such\.host\.invalid"):
        sockets.bind("no.such.host.invalid", 0, "--port")


def test_the_address_follows_the_ports_that_were_found(data: Path) -> None:
    given = config.load(data, {}, {"port": 0, "ssh.port": 0})
    with sockets.bind("127.0.0.1", 0, "--port") as web, sockets.bind("127.0.0.1", 0, "--ssh-port") as ssh:
        found = start.with_ports(given, start.Listeners(web, ssh))
        assert found.url == f"http://127.0.0.1:{sockets.port_of(web)}"
        assert found.ssh.port == sockets.port_of(ssh)
        assert config.current() is found
        public = config.load(data, {}, {"url": "https://code.example.org", "port": 0})
        assert start.with_ports(public, start.Listeners(web)).url == "https://code.example.org"


def test_host_keys_are_made_once_and_read_by_their_owner_alone(tmp_path: Path) -> None:
    made = hostkeys.make_missing(tmp_path)
    kinds = [asyncssh.read_private_key(key).get_algorithm() for key in made]
    assert kinds == ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"]
    assert {stat.S_IMODE(key.stat().st_mode) for key in made} == {0o600}
    for key in made:
        public = asyncssh.read_public_key(key.with_suffix(".pub"))
        assert public.public_data == asyncssh.read_private_key(key).public_data
    before = [key.read_bytes() for key in made]
    made[1].unlink()
    assert [key.read_bytes() for key in hostkeys.make_missing(tmp_path)][::2] == before[::2]


def text(folder: Path) -> str:
    return gettext.translation("django", folder, languages=["zh_Hans"]).gettext("Hearth")


def test_catalogues_are_compiled_when_they_changed(tmp_path: Path) -> None:
    source, cache = tmp_path / "locale", tmp_path / "cache"
    po = source / "zh_Hans" / "LC_MESSAGES" / "django.po"
    po.parent.mkdir(parents=True)
    po.write_text(PO % "炉")
    assert catalogues.stale(source) == [po]
    catalogues.compile_stale(cache, source)
    assert text(source) == "炉"
    assert catalogues.stale(source) == []
    assert not cache.exists()
    po.write_text(PO % "灶")
    later = time.time() + 5
    os.utime(po, (later, later))
    catalogues.compile_stale(cache, source)
    gettext._translations.clear()  # type: ignore[attr-defined]
    assert text(source) == "灶"


def test_catalogues_of_a_checkout_that_cannot_be_written_go_aside(tmp_path: Path) -> None:
    source, cache = tmp_path / "locale", tmp_path / "cache"
    po = source / "zh_Hans" / "LC_MESSAGES" / "django.po"
    po.parent.mkdir(parents=True)
    po.write_text(PO % "炉")
    blocked = po.with_suffix(f".{os.getpid()}")
    blocked.mkdir()  # root may write everywhere, but nobody can write a file where a folder is
    catalogues.compile_stale(cache, source)
    assert text(cache) == "炉"
    blocked.rmdir()
    catalogues.compile_stale(cache, source)
    assert not list(cache.rglob("*.mo")), "once the right place works, the other one must not cover it"


def test_the_banner_is_a_frame_also_in_chinese(data: Path) -> None:
    lines = banner.framed(["OpenHearth", "地址  http://x"]).splitlines()
    assert len({banner.width(line) for line in lines}) == 1
    said = banner.text(config.load(data, {}), has_ssh=True, first_link="http://127.0.0.1:8000/-/first/abc")
    assert "http://127.0.0.1:8000/-/first/abc" in said
    assert ":8022/" in said
    assert "8022" not in banner.text(config.load(data, {}), has_ssh=False, first_link="")


@pytest.mark.parametrize(
    ("route", "fixed"),
    [
        ("-/settings", True),
        ("favicon.ico", True),
        ("", True),
        ("<str:owner>", False),
        ("<str:owner>/<str:repo>", False),
    ],
)
def test_fixed_first_words_come_before_names(route: str, fixed: bool) -> None:
    assert begins_fixed(path(route, lambda request: request)) is fixed


def test_what_runs_is_written_in_one_step_and_read_by_probes(tmp_path: Path) -> None:
    assert run_state.read(tmp_path) == {}
    state = run_state.RunState(tmp_path, {"url": "http://x"})
    worker = Slot(Part("worker", lambda: None), pid=0, deaths=3, last_end="signal 9")
    state.write([Slot(Part("web", lambda: None), pid=7), worker])
    found = run_state.read(tmp_path)
    assert (found["pid"], found["url"]) == (os.getpid(), "http://x")
    assert [part["state"] for part in found["parts"]] == ["running", "failing"]
    assert list(probes.failing_parts(found)) == ["worker"]
    assert json.loads((tmp_path / "run.json").read_text()) == found
    state.remove()
    assert run_state.read(tmp_path) == {}


def test_preparing_in_a_child_tells_its_result_and_its_refusal() -> None:
    assert start.in_child(lambda: start.Prepared(first_link="http://x")) == start.Prepared(first_link="http://x")

    def broken() -> start.Prepared:
        raise RuntimeError("as meant")

    assert start.in_child(broken).refused
    assert msgspec.to_builtins(start.Prepared("no"))["refused"] == "no"
