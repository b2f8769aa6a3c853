from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from openhearth.kernel import config
from openhearth.people.accounts import actions, queries
from openhearth.people.accounts.actions.passwords import RESETS_PER_ACCOUNT, RESETS_PER_ADDRESS
from openhearth.people.accounts.models import Account
from openhearth.people.accounts.tests.people import PASSWORD, browser, faults_of, make_account
from openhearth.people.sessions.models import Session

pytestmark = pytest.mark.django_db(databases="__all__")
NEW = "a quite different one"


def _ask(login: str, **extra: Any) -> Any:
    return browser(**extra).post(reverse("account_reset_password"), {"login": login})


def _mailed() -> str:
    found = re.search(r"/-/password/reset/key/\S+", mail.outbox[-1].body)
    assert found
    return found.group()


@pytest.mark.parametrize("login", ["linyue", "LINYUE@example.org"])
def test_a_link_sets_a_new_password_once(login: str) -> None:
    account = make_account(password=PASSWORD)
    signed_in = browser(account)
    assert _ask(login)["Location"] == reverse("account_reset_password_done")
    link = _mailed()
    client = browser()
    shown = client.get(link)
    assert (shown.status_code, shown["Referrer-Policy"], shown["Cache-Control"]) == (200, "same-origin", "no-store")
    assert client.post(link, {"password": "short"}).status_code == 422
    assert client.post(link, {"password": NEW}).status_code == 303
    account.refresh_from_db()
    assert check_password(NEW, account.password)
    assert signed_in.get(reverse("settings_profile")).status_code == 302
    assert not Session.objects.filter(account=account).exists()
    assert client.get(link).status_code == 404
    assert client.post(link, {"password": "yet another one"}).status_code == 404
    account.refresh_from_db()
    assert check_password(NEW, account.password)
    assert "was changed" in mail.outbox[-1].subject


def test_the_answer_is_the_same_for_unknown_addresses() -> None:
    make_account(password=PASSWORD)
    make_account("olek", state="suspended")
    known, *others = [_ask(login) for login in ("linyue", "nobody1", "no@body.example", "olek", "a\x00", "x" * 5000)]
    for other in others:
        assert (other.status_code, other["Location"], other.content) == (
            known.status_code,
            known["Location"],
            known.content,
        )
    assert len(mail.outbox) == 1


def test_a_link_is_over_after_an_hour_and_after_a_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    account = make_account(password=PASSWORD)
    assert settings.PASSWORD_RESET_TIMEOUT == 3600
    _ask("linyue")
    key = _mailed().rsplit("/", 1)[1]
    assert actions.account_of_reset(key) == account
    with monkeypatch.context() as patch:
        patch.setattr(settings, "PASSWORD_RESET_TIMEOUT", -1)
        assert actions.account_of_reset(key) is None
    Account.objects.filter(pk=account.pk).update(last_login=timezone.now())
    assert actions.account_of_reset(key) is None


@pytest.mark.parametrize("key", ["", "x", "1-", "-", "1-2-3", "zzzzzzzzzzzzz-aa-bb", "0-é", "a" * 3000])
def test_made_up_links_open_nothing(key: str) -> None:
    assert actions.account_of_reset(key) is None
    if key:
        assert browser().get(reverse("account_reset_password_from_key", kwargs={"key": key})).status_code == 404


def test_links_carry_the_configured_address_not_the_asked_one() -> None:
    make_account(password=PASSWORD)
    before = config.current()
    config.install(msgspec.structs.replace(before, url=""))
    try:
        _ask("linyue", HTTP_HOST="evil.example", HTTP_X_FORWARDED_HOST="evil.example")
    finally:
        config.install(before)
    assert "evil.example" not in mail.outbox[-1].body
    assert f"http://{before.host}:{before.port}/-/password" in mail.outbox[-1].body
    config.install(msgspec.structs.replace(before, url="https://hearth.example"))
    try:
        assert queries.public_address() == "https://hearth.example"
        assert queries.noreply_address(Account(pk=7, name="lin")) == "7+lin@users.noreply.hearth.example"
    finally:
        config.install(before)


def test_requests_are_limited() -> None:
    make_account(password=PASSWORD)
    for number in range(RESETS_PER_ACCOUNT + 2):
        assert _ask("linyue", REMOTE_ADDR=f"192.0.2.{number}").status_code == 303
    assert len(mail.outbox) == RESETS_PER_ACCOUNT
    for _ in range(RESETS_PER_ADDRESS):
        _ask("nobody1", REMOTE_ADDR="198.51.100.7")
    refused = _ask("nobody1", REMOTE_ADDR="198.51.100.7")
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0


def test_an_empty_form_is_named() -> None:
    response = _ask(" ")
    assert response.status_code == 422
    assert 'href="#login"' in faults_of(response)


def test_mails_are_in_the_language_of_their_reader() -> None:
    make_account(password=PASSWORD, language="zh-Hans")
    _ask("linyue")
    assert mail.outbox[-1].subject  # the catalogue is made at the end; what is switched is tested in test_mails


def test_changing_the_password_needs_the_present_one_and_ends_other_sessions() -> None:
    account = make_account(password=PASSWORD)
    here, elsewhere = browser(account), browser(account)
    address = reverse("settings_account")
    wrong = here.post(address, {"form": "password", "current": "wrong", "password": NEW})
    assert wrong.status_code == 422
    assert 'href="#current"' in faults_of(wrong)
    weak = here.post(address, {"form": "password", "current": PASSWORD, "password": "short"})
    assert 'href="#password"' in faults_of(weak)
    cookie = here.cookies["session"].value
    assert here.post(address, {"form": "password", "current": PASSWORD, "password": NEW}).status_code == 303
    assert here.cookies["session"].value != cookie
    assert here.get(address).status_code == 200
    assert elsewhere.get(address).status_code == 302
    assert Session.objects.filter(account=account).count() == 1
    account.refresh_from_db()
    assert check_password(NEW, account.password)


def test_guessing_the_present_password_is_limited() -> None:
    client = browser(make_account(password=PASSWORD))
    form = {"form": "password", "current": "wrong", "password": NEW}
    for _ in range(config.current().limits.sign_in_attempts):
        assert client.post(reverse("settings_account"), form).status_code == 422
    refused = client.post(reverse("settings_account"), form)
    assert refused.status_code == 429
    assert refused["Retry-After"]


def test_the_mail_address_changes_with_the_password_and_is_confirmed_by_a_link() -> None:
    account = make_account(password=PASSWORD)
    EmailAddress.objects.create(user=account, email=account.email, primary=True, verified=True)
    client = browser(account)
    address = reverse("settings_account")
    for values, field in (
        ({"email": "nonsense", "current": PASSWORD}, "email"),
        ({"email": "new@example.org", "current": "wrong"}, "current"),
    ):
        refused = client.post(address, {"form": "email", **values})
        assert refused.status_code == 422
        assert f'href="#{field}"' in faults_of(refused)
    assert client.post(address, {"form": "email", "email": "New@example.org", "current": PASSWORD}).status_code == 303
    account.refresh_from_db()
    assert account.email == "New@example.org"
    assert not queries.email_is_proven(account)
    assert [message.to for message in mail.outbox] == [["linyue@example.org"], ["New@example.org"]]
    link = re.search(r"/-/email/confirm/\S+", mail.outbox[-1].body)
    assert link
    assert browser().get(link.group()).status_code == 200
    assert not queries.email_is_proven(account)
    assert browser().post(link.group()).status_code == 303
    assert queries.email_is_proven(account)
    assert queries.accounts_by_email(["new@EXAMPLE.org"]) == {"new@example.org": account}
    assert browser().get("/-/email/confirm/made-up").status_code == 404


def test_a_link_to_an_address_given_up_proves_nothing() -> None:
    account = make_account(password=PASSWORD)
    key = actions.email_link(account)
    Account.objects.filter(pk=account.pk).update(email="other@example.org")
    assert actions.confirm_email(key=key) is None


def test_the_address_of_another_account_is_refused() -> None:
    make_account("amara")
    client = browser(make_account(password=PASSWORD))
    form = {"form": "email", "email": "AMARA@example.org", "current": PASSWORD}
    assert "exists" in faults_of(client.post(reverse("settings_account"), form))


def test_the_link_can_be_sent_again_a_few_times() -> None:
    client = browser(make_account())
    codes = [client.post(reverse("settings_account"), {"form": "email-link"}).status_code for _ in range(6)]
    assert codes == [303] * 5 + [422]
