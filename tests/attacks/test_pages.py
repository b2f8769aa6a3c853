"""Hostile forms, names, sessions and links (D06 to D09, D12, H01, H02, L01 to L03), by the code's own route table."""

from __future__ import annotations

import concurrent.futures
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.attacks.conftest import CANARY, Browser
from tests.faults.raw import Server

pytestmark = pytest.mark.server

VALUES = {
    "owner": "alice",
    "repo": "Q",
    "name": "dave",
    "number": "1",
    "secret": "x",
    "key": "x",
    "rest": "main",
    "sha": "0" * 40,
}
FIELDS = [
    "login",
    "password",
    "name",
    "email",
    "title",
    "key",
    "description",
    "visibility",
    "role",
    "account",
    "act",
    "form",
    "number",
    "default_branch",
    "mode",
    "language",
    "time_zone",
    "theme",
    "scopes",
    "expires",
    "ends",
    "confirm",
    "current",
    "owner",
    "readme",
    "licence",
    "gitignore",
    "next",
    "archived",
    "registration",
    "reason",
    "display_name",
    "bio",
    "location",
    "website",
    "pronouns",
    "show_email",
    "is_admin",
    "new_name",
    "lang",
    "state",
]
NEW = {"owner": "alice", "visibility": "public", "default_branch": "main"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def asked(world: Any, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """Ask the database; a reader beside the server, through SQLite."""
    with closing(sqlite3.connect(f"file:{world.data / 'hearth.sqlite3'}?mode=ro", uri=True)) as rows:
        return rows.execute(statement, values).fetchall()


def writing(routes: list[dict[str, Any]]) -> Iterator[tuple[str, str, bool]]:
    """Yield (name, address, whether it can be read as well) of every route that changes something."""
    for route in routes:
        if "POST" in route["methods"]:
            address = "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: VALUES[found[1]], route["pattern"])
            yield route["name"], address, "GET" in route["methods"]


def state(world: Any) -> list[Any]:
    """What a forged request would want to change."""
    return [
        asked(world, "SELECT id, name, email, password, is_admin, state FROM accounts_account ORDER BY id"),
        asked(
            world,
            "SELECT id, name, visibility, owner_id, description, default_branch, archived_at, deleted_at "
            "FROM repos_repository ORDER BY id",
        ),
        asked(world, "SELECT count(*) FROM tokens_token WHERE revoked_at IS NULL"),
        asked(world, "SELECT count(*) FROM repos_collaborator"),
    ]


def test_h01_nothing_changes_by_get_or_without_our_token(world: Any, routes: list[dict[str, Any]]) -> None:
    signed_in = world.browser("zoe"), world.browser("alice")
    before = state(world)
    tried = list(writing(routes))
    assert len(tried) > 15
    body = "&".join(f"{field}=x" for field in FIELDS)
    foreign = Browser(world).token()
    for browser in signed_in:
        kept = dict(browser.cookies)
        for name, address, readable in tried:
            status, _headers, _body = browser.get(f"{address}?{body}")
            assert status < 500, name
            assert readable or status in {404, 405}, (name, status)
            for token, headers in (
                (None, FORM),
                ("", FORM),
                (foreign, FORM),
                ("x" * 32, FORM),
                (None, {"Content-Type": "text/plain"}),
                (None, {"Content-Type": "application/json"}),
                (browser.token(), {**FORM, "Origin": "https://evil.example"}),
                (browser.token(), {**FORM, "Origin": "null"}),
            ):
                sent = body if token is None else f"{body}&csrfmiddlewaretoken={token}"
                if headers.get("Content-Type") == "application/json":
                    sent = '{"name": "x"}'
                status, _headers, answer = browser.ask("POST", address, sent.encode(), **headers)
                assert status == 403, (name, token, headers, status, answer[:200])
            assert kept.items() <= browser.cookies.items()
    assert state(world) == before


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "\\\\evil.example",
        "/\\evil.example",
        "https://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "/%0d%0aSet-Cookie:x=y",
        "/\r\nSet-Cookie: x=y",
        "@evil.example",
        "http:///evil.example",
        "\t//evil.example",
        "/\t/evil.example",
        "///evil.example",
        "data:text/html,x",
        "//evil.example\\@127.0.0.1",
        "x" * 5000,
    ],
)
def test_h02_next_leads_nowhere_else(world: Any, target: str) -> None:
    from urllib.parse import quote

    browser = Browser(world)
    fields = {"login": "dave", "password": "horse dave battery", "next": target}
    status, headers, _body = browser.post(f"/-/sign-in?next={quote(target)}", fields)
    assert status in {302, 303}
    address = headers["Location"]
    assert re.match(r"/(?![/\\])", address), address
    assert "evil" not in address.split("/")[1] or address.startswith("/%0d")
    assert "Set-Cookie: x" not in str(headers)
    status, headers, _body = browser.get(f"/-/sign-in?next={quote(target)}")
    assert re.match(r"/(?![/\\])", headers["Location"])


LONG = (
    "x" * 5000,
    "\0\x01\x7f",
    "\u202e\u200b\ufeff",
    "é" * 5000,
    "<svg onload=alert(1)>" * 200,
    "../../../etc",
    "-" * 300,
    "%s%n{{7*7}}${7}",
)


def test_fields_without_measure_are_refused_in_words(world: Any, routes: list[dict[str, Any]]) -> None:
    """Every form gets every field, with each kind of rubbish: an answer below 500, and the rubbish nowhere bare."""
    zoe = world.browser("zoe")
    alice = world.browser("alice")
    dangerous = {"account_logout"}
    for name, address, _readable in writing(routes):
        if name in dangerous:
            continue
        browser = alice if "/-/admin" not in address else zoe
        token = browser.token("/-/settings/profile")
        for value in LONG:
            pairs = [(field, value) for field in FIELDS if field not in {"act", "form"}]
            for which in ("", "password", value) if name == "settings_account" else ("",):
                fields = [*pairs, ("act", which or "add"), ("form", which)]
                status, _headers, body = browser.post(address, fields, token)
                assert status < 500, (name, value[:20])
                assert status != 403 or "/-/" in address or name, name
                assert b"<svg onload" not in body, name
                assert b"Traceback" not in body


@pytest.mark.parametrize(
    "name",
    [
        "admin",
        "api",
        "-",
        "explore",
        ".well-known",
        "alice",
        "ALICE",
        "Alice",
        "a.",
        " ",
        "..",
        ".",
        "a/b",
        "a%2fb",
        "é",
        "e\u0301",
        "аlice",
        "a" * 256,
        "",
        "a\0",
        "-a",
        "a\u202eb",
        "a.git",
        "a.wiki",
        "_",
        "a\nb",
    ],
)
def test_l01_names_of_accounts_and_repositories(world: Any, name: str) -> None:
    zoe = world.browser("zoe")
    before = asked(world, "SELECT count(*) FROM accounts_account")
    fields = {"name": name, "email": "new@example.org", "password": "a long pass phrase"}
    status, _headers, body = zoe.post("/-/admin/accounts/new", fields)
    made = asked(world, "SELECT name FROM accounts_account WHERE id > (SELECT max(id) FROM accounts_account) - 1")[0][0]
    assert asked(world, "SELECT count(*) FROM accounts_account") == before, f"made {made!r} for {name!r}"
    assert status == 422, (status, body[:300])
    if name.strip().lower() in {"alice", "admin", "api", "explore", ".well-known", "_"}:
        return  # fine names for a repository
    status, _headers, _body = world.browser("alice").post("/-/new", {**NEW, "name": name})
    assert status == 422, name


def test_l02_one_name_is_given_once(world: Any) -> None:
    browser = world.browser("alice")
    token = browser.token("/-/new")

    def create(number: int) -> int:
        mine = Browser(world)
        mine.cookies = dict(browser.cookies)
        name = "Race" if number % 2 else "race"
        return int(mine.post("/-/new", {**NEW, "name": name}, token)[0])

    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        statuses = list(pool.map(create, range(50)))
    assert sorted(set(statuses)) in ([302, 422], [303, 422]), statuses
    assert sum(status < 400 for status in statuses) == 1
    assert asked(world, "SELECT count(*) FROM repos_repository WHERE lower(name) = 'race'") == [(1,)]


def test_l03_fields_that_no_form_has_change_nothing(world: Any) -> None:
    dave = world.browser("dave")
    more = {
        "is_admin": "1",
        "is_staff": "on",
        "is_superuser": "on",
        "id": "1",
        "owner_id": "1",
        "owner": "alice",
        "state": "active",
        "email_verified": "1",
        "created_at": "1970-01-01",
        "access_mode": "99",
        "role": "owner",
        "name": "zoe2",
        "account": "1",
    }
    before = asked(world, "SELECT id, name, is_admin, email, state, created_at FROM accounts_account ORDER BY id")
    assert dave.post("/-/settings/profile", {"display_name": "Dave", **more})[0] in {302, 303, 422}
    assert dave.post("/-/settings/preferences", {"language": "en", **more})[0] in {302, 303, 422}
    assert (
        asked(world, "SELECT id, name, is_admin, email, state, created_at FROM accounts_account ORDER BY id") == before
    )
    status, _headers, _body = dave.post(
        "/-/new", {**more, "owner": "alice", "name": "takeover", "visibility": "public"}
    )
    assert status in {403, 404, 422}
    status, _headers, _body = dave.post("/-/new", {**more, "owner": "dave", "name": "mine", "visibility": "nonsense"})
    assert status == 422
    alice = world.browser("alice")
    for role in ("owner", "99", "-1", "", "admin\0"):
        assert alice.post("/alice/P/settings/access", {"act": "add", "account": "dave", "role": role})[0] == 422
    for who in ("dave", "bob", "carol"):
        browser = world.browser(who)
        for address in (
            "/alice/P/settings/access",
            "/alice/P/settings/visibility",
            "/alice/P/settings/branches",
            "/alice/P/settings/delete",
        ):
            status, _headers, body = browser.post(
                address, {**more, "visibility": "public", "confirm": "P", "account": who, "role": "admin"}
            )
            assert status in {403, 404}, (who, address, status)
            assert who != "dave" or CANARY.encode() not in body
    assert asked(world, "SELECT visibility, deleted_at FROM repos_repository WHERE name = 'P'") == [("private", None)]


def session_of(browser: Any) -> str:
    return next(value for name, value in browser.cookies.items() if name.endswith("session"))


def test_d06_sessions(world: Any) -> None:
    fixed = Browser(world)
    fixed.cookies["session"] = "a" * 32
    first = Browser(world)
    first.cookies |= fixed.cookies
    status, _headers, _body = first.post("/-/sign-in", {"login": "carol", "password": "horse carol battery"})
    assert status in {302, 303}
    assert session_of(first) != "a" * 32
    assert fixed.get("/-/settings/profile")[0] in {302, 303, 401, 403}
    second = world.browser("carol")
    fields = {"form": "password", "current": "horse carol battery", "password": "another carol battery"}
    assert second.post("/-/settings/account", fields)[0] in {302, 303}
    assert second.get("/-/settings/profile")[0] == 200
    assert first.get("/-/settings/profile")[0] in {302, 303, 401, 403}
    fields = {"form": "password", "current": "another carol battery", "password": "horse carol battery"}
    assert second.post("/-/settings/account", fields)[0] in {302, 303}
    kept = dict(second.cookies)
    second.post("/-/sign-out", {})
    second.cookies = kept
    assert second.get("/-/settings/profile")[0] in {302, 303, 401, 403}


def mails(world: Any) -> list[tuple[str, str]]:
    return asked(world, 'SELECT "to", text FROM mail_mail ORDER BY id')


@pytest.fixture
def untried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server at which nobody has asked for links yet: they are few for one address."""
    server = Server(tmp_path_factory.mktemp("untried"))
    try:
        server.user("dave")
        yield server
    finally:
        server.instance.stop()


def test_d07_d08_reset_links(untried: Any) -> None:
    browser = Browser(untried)
    for login in (
        "dave@example.org,evil@example.org",
        "dave@example.org\r\nBcc: evil@example.org",
        "dave@example.org\0",
        "dave@exampl\u0435.org",
        "DAVE@EXAMPLE.ORG",
        "dave@example.org ",
        "<dave@example.org>",
        "dave@example.org;evil@example.org",
        "dav\u0435",
    ):
        assert browser.post("/-/password/reset", {"login": login})[0] in {302, 303, 422, 429}
    token = browser.token("/-/password/reset")
    assert browser.post("/-/password/reset", [("login", "evil@example.org"), ("login", "dave")], token)[0] in {
        302,
        303,
        429,
    }
    assert browser.post("/-/password/reset", [("login[]", "dave"), ("login[]", "evil@example.org")], token)[0] in {
        422,
        429,
    }
    sent = [(to, text) for to, text in mails(untried) if "/-/password/reset/key/" in text]
    assert sent
    assert {to.strip() for to, _text in sent} == {"dave@example.org"}
    keys = [found for _to, text in sent for found in re.findall(r"/-/password/reset/key/(\S+)", text)]
    key = keys[-1]
    assert browser.post(f"/-/email/confirm/{key}", {})[0] in {403, 404}
    for wrong in (key[:-1], key + "x", key.swapcase(), "x", "a" * 5000, "%00"):
        assert browser.get(f"/-/password/reset/key/{wrong}")[0] in {400, 404, 414}
    token = browser.token(f"/-/password/reset/key/{key}")
    new = {"password": "a third dave battery"}
    assert browser.post(f"/-/password/reset/key/{key}", new, token)[0] in {302, 303}
    for used in keys:
        assert browser.post(f"/-/password/reset/key/{used}", {"password": "evil evil evil 9"}, token)[0] in {404, 410}
    assert Browser(untried).post("/-/sign-in", {"login": "dave", "password": "a third dave battery"})[0] in {302, 303}


def test_d12_a_suspended_account_is_out_at_once(world: Any, tmp_path: Path) -> None:
    world.user("mallory")
    browser = world.browser("mallory")
    world.cli("repo", "add", "mallory/own", "--visibility", "private")
    assert world.tips("mallory/own", "mallory") == {}
    world.cli("user", "disable", "mallory")
    began = time.monotonic()
    assert browser.get("/-/settings/profile")[0] in {302, 303, 401, 403}
    path = "/mallory/own.git/info/refs?service=git-upload-pack"
    assert world.ask("GET", path, **world.auth("mallory"))[0] in {401, 403, 404}
    status, _headers, _body = Browser(world).post(
        "/-/sign-in", {"login": "mallory", "password": "horse mallory battery"}
    )
    assert status == 422
    assert time.monotonic() - began < 5


def test_d09_links_carry_the_configured_address(tmp_path_factory: pytest.TempPathFactory) -> None:
    server = Server(tmp_path_factory.mktemp("public"), OPENHEARTH_URL="https://hearth.example")
    try:
        server.user("dave")
        for headers in (
            {"Host": "evil.example"},
            {"Host": "hearth.example:81"},
            {"Host": "hearth.example.evil.example"},
            {"Host": "evil.example", "X-Forwarded-Host": "hearth.example"},
            {"Host": ""},
            {"Host": "hearth.example@evil.example"},
        ):
            assert server.ask("GET", "/-/sign-in", **headers)[0] in {400, 421}, headers
        browser = Browser(server)  # type: ignore[arg-type]
        ours = {"Host": "hearth.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
        _status, _headers, body = browser.get("/-/password/reset", **ours)
        found = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', body)
        assert found is not None
        more = {**ours, "Referer": "https://hearth.example/", "Origin": "https://hearth.example"}
        status, _headers, _body = browser.post("/-/password/reset", {"login": "dave"}, found[1].decode(), **more)
        assert status == 303
        texts = [text for _to, text in asked(server, 'SELECT "to", text FROM mail_mail')]
        assert texts
        assert all("https://hearth.example/-/password/reset/key/" in text and "evil" not in text for text in texts)
    finally:
        server.instance.stop()
