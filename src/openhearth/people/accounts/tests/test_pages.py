"""Every page of people opens, for whom it may, in both languages, without writing to the main database."""

from __future__ import annotations

import pytest
from django.urls import reverse

from openhearth.kernel.database.watch import writes_forbidden
from openhearth.people.accounts import actions
from openhearth.people.accounts.models import Account
from openhearth.people.accounts.tests.people import browser, make_account

pytestmark = pytest.mark.django_db(databases="__all__")

OPEN = ["account_login", "account_signup", "account_reset_password", "account_reset_password_done", "account_inactive"]
OWN = [
    "settings_profile",
    "settings_preferences",
    "settings_account",
    "settings_sessions",
    "settings_keys",
    "settings_tokens",
    "settings_token_new",
]
ADMIN = ["accounts_admin", "accounts_admin_new"]


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("name", OPEN)
def test_open_pages_open_for_visitors(name: str, language: str) -> None:
    with writes_forbidden():
        response = browser(HTTP_ACCEPT_LANGUAGE=language).get(reverse(name))
    assert response.status_code == (403 if name == "account_inactive" else 200)
    assert b"<h1" in response.content


@pytest.mark.parametrize("name", OWN)
def test_settings_open_for_their_owner_and_lead_visitors_to_sign_in(name: str) -> None:
    address = reverse(name)
    client = browser(make_account())
    with writes_forbidden():
        assert client.get(address).status_code == 200
    sent = browser().get(address)
    assert sent.status_code == 302
    assert sent["Location"].startswith(reverse("account_login") + "?next=%2F-%2Fsettings")


@pytest.mark.parametrize("name", ADMIN)
def test_pages_of_administrators_are_hidden_from_others(name: str) -> None:
    address = reverse(name)
    admin = browser(make_account("keeper", is_admin=True))
    with writes_forbidden():
        assert admin.get(address).status_code == 200
    assert browser(make_account()).get(address).status_code == 404
    assert browser().get(address).status_code == 404


def test_one_account_is_administered_by_administrators_only() -> None:
    address = reverse("accounts_admin_one", kwargs={"name": make_account().name})
    assert browser(make_account("keeper", is_admin=True)).get(address).status_code == 200
    assert browser(make_account("amara")).get(address).status_code == 403
    assert browser().get(address).status_code == 302


def test_the_first_page_opens_with_its_link_only() -> None:
    secret = actions.make_first_link()
    assert browser().get(reverse("account_first", kwargs={"secret": secret})).status_code == 200
    assert browser().get(reverse("account_first", kwargs={"secret": "made-up"})).status_code == 404


@pytest.mark.parametrize("name", [*OWN, *ADMIN])
def test_lists_ask_the_database_a_fixed_number_of_times(name: str, django_assert_max_num_queries: object) -> None:
    admin = make_account("keeper", is_admin=True)
    for number in range(30):
        make_account(f"someone{number}x", state=Account.State.PENDING if number % 2 else Account.State.ACTIVE)
    client = browser(admin)
    with django_assert_max_num_queries(8):  # type: ignore[operator]
        assert client.get(reverse(name)).status_code == 200
