"""The pages of settings: who opens them, what each field refuses, that a GET writes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from openhearth.kernel.database.watch import writes_forbidden
from openhearth.people.accounts.tests.people import browser, faults_of

pytestmark = pytest.mark.django_db

SETTINGS = ["repo_settings", "repo_settings_access", "repo_settings_branches"]
ACTS = ["repo_settings_visibility", "repo_settings_archive"]
HOSTILE_NAMES = [
    "",
    "x" * 5000,
    "a\x00b",
    "a\u202eb",
    "..",
    ".",
    ".git",
    "a.git",
    "-x",
    "river bed",
    "a/b",
    "名字",
]
BAD_TEXTS = ["x" * 5000, "a\x00b", "a\u202eb", "a\u200bb"]


def at(name: str, repository: Any) -> str:
    return reverse(name, kwargs={"owner": repository.owner.name, "repo": repository.name})


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("name", [*SETTINGS, *ACTS, "repo_settings_delete"])
def test_pages_open_for_the_owner_and_write_nothing(world: Any, name: str, language: str) -> None:
    repository = world.repository()
    world.commit(repository)
    client = browser(repository.owner, HTTP_ACCEPT_LANGUAGE=language)
    with writes_forbidden():
        response = client.get(at(name, repository))
    assert response.status_code == 200
    assert b"<h1" in response.content


@pytest.mark.parametrize("visibility", ["public", "private"])
@pytest.mark.parametrize("role", ["", "read", "triage", "write", "maintain", "admin"])
def test_who_opens_what(world: Any, role: str, visibility: str) -> None:
    repository = world.repository(visibility=visibility)
    who = world.give(repository, "amara", role) if role else world.account("amara")
    client = browser(who)
    closed = 404 if not role and visibility == "private" else 403
    for name in SETTINGS:
        expected = 200 if role in {"maintain", "admin"} else closed
        assert client.get(at(name, repository)).status_code == expected, name
    for name in ACTS:
        expected = 200 if role == "admin" else closed
        assert client.get(at(name, repository)).status_code == expected, name
    assert client.get(at("repo_settings_delete", repository)).status_code == closed


@pytest.mark.parametrize("name", [*SETTINGS, *ACTS, "repo_settings_delete"])
def test_visitors_sign_in_first_or_see_nothing(world: Any, name: str) -> None:
    assert browser().get(at(name, world.repository())).status_code == 302
    assert browser().get(at(name, world.repository("hidden", visibility="private"))).status_code == 404


def test_a_maintainer_sees_closed_doors_with_their_reason(world: Any) -> None:
    repository = world.repository()
    text = browser(world.give(repository, "amara", "maintain")).get(at("repo_settings", repository)).content.decode()
    assert text.count('aria-disabled="true"') == 4  # rename, visibility, archive, delete
    assert "Someone who administers it can give you another" in text


@pytest.mark.parametrize("text", BAD_TEXTS)
def test_bad_descriptions_are_refused_and_kept(world: Any, text: str) -> None:
    repository = world.repository(description="as before")
    response = browser(repository.owner).post(at("repo_settings", repository), {"description": text})
    assert response.status_code == 422
    assert 'href="#description"' in faults_of(response)
    assert 'aria-invalid="true"' in response.content.decode()
    assert text.replace("\x00", "")[:1] in response.content.decode()
    repository.refresh_from_db()
    assert repository.description == "as before"


def test_a_description_is_saved_as_one_line(world: Any) -> None:
    repository = world.repository()
    client = browser(repository.owner)
    response = client.post(at("repo_settings", repository), {"description": " two\r\nlines  "}, follow=True)
    assert "The description is saved" in response.content.decode()
    repository.refresh_from_db()
    assert repository.description == "two lines"


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_bad_names_are_refused(world: Any, name: str) -> None:
    repository = world.repository()
    response = browser(repository.owner).post(at("repo_settings_rename", repository), {"name": name})
    assert response.status_code == 422
    assert 'href="#name"' in faults_of(response)
    assert "\u202e" not in faults_of(response)
    repository.refresh_from_db()
    assert repository.name == "riverbed"


@pytest.mark.parametrize("name", ["taken", "TAKEN"])
def test_taken_names_are_refused_in_any_case(world: Any, name: str) -> None:
    world.repository("taken")
    repository = world.repository()
    response = browser(repository.owner).post(at("repo_settings_rename", repository), {"name": name})
    assert response.status_code == 422
    assert "already" in faults_of(response)


def test_a_name_may_change_its_case(world: Any) -> None:
    repository = world.repository()
    response = browser(repository.owner).post(at("repo_settings_rename", repository), {"name": "RiverBed"})
    assert response["Location"] == "/linyue/RiverBed/settings?done=renamed"


@pytest.mark.parametrize("value", ["", "secret", "x" * 5000, "a\x00", "PUBLIC"])
def test_unknown_visibilities_are_refused(world: Any, value: str) -> None:
    repository = world.repository()
    response = browser(repository.owner).post(at("repo_settings_visibility", repository), {"visibility": value})
    assert response.status_code == 422
    assert 'href="#visibility"' in faults_of(response)


def test_closing_hides_it_at_once(world: Any) -> None:
    repository = world.repository()
    home = at("repository", repository)
    assert browser().get(home).status_code == 200
    sent = browser(repository.owner).post(at("repo_settings_visibility", repository), {"visibility": "private"})
    assert sent.status_code == 303
    assert browser().get(home).status_code == 404


def test_an_archived_repository_says_why_it_is_closed(world: Any) -> None:
    repository = world.repository()
    client = browser(repository.owner)
    assert client.post(at("repo_settings_archive", repository), {"archived": "yes"}).status_code == 303
    text = client.get(at("repo_settings", repository)).content.decode()
    assert "until it is unarchived" in text
    assert "Unarchive" in text
    refused = client.post(at("repo_settings", repository), {"description": "new"})
    assert refused.status_code == 403
    assert "archived" in refused.content.decode()
    client.post(at("repo_settings_archive", repository), {"archived": "no"})
    assert client.post(at("repo_settings", repository), {"description": "new"}).status_code == 303


@pytest.mark.parametrize("typed", ["", "Riverbed", "linyue/other", "x" * 5000, "river\x00bed", "river\u202ebed"])
def test_deleting_asks_for_the_name(world: Any, typed: str) -> None:
    repository = world.repository()
    response = browser(repository.owner).post(at("repo_settings_delete", repository), {"confirm": typed})
    assert response.status_code == 422
    assert 'href="#confirm"' in faults_of(response)
    repository.refresh_from_db()
    assert repository.deleted_at is None


def test_deleted_gone_and_back_again(world: Any) -> None:
    repository = world.repository()
    oid = world.commit(repository)
    client = browser(repository.owner)
    page = client.post(at("repo_settings_delete", repository), {"confirm": "riverbed"}, follow=True)
    assert "Can be restored until" in page.content.decode()
    assert client.get(at("repository", repository)).status_code == 404
    assert client.get(at("repo_settings", repository)).status_code == 404
    back = reverse("repository_restore", kwargs={"number": repository.pk})
    assert browser().post(back).status_code == 404
    assert browser(world.account("amara")).post(back).status_code == 404
    assert client.post(back).status_code == 303
    assert client.get(at("repository", repository)).status_code == 200
    assert client.get(f"/linyue/riverbed/commit/{oid}").status_code == 200
    assert client.post(back).status_code == 404  # nothing deleted of that number any more


def test_a_taken_name_asks_for_another(world: Any) -> None:
    repository = world.repository()
    client = browser(repository.owner)
    client.post(at("repo_settings_delete", repository), {"confirm": "riverbed"})
    world.repository()
    assert "riverbed-restored" in client.get(reverse("settings_repositories")).content.decode()
    back = reverse("repository_restore", kwargs={"number": repository.pk})
    for name in ["", "RIVERBED", "river bed", "a\x00"]:
        refused = client.post(back, {"name": name})
        assert refused.status_code == 422
        assert 'href="#name"' in faults_of(refused)
    assert client.post(back, {"name": "riverbed-2"}).status_code == 303
    assert client.get("/linyue/riverbed-2").status_code == 200


@pytest.mark.parametrize("name", ["", "nobody-here", "x" * 5000, "a\x00", "a\u202e", "..", "<b>", "linyue"])
def test_roles_go_to_accounts_that_are_there(world: Any, name: str) -> None:
    repository = world.repository()
    response = browser(repository.owner).post(
        at("repo_settings_access", repository), {"act": "add", "account": name, "role": "write"}
    )
    assert response.status_code == 422
    assert 'href="#account"' in faults_of(response)
    assert "<b></p>" not in response.content.decode()


@pytest.mark.parametrize("role", ["", "owner", "x" * 5000, "a\x00", "__class__", "WRITE "])
def test_roles_are_those_of_the_list(world: Any, role: str) -> None:
    repository = world.repository()
    world.account("amara")
    response = browser(repository.owner).post(
        at("repo_settings_access", repository), {"act": "add", "account": "amara", "role": role}
    )
    assert response.status_code == 422
    assert 'href="#role"' in faults_of(response)
    assert 'value="amara"' in response.content.decode()


@pytest.mark.parametrize("number", ["", "0", "x", "9" * 30, "-1", "٣"])
def test_changes_name_somebody_with_a_role(world: Any, number: str) -> None:
    repository = world.repository()
    for act in ("change", "remove"):
        response = browser(repository.owner).post(
            at("repo_settings_access", repository), {"act": act, "number": number, "role": "read"}
        )
        assert response.status_code == 422


def test_a_role_is_given_changed_and_taken(world: Any) -> None:
    repository = world.repository(visibility="private")
    amara, client, where = (
        world.account("amara"),
        browser(world.account("linyue")),
        at("repo_settings_access", repository),
    )
    guest = browser(amara)
    client.post(where, {"act": "add", "account": "@Amara", "role": "read"})
    assert guest.get(at("repository", repository)).status_code == 200
    assert guest.get(where).status_code == 403
    client.post(where, {"act": "change", "number": amara.pk, "role": "admin"})
    assert guest.get(where).status_code == 200
    client.post(where, {"act": "remove", "number": amara.pk})
    assert guest.get(at("repository", repository)).status_code == 404


def test_who_lowers_their_own_role_is_led_to_the_code(world: Any) -> None:
    repository = world.repository()
    amara = world.give(repository, "amara", "admin")
    where = at("repo_settings_access", repository)
    sent = browser(amara).post(where, {"act": "change", "number": amara.pk, "role": "read"})
    assert sent["Location"] == "/linyue/riverbed"


@pytest.mark.parametrize("role", ["read", "maintain", "admin"])
def test_a_collaborator_leaves(world: Any, role: str) -> None:
    repository = world.repository(visibility="private")
    client = browser(world.give(repository, "amara", role))
    page = client.get(reverse("settings_repositories")).content.decode()
    assert "linyue/riverbed" in page
    assert "Leave" in page
    response = client.post(at("repo_settings_leave", repository), follow=True)
    assert "given up your role" in response.content.decode()
    assert client.get(at("repository", repository)).status_code == 404


def test_owners_and_strangers_have_nothing_to_leave(world: Any) -> None:
    repository = world.repository()
    assert browser(repository.owner).post(at("repo_settings_leave", repository)).status_code == 403
    assert browser(world.account("amara")).post(at("repo_settings_leave", repository)).status_code == 403


def test_former_addresses_lead_on_with_path_and_query(world: Any) -> None:
    repository = world.repository()
    client = browser(repository.owner)
    client.post(at("repo_settings_rename", repository), {"name": "delta"})
    moved = client.get("/linyue/riverbed/settings/access?page=2&x=%E6%B2%B3")
    assert (moved.status_code, moved["Location"]) == (301, "/linyue/delta/settings/access?page=2&x=%E6%B2%B3")
    home = browser().get("/linyue/RIVERBED?a=b")
    assert (home.status_code, home["Location"]) == (301, "/linyue/delta?a=b")
    posted = client.post("/linyue/riverbed/settings", {"description": "by the old address"})
    assert (posted.status_code, posted["Location"]) == (307, "/linyue/delta/settings")


def test_a_former_name_says_nothing_of_a_private_repository(world: Any) -> None:
    repository = world.repository(visibility="private")
    browser(repository.owner).post(at("repo_settings_rename", repository), {"name": "delta"})
    assert browser().get("/linyue/riverbed").status_code == 404
    assert browser(repository.owner).get("/linyue/riverbed").status_code == 301


def test_a_new_repository_takes_the_former_name(world: Any) -> None:
    repository = world.repository(description="the old one")
    browser(repository.owner).post(at("repo_settings_rename", repository), {"name": "delta"})
    world.repository("riverbed", owner="amara")  # another owner's, of the same name: no concern of ours
    assert browser().get("/linyue/riverbed").status_code == 301
    assert browser().get("/amara/riverbed").status_code == 200
    world.repository()
    assert browser().get("/linyue/riverbed").status_code == 200
    assert browser().get("/linyue/delta").status_code == 200


@pytest.mark.parametrize("name", ["repo_settings_access", "settings_repositories"])
def test_lists_ask_a_fixed_number_of_times(world: Any, name: str, django_assert_max_num_queries: Any) -> None:
    owner = world.account("linyue")
    repository = world.repository()
    for number in range(12):
        world.give(repository, f"person-{number}x", "write")
        world.repository(f"own-{number}")
        world.give(world.repository(f"other-{number}", owner="amara"), "linyue", "read")
        gone = world.repository(f"gone-{number}")
        world.actions.delete_repository(actor=world.act("linyue"), repository=gone)
    client = browser(owner)
    address = reverse(name) if name.startswith("settings") else at(name, repository)
    with django_assert_max_num_queries(11):
        text = client.get(address).content.decode()
    assert text.count("-11") >= 1


def test_long_lists_have_pages(world: Any) -> None:
    for number in range(51):
        world.repository(f"own-{number:02}")
    client = browser(world.account("linyue"))
    first = client.get(reverse("settings_repositories")).content.decode()
    assert "own-49" in first
    assert "own-50" not in first
    assert "own-50" in client.get(reverse("settings_repositories") + "?page=2").content.decode()
    for odd in ("0", "x", "99999999999999999999", "-3"):
        assert client.get(reverse("settings_repositories") + f"?page={odd}").status_code == 200
