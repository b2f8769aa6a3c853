from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from openhearth.kernel import attempts, clock, config, ids, lastuse
from openhearth.kernel.database.watch import writes_forbidden
from openhearth.kernel.errors import Invalid
from openhearth.kernel.events.models import EventRow
from openhearth.kernel.policy.actors import system
from openhearth.kernel.policy.engine import Denied
from openhearth.people.accounts.models import Account
from openhearth.people.accounts.queries import actor_of
from openhearth.people.accounts.tests.people import PASSWORD, browser, codes, faults_of, make_account
from openhearth.people.tokens import actions, queries, rules
from openhearth.people.tokens.models import Token

pytestmark = pytest.mark.django_db(databases="__all__")


def _make(account: Account, *scopes: str, **values: Any) -> tuple[Token, str]:
    return actions.create_token(
        actor=system("test"), account=account, name=values.pop("name", "mirror"), scopes=scopes, **values
    )


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_a_token_is_made_shown_once_and_revoked() -> None:
    account = make_account()
    client = browser(account)
    form = {"name": "nightly mirror", "ends": "30", "scopes": ["repo", "user"]}
    made = client.post(reverse("settings_token_new"), form)
    assert made.status_code == 200
    assert made["Cache-Control"] == "no-store"
    token = Token.objects.get()
    secret = next(part for part in made.content.decode().split('"') if ids.check_token(part, rules.PREFIX))
    assert (token.digest, token.hint) == (ids.digest(secret), secret[-4:])
    assert token.scopes == ["repo", "user"]
    assert secret not in client.get(reverse("settings_tokens")).content.decode()
    actor = queries.authenticate(secret)
    assert actor
    assert (actor.kind, actor.account_id, actor.scopes) == ("token", account.pk, {"repo", "user"})
    assert client.post(reverse("settings_token_revoke", kwargs={"number": token.pk})).status_code == 303
    assert queries.authenticate(secret) is None
    assert list(EventRow.objects.values_list("name", flat=True)) == ["token.created", "token.revoked"]


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"name": ""}, "name", "say what the token is for"),
        ({"name": "x" * 5000}, "name", "5000 characters"),
        ({"name": "a\x00"}, "name", "U+0000"),
        ({"name": "a\u2066"}, "name", "U+2066"),
        ({"scopes": ["everything"]}, "scopes", "“everything” is none"),
        ({"ends": "tomorrow"}, "ends", "one of the offered"),
        ({"ends": "custom", "day": ""}, "day", "give a day"),
        ({"ends": "custom", "day": "\x00"}, "day", "give a day"),
        ({"ends": "custom", "day": "2020-01-01"}, "day", "is over"),
        ({"ends": "custom", "day": "2999-01-01"}, "day", "one year"),
    ],
)
def test_refused_forms_say_why_and_keep_the_values(values: dict[str, Any], field: str, words: str) -> None:
    form = {"name": "mirror", "ends": "30", "scopes": ["repo"], **values}
    response = browser(make_account()).post(reverse("settings_token_new"), form)
    assert response.status_code == 422
    assert words in faults_of(response)
    assert f'href="#{field}"' in faults_of(response)
    if field != "name":
        assert 'value="mirror"' in response.content.decode()
    if field != "scopes":
        assert 'value="repo" checked' in response.content.decode()
    assert not Token.objects.exists()


def test_all_faults_are_told_at_once() -> None:
    form = {"name": "", "ends": "custom", "day": "", "scopes": ["x"]}
    response = browser(make_account()).post(reverse("settings_token_new"), form)
    assert faults_of(response).count("<li>") == 3


@pytest.mark.parametrize("choice", ["7", "30", "60", "90"])
def test_ends_are_counted_in_days(choice: str) -> None:
    now = clock.now()
    assert rules.end_of(choice, "", now) == now + timedelta(days=int(choice))


def test_other_ends() -> None:
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert rules.end_of("none", "", now) is None
    assert rules.end_of("custom", "2026-11-24", now) == datetime(2026, 11, 24, 23, 59, 59, tzinfo=UTC)


def test_what_opens_nothing() -> None:
    account = make_account()
    with clock.freeze() as frozen:
        _token, secret = _make(account, expires_at=clock.now() + timedelta(days=7))
        assert queries.authenticate(secret)
        frozen.move(days=7)
        assert queries.authenticate(secret) is None
    _token, secret = _make(account)
    assert queries.authenticate(secret)
    for wrong in ("", "oht_", secret[:-1], secret[:-1] + "!", secret.swapcase(), " " + secret, "ghp_" + secret[4:]):
        assert queries.authenticate(wrong) is None
    Account.objects.filter(pk=account.pk).update(state="suspended", is_active=False)
    assert queries.authenticate(secret) is None


def test_guesses_ask_no_database(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert queries.authenticate("oht_" + "a" * 36) is None
        assert queries.authenticate("x" * 5000) is None


def test_actions_refuse_bad_values_and_other_people() -> None:
    account, other = make_account(), make_account("amara")
    with pytest.raises(Invalid) as refused:
        _make(account, "nonsense", name=" ", expires_at=clock.now() - timedelta(days=1))
    assert codes(refused) == {("name", "empty"), ("scopes", "unknown"), ("expires", "past")}
    with pytest.raises(Invalid):
        _make(account, expires_at=clock.now() + timedelta(days=400))
    token, _secret = _make(account)
    with pytest.raises(Denied):
        actions.revoke_token(actor=actor_of(other), token=token)
    assert browser(other).post(reverse("settings_token_revoke", kwargs={"number": token.pk})).status_code == 404


def test_no_token_makes_or_sees_tokens() -> None:
    account = make_account()
    powerful = actor_of(account, scopes=frozenset(rules.SCOPES))
    with pytest.raises(Denied):
        actions.create_token(actor=powerful, account=account, name="more")
    _token, secret = _make(account, *rules.SCOPES)
    header = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
    assert browser(**header).get(reverse("settings_tokens")).status_code == 403
    assert browser(**header).get(reverse("settings_profile")).status_code == 200


def test_offered_scopes_open_something_and_have_words() -> None:
    assert set(queries.DESCRIPTIONS) == set(rules.SCOPES)
    offered = [name for name, words in queries.offered_scopes(actor_of(make_account())) if words]
    assert {"repo", "public_repo", "user", "admin:public_key"} <= set(offered)
    assert "site_admin" not in offered
    assert "gist" not in offered
    admin = actor_of(make_account("keeper", is_admin=True))
    assert "site_admin" in [name for name, _words in queries.offered_scopes(admin)]


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "token", "Token"])
def test_pages_are_read_with_a_token_and_nothing_is_written(scheme: str) -> None:
    lastuse.forget_noted()
    _token, secret = _make(make_account(), "user")
    with writes_forbidden():
        response = browser(HTTP_AUTHORIZATION=f"{scheme} {secret}").get(reverse("settings_profile"))
    assert response.status_code == 200


@pytest.mark.parametrize(
    "header", ["Bearer oht_wrong", "Basic !!!", "Basic " + base64.b64encode(b"nocolon").decode(), "Digest x"]
)
def test_credentials_that_open_nothing_are_answered_401(header: str) -> None:
    response = browser(HTTP_AUTHORIZATION=header).get(reverse("account_login"))
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Basic")


def test_a_token_writes_nothing_through_pages() -> None:
    _token, secret = _make(make_account(), "user")
    client = browser(HTTP_AUTHORIZATION=f"Bearer {secret}")
    assert client.post(reverse("settings_profile"), {"display_name": "x"}).status_code == 302


def test_basic_takes_a_token_in_either_half_or_a_password() -> None:
    account = make_account(password=PASSWORD)
    _token, secret = _make(account, "repo")
    for pair in (("linyue", secret), (secret, ""), (secret, "x-oauth-basic"), ("x-access-token", secret)):
        actor = actions.authenticate_header(_basic(*pair), address="192.0.2.1")
        assert actor
        assert (actor.account_id, actor.scopes) == (account.pk, {"repo"})
    actor = actions.authenticate_header(_basic("LinYue", PASSWORD), address="192.0.2.1")
    assert actor
    assert (actor.account_id, actor.scopes, actor.credential) == (account.pk, None, "password")
    for pair in (("linyue", "wrong"), ("", ""), ("linyue", ""), ("linyue", secret[:-1] + "0")):
        assert actions.authenticate_header(_basic(*pair), address="192.0.2.1") is None


def test_wrong_passwords_over_basic_share_the_limits_of_the_page() -> None:
    make_account(password=PASSWORD)
    for _ in range(config.current().limits.sign_in_attempts):
        assert actions.authenticate_basic("linyue", "wrong", address="192.0.2.1") is None
    with pytest.raises(attempts.TooMany):
        actions.authenticate_basic("linyue", PASSWORD, address="192.0.2.1")
    login = browser().post(reverse("account_login"), {"login": "linyue", "password": PASSWORD})
    assert login.status_code == 429
    page = browser(HTTP_AUTHORIZATION=_basic("linyue", PASSWORD)).get(reverse("settings_profile"))
    assert page.status_code == 429
    assert int(page["Retry-After"]) > 0


def test_last_use_is_shown_at_once_and_carried_over() -> None:
    lastuse.forget_noted()
    account = make_account()
    _token, secret = _make(account)
    queries.authenticate(secret)
    assert queries.lines_of(account)[0].token.last_used_at is not None
    assert Token.objects.get().last_used_at is None
    assert actions.carry_over_last_use() == 1
    assert Token.objects.get().last_used_at is not None


def test_ends_raise_alarm() -> None:
    account = make_account()
    _make(account, name="never")
    _make(account, name="soon", expires_at=clock.now() + timedelta(days=2))
    _make(account, name="later", expires_at=clock.now() + timedelta(days=60))
    assert {line.token.name: line.alarm for line in queries.lines_of(account)} == {
        "never": "bad",
        "soon": "warn",
        "later": "",
    }
