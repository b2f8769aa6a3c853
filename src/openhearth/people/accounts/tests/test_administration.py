from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.urls import reverse

from openhearth.kernel.errors import Invalid
from openhearth.kernel.policy.actors import system
from openhearth.kernel.policy.engine import NotAllowed
from openhearth.people.accounts import actions, queries
from openhearth.people.accounts.models import Account
from openhearth.people.accounts.queries import actor_of
from openhearth.people.accounts.tests.people import PASSWORD, browser, codes, faults_of, make_account

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def keeper() -> Account:
    return make_account("keeper", is_admin=True)


def _act(keeper: Account, account: Account, act: str) -> Any:
    return browser(keeper).post(reverse("accounts_admin_one", kwargs={"name": account.name}), {"act": act})


def test_newcomers_are_let_in_and_told(keeper: Account) -> None:
    newcomer = make_account("amara", state="pending")
    page = browser(keeper).get(reverse("accounts_admin"), {"state": "pending"}).content.decode()
    assert "amara" in page
    assert "keeper@example.org" not in page
    assert _act(keeper, newcomer, "approve").status_code == 303
    newcomer.refresh_from_db()
    assert newcomer.is_active
    assert mail.outbox[-1].to == ["amara@example.org"]


def test_suspending_ends_sessions_and_can_be_undone(keeper: Account) -> None:
    account = make_account("amara")
    client = browser(account)
    assert _act(keeper, account, "suspend").status_code == 303
    assert client.get(reverse("settings_profile")).status_code == 302
    assert _act(keeper, account, "readmit").status_code == 303
    account.refresh_from_db()
    assert account.state == "active"


def test_administrators_are_made_and_the_last_one_stays(keeper: Account) -> None:
    account = make_account("amara")
    assert "last administrator" in faults_of(_act(keeper, keeper, "unmake_admin"))
    assert "your own account" in faults_of(_act(keeper, keeper, "suspend"))
    with pytest.raises(Invalid) as refused:
        actions.set_state(actor=system("command line"), account=keeper, state="suspended")
    assert codes(refused) == {("is_admin", "last")}
    _act(keeper, account, "make_admin")
    account.refresh_from_db()
    assert account.is_admin
    assert _act(keeper, keeper, "unmake_admin").status_code == 303
    keeper.refresh_from_db()
    assert not keeper.is_admin


def test_unknown_steps_are_refused(keeper: Account) -> None:
    assert _act(keeper, make_account(), "explode").status_code == 422
    assert _act(keeper, make_account("olek"), "x" * 5000).status_code == 422


def test_a_link_for_a_password_is_mailed_and_shown_once(keeper: Account) -> None:
    response = _act(keeper, make_account(password=None), "link")
    assert response["Cache-Control"] == "no-store"
    assert "/-/password/reset/key/" in response.content.decode()
    assert "/-/password/reset/key/" in mail.outbox[-1].body


def test_sessions_can_be_ended(keeper: Account) -> None:
    account = make_account()
    client = browser(account)
    assert _act(keeper, account, "end_sessions").status_code == 303
    assert client.get(reverse("settings_profile")).status_code == 302


def test_accounts_are_made_with_a_password_or_a_link(keeper: Account) -> None:
    client = browser(keeper)
    form = {"name": "amara", "email": "amara@example.org", "password": PASSWORD, "is_admin": "on"}
    assert client.post(reverse("accounts_admin_new"), form).status_code == 303
    assert Account.objects.get(name="amara").is_admin
    shown = client.post(reverse("accounts_admin_new"), {"name": "olek", "email": "olek@example.org", "password": ""})
    assert shown.status_code == 200
    assert "/-/password/reset/key/" in shown.content.decode()
    assert not Account.objects.get(name="olek").has_usable_password()


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("name", "a b"), ("name", "x" * 5000), ("email", "x"), ("email", "\x00"), ("password", "short")],
)
def test_refused_accounts_say_why(keeper: Account, field: str, value: str) -> None:
    form = {"name": "amara", "email": "amara@example.org", "password": PASSWORD, field: value}
    response = browser(keeper).post(reverse("accounts_admin_new"), form)
    assert response.status_code == 422
    assert f'href="#{field}"' in faults_of(response)


def test_the_registration_mode_is_chosen(keeper: Account) -> None:
    client = browser(keeper)
    assert client.post(reverse("accounts_admin"), {"mode": "open"}).status_code == 303
    assert queries.registration_mode() == "open"
    refused = client.post(reverse("accounts_admin"), {"mode": "everyone"})
    assert refused.status_code == 422
    assert queries.registration_mode() == "open"


@pytest.mark.parametrize("search", ["AMA", "amara@", "Okafor", "a%", "_", "\x00", "x" * 5000, "'"])
def test_the_list_is_searched(keeper: Account, search: str) -> None:
    make_account("amara", display_name="Amara Okafor")
    response = browser(keeper).get(reverse("accounts_admin"), {"q": search})
    assert response.status_code == 200
    assert ("amara@example.org" in response.content.decode()) == (search in {"AMA", "amara@", "Okafor", "\x00"})


@pytest.mark.parametrize("page", ["1", "2", "99", "-1", "x", ""])
def test_the_list_has_pages(keeper: Account, page: str) -> None:
    for number in range(60):
        make_account(f"someone{number}x")
    response = browser(keeper).get(reverse("accounts_admin"), {"page": page})
    assert response.status_code == 200
    assert response.content.decode().count('class="row"') == (11 if page in {"2", "99", "-1"} else 50)


def test_nobody_else_may_do_any_of_it() -> None:
    account, other = make_account(), make_account("amara")
    actor = actor_of(account)
    with pytest.raises(NotAllowed):
        actions.set_state(actor=actor, account=other, state="suspended")
    with pytest.raises(NotAllowed):
        actions.set_admin(actor=actor, account=account, is_admin=True)
    with pytest.raises(NotAllowed):
        actions.set_registration(actor=actor, mode="open")
    with pytest.raises(NotAllowed):
        actions.set_password(actor=actor, account=other, password=PASSWORD)
    with pytest.raises(NotAllowed):
        actions.update_account(actor=actor, account=other, bio="mine")
    with pytest.raises(NotAllowed):
        actions.create_account(actor=actor, name="more", email="more@example.org", password=None)
    response = browser(account).post(reverse("accounts_admin_one", kwargs={"name": "amara"}), {"act": "suspend"})
    assert response.status_code == 403


def test_the_command_line_makes_and_changes_accounts() -> None:
    actor = system("command line")
    account = actions.create_account(
        actor=actor, name="lin", email="lin@example.org", password=PASSWORD, is_admin=True, email_verified=True
    )
    assert queries.email_is_proven(account)
    actions.set_password(actor=actor, account=account, password="something new here")
    assert actions.check_password(login="lin", password="something new here", address="") == account
    with pytest.raises(Invalid) as refused:
        actions.create_account(actor=actor, name="LIN", email="LIN@example.org", password="x")
    assert codes(refused) == {("name", "taken"), ("email", "taken"), ("password", "weak")}
