"""What a repository begins with: the page, the files, and nothing left behind when something fails."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from openhearth.kernel.database.watch import writes_forbidden
from openhearth.kernel.errors import Invalid
from openhearth.people.accounts.tests.people import browser, codes, faults_of

pytestmark = pytest.mark.django_db
NEW = "/-/new"
GOOD = {"owner": "linyue", "name": "river-bed", "visibility": "private", "default_branch": "main"}


def read(repository: Any, *args: str) -> str:
    from openhearth.code.repos import queries

    command = ["git", "--git-dir", str(queries.storage(repository)), *args]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def start(world: Any, **values: Any) -> Any:
    from openhearth.code.starters import actions

    given = {"name": "river-bed", "visibility": "public", **values}
    owner = world.account("linyue", display_name="林玥")
    return actions.start_repository(actor=given.pop("actor", None) or world.act("linyue"), owner=owner, **given)


def test_an_empty_beginning_is_an_empty_repository(world: Any) -> None:
    client = browser(world.account("linyue"))
    response = client.post(NEW, GOOD)
    assert (response.status_code, response["Location"]) == (303, "/linyue/river-bed")
    made = world.Repository.objects.get()
    assert (made.visibility, made.refs_version, made.description) == ("private", 0, "")
    assert "Put the first commit here" in client.get("/linyue/river-bed").content.decode()


def test_a_full_beginning_is_one_commit_by_its_maker(world: Any) -> None:
    world.account("linyue", display_name="林玥")
    chosen = {"readme": "on", "licence": "MIT", "gitignore": "python", "default_branch": "trunk", "description": "Logs"}
    client = browser(world.account("linyue"))
    assert client.post(NEW, {**GOOD, **chosen}).status_code == 303
    made = world.Repository.objects.get()
    assert read(made, "ls-tree", "--name-only", "trunk").split() == [".gitignore", "LICENSE", "README.md"]
    assert read(made, "show", "trunk:README.md") == "# river-bed\n\nLogs\n"
    assert "林玥" in read(made, "show", "trunk:LICENSE")
    assert "{" not in read(made, "show", "trunk:LICENSE")
    expected = f"林玥 {made.owner_id}+linyue@users.noreply.127.0.0.1"
    assert read(made, "log", "--format=%an %ae", "trunk").splitlines() == [expected]
    page = client.get("/linyue/river-bed").content.decode()
    assert "README.md" in page
    assert "MIT" in page
    assert read(made, "symbolic-ref", "HEAD").strip() == "refs/heads/trunk"
    read(made, "fsck", "--strict", "--full")


def test_a_mail_address_that_is_shown_signs(world: Any) -> None:
    world.account("linyue", show_email=True)
    made = start(world, readme=True)
    assert read(made, "log", "-1", "--format=%ae").strip() == "linyue@example.org"


@pytest.mark.parametrize("display", ["...", "<>", "\u2026", "a <b@c> {year}"])
def test_odd_names_of_people_make_good_commits(world: Any, display: str) -> None:
    world.account("linyue", display_name=display)
    made = start(world, licence="BSD-3-Clause")
    read(made, "fsck", "--strict")
    assert "{holder}" not in read(made, "show", "main:LICENSE")


@pytest.mark.parametrize(
    "name", ["Apache-2.0", "MIT", "BSD-3-Clause", "MPL-2.0", "MulanPSL-2.0", "GPL-3.0", "LGPL-3.0"]
)
def test_each_licence_is_known_again(world: Any, name: str) -> None:
    from openhearth.code.browse.rules import licences
    from openhearth.code.starters import queries, rules

    files = queries.licence_files(name, year=2026, holder="林玥")
    known = {licences.licence(text.decode()[:1000]) for text in files.values()}
    assert name in known
    assert set(files) == set(rules.LICENCES[name].files)
    assert all(text.endswith(b"\n") and b"\r" not in text for text in files.values())


def test_every_list_exists_and_holds_no_more_than_patterns(world: Any) -> None:
    from openhearth.code.starters import queries, rules

    for key in rules.IGNORED:
        lines = queries.ignore_list(key).splitlines()
        assert 5 <= len(lines) <= 40
        assert len({line for line in lines if line}) == len([line for line in lines if line])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(
            ("name", text)
            for text in ["", "x" * 5000, "a\x00b", "a\u202eb", "..", ".git", "river bed", "河", "taken", "TAKEN"]
        ),
        *(("description", text) for text in ["x" * 5000, "a\x00b", "a\u202eb"]),
        *(("visibility", text) for text in ["", "secret", "x" * 5000, "a\x00"]),
        *(("licence", text) for text in ["WTF", "../../etc/passwd", "x" * 5000, "a\x00"]),
        *(("gitignore", text) for text in ["cobol", "../python", "x" * 5000, "a\x00"]),
        *(("default_branch", text) for text in ["", "a b", "..", "x" * 5000, "a\x00", "a\u202e", "-x", "a.lock"]),
        *(("owner", text) for text in ["", "amara", "nobody", "x" * 5000, "a\x00", "a\u202e"]),
    ],
)
def test_each_wrong_field_is_named_and_all_values_stay(world: Any, field: str, value: str) -> None:
    world.repository("taken")
    world.account("amara")
    client = browser(world.account("linyue"))
    chosen = {"description": "kept words", "readme": "on", "licence": "MIT", "gitignore": "go"}
    response = client.post(NEW, {**GOOD, **chosen, field: value})
    assert response.status_code == 422
    text = response.content.decode()
    assert f'href="#{field}"' in faults_of(response)
    assert "\u202e" not in faults_of(response)
    assert field == "description" or 'value="kept words"' in text
    assert '<option value="MIT" selected' in text or field == "licence"
    assert world.Repository.objects.count() == 1


def test_a_better_name_is_one_click_away(world: Any) -> None:
    client = browser(world.account("linyue"))
    refused = client.post(NEW, {**GOOD, "name": "river bed", "description": "Logs & more", "readme": "on"})
    text = refused.content.decode()
    assert "Use river-bed" in text
    address = text.split('<a class="btn sm" href="')[1].split('"')[0].replace("&amp;", "&")
    with writes_forbidden():
        repaired = client.get(address).content.decode()
    for kept in (
        'value="river-bed"',
        'value="Logs &amp; more"',
        'value="private" checked',
        'name="readme" value="on" id="readme" checked',
    ):
        assert kept in repaired


def test_a_taken_name_leads_to_a_free_one(world: Any) -> None:
    world.repository("river-bed")
    world.repository("River-Bed-2")
    text = browser(world.account("linyue")).post(NEW, GOOD).content.decode()
    assert "Use river-bed-3" in text


def test_visitors_sign_in_and_come_back() -> None:
    assert browser().get(NEW)["Location"] == reverse("account_login") + "?next=%2F-%2Fnew"


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_the_form_opens(world: Any, language: str) -> None:
    client = browser(world.account("linyue"), HTTP_ACCEPT_LANGUAGE=language)
    with writes_forbidden():
        text = client.get(NEW + "?name=%E2%80%AEx&visibility=nonsense&owner=amara").content.decode()
    assert "\u202e" not in text.split('data-shows="name">')[1][:30]


def test_nothing_is_left_when_the_first_push_fails(world: Any, data: Path) -> None:
    with world.configured(data, LIMITS__REPOSITORY_BYTES="200"), pytest.raises(Invalid) as refused:
        start(world, licence="GPL-3.0")
    assert codes(refused) == {("", "quota")}
    assert not world.Repository.objects.exists()
    assert not list((data / "repositories").glob("*/*"))
    start(world, readme=True)  # the name is free


def test_nothing_is_left_when_the_disk_fails(world: Any, data: Path) -> None:
    (data / "repositories").mkdir(exist_ok=True)
    for number in range(256):
        (data / "repositories" / f"{number:02x}").write_text("no folder")
    with pytest.raises(OSError):
        start(world, readme=True)
    assert not world.Repository.objects.exists()


def test_a_token_for_public_repositories_starts_one(world: Any, data: Path) -> None:
    actor = world.act("linyue", scopes=frozenset({"public_repo"}))
    assert start(world, actor=actor, readme=True).refs_version == 1
    with world.configured(data, LIMITS__REPOSITORY_BYTES="10"), pytest.raises(Invalid):
        start(world, actor=actor, name="other", readme=True)
    assert world.Repository.objects.count() == 1
