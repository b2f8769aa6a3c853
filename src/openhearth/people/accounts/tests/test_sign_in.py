from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse

from openhearth.kernel import config
from openhearth.people.accounts import actions
from openhearth.people.accounts.models import Account
from openhearth.people.accounts.tests.people import PASSWORD, browser, faults_of, make_account
from openhearth.people.sessions.models import Session

pytestmark = pytest.mark.django_db(databases="__all__")


def _post(client: Any, login: str, password: str, **more: str) -> Any:
    return client.post(reverse("account_login"), {"login": login, "password": password, **more})


@pytest.mark.parametrize("login", ["linyue", "LinYue", " linyue ", "linyue@example.org", "LINYUE@example.org"])
def test_name_or_mail_with_password_signs_in(login: str) -> None:
    account = make_account(password=PASSWORD)
    client = browser(HTTP_USER_AGENT="Mozilla/5.0 (Windows NT 10.0) Chrome/140.0", REMOTE_ADDR="192.0.2.9")
    sent = _post(client, login, PASSWORD, next="/-/settings/profile")
    assert (sent.status_code, sent["Location"]) == (302, "/-/settings/profile")
    assert client.get("/-/settings/profile").status_code == 200
    row = Session.objects.get()
    assert (row.account_id, row.address) == (account.pk, "192.0.2.9")
    assert row.session_key != client.cookies["session"].value
    assert "Chrome/140" in row.user_agent


def test_nothing_tells_whether_an_account_exists() -> None:
    make_account(password=PASSWORD)
    answers = {_post(browser(), login, "wrong password").content for login in ("linyue", "nobody1", "no@body.example")}
    texts = {faults_of(_post(browser(), login, "wrong")) for login in ("linyue", "nobody1", "x\x00y", "é" * 400)}
    assert len(texts) == 1
    assert all(b"not right" in answer for answer in answers)
    assert _post(browser(), "linyue", "wrong").status_code == 422


@pytest.mark.parametrize(
    ("login", "password", "field"), [("", "x", "login"), ("x", "", "password"), (" ", "x", "login")]
)
def test_missing_values_are_named(login: str, password: str, field: str) -> None:
    response = _post(browser(), login, password)
    assert response.status_code == 422
    assert f'href="#{field}"' in faults_of(response)
    assert 'aria-invalid="true"' in response.content.decode()


def test_values_of_every_length_and_kind_are_borne() -> None:
    make_account(password=PASSWORD)
    for login in ("a" * 5000, "\u202e" * 50, "\x00", "linyue\x00", "'; drop table--"):
        assert _post(browser(), login, "b" * 5000).status_code == 422


def test_the_password_is_never_shown_again() -> None:
    response = _post(browser(), "linyue", "my secret word 1")
    assert "my secret word 1" not in response.content.decode()
    assert 'value="linyue"' in response.content.decode()


@pytest.mark.parametrize(
    "address",
    ["//evil.example", "\\\\evil.example", "/\\evil.example", "javascript:alert(1)", "/a\r\nX: y", "https://e.example"],
)
def test_next_leads_to_this_instance_only(address: str) -> None:
    make_account(password=PASSWORD)
    assert _post(browser(), "linyue", PASSWORD, next=address)["Location"] == "/"
    shown = browser().get(reverse("account_login"), {"next": address})
    assert 'name="next" value="/"' in shown.content.decode()
    assert browser(make_account("amara")).get(reverse("account_login"), {"next": address})["Location"] == "/"


@pytest.mark.parametrize(("state", "word"), [("pending", "waits for an administrator"), ("suspended", "suspended")])
def test_accounts_that_may_not_act_hear_why_only_with_their_password(state: str, word: str) -> None:
    make_account(password=PASSWORD, state=state)
    assert word in faults_of(_post(browser(), "linyue", PASSWORD))
    assert word not in faults_of(_post(browser(), "linyue", "wrong"))
    assert not Session.objects.exists()


def test_wrong_passwords_are_limited_for_a_name_and_say_when_to_come_back() -> None:
    make_account(password=PASSWORD)
    most = config.current().limits.sign_in_attempts
    for number in range(most):
        assert _post(browser(REMOTE_ADDR=f"192.0.2.{number}"), "linyue", "wrong").status_code == 422
    refused = _post(browser(REMOTE_ADDR="198.51.100.1"), "LINYUE@example.org", PASSWORD)
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 301
    assert "Too many wrong passwords" in faults_of(refused)
    make_account("amara", password=PASSWORD)
    assert _post(browser(), "amara", PASSWORD).status_code == 302


def test_names_without_an_account_are_limited_in_the_same_way() -> None:
    most = config.current().limits.sign_in_attempts
    codes = [_post(browser(), "nobody1", "wrong").status_code for _ in range(most + 1)]
    assert codes == [422] * most + [429]


def test_wrong_passwords_are_limited_for_an_address() -> None:
    most = config.current().limits.sign_in_attempts * 5
    codes = {_post(browser(REMOTE_ADDR=f"2001:db8::{n:x}"), f"name{n}", "wrong").status_code for n in range(most)}
    assert codes == {422}
    assert _post(browser(REMOTE_ADDR="2001:db8::ffff"), "another", "wrong").status_code == 429
    assert _post(browser(REMOTE_ADDR="2001:db8:0:1::1"), "another", "wrong").status_code == 422


def test_right_passwords_do_not_count() -> None:
    make_account(password=PASSWORD)
    for _ in range(config.current().limits.sign_in_attempts + 2):
        assert actions.check_password(login="linyue", password=PASSWORD, address="192.0.2.1")
    cache.clear()


def test_organisations_and_accounts_without_password_cannot_sign_in() -> None:
    make_account("banyan", password=PASSWORD, kind=Account.Kind.ORGANISATION)
    make_account("olek", password=None)
    assert _post(browser(), "banyan", PASSWORD).status_code == 422
    assert _post(browser(), "olek", "").status_code == 422


def test_signing_out_ends_the_session_and_only_by_post() -> None:
    client = browser(make_account())
    assert client.get(reverse("account_logout")).status_code == 405
    assert Session.objects.count() == 1
    sent = client.post(reverse("account_logout"))
    assert sent.status_code == 303
    assert not Session.objects.exists()
    assert client.get(reverse("settings_profile")).status_code == 302


def test_forms_without_proof_of_origin_are_refused() -> None:
    make_account(password=PASSWORD)
    client = browser()
    client.handler.enforce_csrf_checks = True
    assert _post(client, "linyue", PASSWORD).status_code == 403
    assert client.post(reverse("account_logout")).status_code == 403


def test_a_suspended_account_loses_its_session_at_the_next_request() -> None:
    account = make_account()
    client = browser(account)
    Account.objects.filter(pk=account.pk).update(state="suspended", is_active=False)  # behind the action's back
    assert client.get(reverse("settings_profile")).status_code == 302


def test_a_session_ends_where_the_password_is_another() -> None:
    account = make_account(password=PASSWORD)
    client = browser(account)
    account.set_password("another good one")
    account.save()
    assert client.get(reverse("settings_profile")).status_code == 302
