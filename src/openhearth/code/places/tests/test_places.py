from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from openhearth.code.places.models import MainLanguage
from openhearth.code.repos.models import Collaborator, Repository
from openhearth.kernel import clock
from openhearth.kernel.database.watch import writes_forbidden
from openhearth.people.accounts.models import Account
from openhearth.people.accounts.tests.people import browser, make_account
from openhearth.people.keys.models import Key

pytestmark = pytest.mark.django_db(databases="__all__")

CANARY = "canary-7f3a"


def repository(owner: Account, name: str, visibility: str = "public", **values: Any) -> Repository:
    return Repository.objects.create(owner=owner, name=name, visibility=visibility, **values)


def text(account: Account | None, address: str, **query: str) -> str:
    client = browser(account)
    with writes_forbidden():
        response = client.get(address, query)
    assert response.status_code == 200, address
    return response.content.decode()


@pytest.fixture
def owner() -> Account:
    return make_account("banyan", display_name="Banyan House", bio="Storage, slowly")


@pytest.fixture
def world(owner: Account) -> dict[str, Account]:
    """A public, an internal and a private repository, and who sees which."""
    repository(owner, "open-door", description="For everybody")
    repository(owner, f"{CANARY}-internal", "internal", description=f"{CANARY} inside")
    secret = repository(owner, f"{CANARY}-private", "private", description=f"{CANARY} words")
    reader = make_account("reader")
    Collaborator.objects.create(repository=secret, account=reader, role=10)
    return {"owner": owner, "reader": reader, "stranger": make_account("stranger")}


@pytest.mark.parametrize("address", ["/banyan", "/-/explore"])
def test_lists_hold_what_the_reader_may_see(world: dict[str, Account], address: str) -> None:
    seen = {name: text(account, address) for name, account in {**world, "nobody": None}.items()}
    assert all("open-door" in page for page in seen.values())
    assert CANARY not in seen["nobody"]
    assert f"{CANARY}-internal" in seen["stranger"]
    assert f"{CANARY}-private" not in seen["stranger"]
    assert f"{CANARY} words" not in seen["stranger"]
    assert f"{CANARY}-private" in seen["reader"]
    assert f"{CANARY}-private" in seen["owner"]


def test_counts_and_languages_hold_only_what_is_seen(world: dict[str, Account]) -> None:
    for row in Repository.objects.all():
        MainLanguage.objects.create(repository=row, name="Rust" if row.visibility != "public" else "Python")
    page = text(None, "/-/explore")
    assert "1 repository" in page
    assert "Rust" not in page
    assert "Python" in page
    assert "2 repositories" in text(world["stranger"], "/-/explore")
    assert "Nothing found" in text(None, "/-/explore", q="words")
    assert "Nothing found" in text(None, "/-/explore", language="Rust")
    assert "For everybody" not in text(world["owner"], "/-/explore", language="Rust")


def test_search_finds_every_word_in_any_place(owner: Account) -> None:
    repository(owner, "riverbed", description="Time series inside your program")
    repository(owner, "lantern", description="100% of_it")
    assert "riverbed" in text(None, "/-/explore", q="banyan SERIES")
    assert "riverbed" not in text(None, "/-/explore", q="banyan lantern")
    assert "lantern" in text(None, "/-/explore", q="0% of_")
    assert "lantern" not in text(None, "/-/explore", q="%%%")
    assert text(None, "/-/explore", q="\x00" + "x" * 5000)
    assert text(None, "/-/explore", q="x", sort="worst", kind="worst", page="-3")


def test_people_are_found_by_name_and_never_by_mail(owner: Account) -> None:
    make_account("gone", state="suspended", display_name="Banyan Ghost")
    page = text(None, "/-/explore", kind="people", q="house")
    assert 'href="/banyan"' in page
    assert "gone" not in text(None, "/-/explore", kind="people", q="ghost")
    assert "Nothing found" in text(make_account("amara"), "/-/explore", kind="people", q="example.org")
    assert "gone" not in text(None, "/-/explore", kind="people")


def test_orders(owner: Account) -> None:
    now = clock.now()
    repository(owner, "aaa", pushed_at=now - timedelta(days=3), created_at=now)
    repository(owner, "bbb", pushed_at=now, created_at=now - timedelta(days=9))
    repository(owner, "ccc", created_at=now - timedelta(days=5))

    def order(sort: str) -> str:
        page = text(None, "/-/explore", sort=sort)
        return "".join(sorted("abc", key=lambda letter: page.index(f'href="/banyan/{letter * 3}"')))

    assert (order("pushed"), order("name"), order("newest")) == ("bac", "abc", "acb")


def test_empty_states_say_what_to_do(owner: Account) -> None:
    assert "Nothing public yet" in text(None, "/-/explore")
    assert "No repositories yet" in text(owner, "/-/explore")
    assert "Your first repository" in text(owner, "/banyan")
    assert "no repository that you can see" in text(None, "/banyan")
    repository(owner, "here")
    assert "No repository found" in text(None, "/banyan", q="elsewhere")


def test_a_profile_shows_who_it_is(owner: Account) -> None:
    repository(owner, "old", archived_at=clock.now())
    page = text(None, "/Banyan")
    assert "Banyan House" in page
    assert "Storage, slowly" in page
    assert "Archived" in page
    assert "banyan@example.org" not in page


def test_unknown_suspended_and_waiting_accounts_look_alike(owner: Account) -> None:
    make_account("gone", state="suspended")
    make_account("waiting", state="pending")
    client = browser(owner)
    bodies = set()
    for name in ("nobody", "gone", "waiting"):
        for suffix in ("", ".keys"):
            response = client.get(f"/{name}{suffix}")
            assert response.status_code == 404
        body = client.get(f"/{name}").content.decode()
        bodies.add(body.replace(name, "NAME").replace(client.get(f"/{name}").headers.get("X-Request-Id", "-"), "-"))
    stripped = {__import__("re").sub(r"[0-9a-f]{16}|[A-Za-z0-9]{64}", "", body) for body in bodies}
    assert len(stripped) == 1


def test_keys_are_given_as_text(owner: Account) -> None:
    Key.objects.create(account=owner, title="desk", type="ssh-ed25519", fingerprint="SHA256:x", blob="AAAA", bits=256)
    response = browser().get("/banyan.keys")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content == b"ssh-ed25519 AAAA\n"
    assert b"desk" not in response.content
    assert browser().get("/Banyan.keys").content == response.content


@pytest.mark.parametrize("address", ["/banyan", "/-/explore", "/-/explore?kind=people"])
def test_long_lists_cost_as_many_questions_as_short_ones(owner: Account, address: str) -> None:
    def cost() -> int:
        client = browser()
        client.get(address)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code == 200
        return len(asked)

    repository(owner, "one")
    few = cost()
    for number in range(60):
        person = make_account(f"person{number}")
        row = repository(person if number % 2 else owner, f"repo{number}", pushed_at=clock.now())
        MainLanguage.objects.create(repository=row, name="Go")
    assert cost() == few
    assert "page=2" in browser().get(address).content.decode()
