from __future__ import annotations

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.urls import reverse

from openhearth.kernel import attempts, clock
from openhearth.kernel.policy.actors import system
from openhearth.people.accounts import actions, queries
from openhearth.people.accounts.models import Account, FirstLink
from openhearth.people.accounts.tests.people import PASSWORD, browser, faults_of, make_account

pytestmark = pytest.mark.django_db(databases="__all__")
GOOD = {"name": "amara", "email": "Amara@example.org", "password": PASSWORD}


def _open(mode: str = "open") -> Account:
    keeper = make_account("keeper", is_admin=True, show_email=True)
    actions.set_registration(actor=system("test"), mode=mode)
    return keeper


def _post(**values: str) -> Any:
    return browser().post(reverse("account_signup"), {**GOOD, **values})


def test_open_registration_makes_an_account_and_signs_in() -> None:
    _open()
    client = browser()
    sent = client.post(reverse("account_signup"), {**GOOD, "next": "/-/settings/keys"})
    assert (sent.status_code, sent["Location"]) == (302, "/-/settings/keys")
    account = Account.objects.get(name="amara")
    assert (account.state, account.is_admin, account.language) == ("active", False, "en")
    assert account.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    address = EmailAddress.objects.get(user=account)
    assert (address.email, address.verified, address.primary) == ("amara@example.org", False, True)
    assert client.get("/-/settings/keys").status_code == 200
    assert "/-/email/confirm/" in mail.outbox[0].body


def test_by_approval_says_what_happens_next_and_tells_the_administrators() -> None:
    keeper = _open("approval")
    response = _post()
    assert response.status_code == 200
    assert "waits for an administrator" in response.content.decode()
    assert Account.objects.get(name="amara").state == "pending"
    assert [message.to for message in mail.outbox] == [[keeper.email]]
    assert "amara" in mail.outbox[0].body


def test_closed_says_whom_to_ask() -> None:
    _open("closed")
    shown = browser().get(reverse("account_signup"))
    assert "keeper" in shown.content.decode()
    assert _post().status_code == 403
    assert not Account.objects.filter(name="amara").exists()


def test_registration_is_closed_until_there_is_an_administrator() -> None:
    assert queries.registration_mode() == "closed"
    assert _post().status_code == 403


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", "Name: give one"),
        ("name", "river bed", "river-bed"),
        ("name", "a" * 5000, "longer than 39"),
        ("name", "ama\x00ra", "may hold only"),
        ("name", "ama\u202era", "may hold only"),
        ("name", "admin", "kept for the instance"),
        ("name", "Keeper", "is taken"),
        ("name", "1iniyue", "looks like the account liniyue"),
        ("name", "lin1yue", "looks like the account liniyue"),
        ("email", "", "is not a mail address"),
        ("email", "amara", "is not a mail address"),
        ("email", "a@b", "is not a mail address"),
        ("email", "a\x00@example.org", "is not a mail address"),
        ("email", "a" * 5000 + "@example.org", "is not a mail address"),
        ("email", "KEEPER@example.org", "exists"),
        ("password", "", "Password: "),
        ("password", "short", "Password: "),
        ("password", "password123", "Password: "),
        ("password", "amara@example.org", "Password: "),
        ("password", "x" * 5000, "longer than"),
        ("password", "abc\x00defghijkl", "NUL"),
    ],
)
def test_every_bad_value_is_named_and_the_others_kept(field: str, value: str, words: str) -> None:
    _open()
    make_account("liniyue")
    response = _post(**{field: value})
    assert response.status_code == 422
    assert words in faults_of(response)
    assert f'href="#{field}"' in faults_of(response)
    text = response.content.decode()
    for other in {"name", "email"} - {field}:
        assert f'value="{GOOD[other]}"' in text
    assert PASSWORD not in text
    assert not Account.objects.filter(name="amara").exists()


def test_all_faults_are_told_at_once() -> None:
    _open()
    response = _post(name="", email="", password="")
    assert response.content.decode().count('class="err"') == 3


def test_one_address_cannot_make_accounts_without_end() -> None:
    _open()
    for _ in range(20):
        attempts.attempt(attempts.Limit("sign-up", "127.0.0.1", 20, 3600))
    refused = _post()
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0


def test_the_first_link_makes_the_administrator_once() -> None:
    secret = actions.make_first_link()
    assert secret
    address = reverse("account_first", kwargs={"secret": secret})
    client = browser()
    bad = client.post(address, {**GOOD, "name": "", "registration": "approval"})
    assert bad.status_code == 422
    sent = client.post(address, {**GOOD, "registration": "approval"})
    assert sent.status_code == 302
    account = Account.objects.get()
    assert (account.is_admin, account.is_active) == (True, True)
    assert queries.registration_mode() == "approval"
    assert client.get(reverse("accounts_admin")).status_code == 200
    assert browser().get(address).status_code == 404
    assert browser().post(address, {**GOOD, "name": "second"}).status_code == 404
    assert actions.make_first_link() is None


def test_the_first_link_lives_an_hour_and_only_its_hash_is_kept() -> None:
    with clock.freeze() as frozen:
        secret = actions.make_first_link()
        assert secret
        assert secret not in FirstLink.objects.get().digest
        frozen.move(minutes=59)
        assert actions.first_link_works(secret)
        frozen.move(minutes=2)
        assert not actions.first_link_works(secret)
        again = actions.make_first_link()
        assert again
        assert not actions.first_link_works(secret)
        assert actions.first_link_works(again)


def test_an_unknown_registration_mode_changes_nothing() -> None:
    secret = actions.make_first_link()
    address = reverse("account_first", kwargs={"secret": secret})
    assert browser().post(address, {**GOOD, "registration": "everyone"}).status_code == 422
    assert not Account.objects.exists()
