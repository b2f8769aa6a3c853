from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from openhearth.kernel import lastuse
from openhearth.kernel.errors import Invalid
from openhearth.kernel.events.models import EventRow
from openhearth.kernel.policy.actors import Actor, system
from openhearth.kernel.policy.engine import Denied
from openhearth.people.accounts.models import Account
from openhearth.people.accounts.queries import actor_of
from openhearth.people.accounts.tests.people import browser, codes, faults_of, make_account
from openhearth.people.keys import actions, queries
from openhearth.people.keys.models import Key
from openhearth.people.keys.tests.test_rules import ED25519, SK_ECDSA, SK_ED25519

pytestmark = pytest.mark.django_db(databases="__all__")


def _add(account: Account, text: str = ED25519, **values: Any) -> Key:
    return actions.add_key(actor=system("test"), account=account, text=text, **values)


def test_a_key_is_added_listed_found_and_removed() -> None:
    account = make_account()
    client = browser(account)
    sent = client.post(reverse("settings_keys"), {"title": "Desk", "key": ED25519 + "\r\n"})
    assert sent.status_code == 303
    page = client.get(sent["Location"]).content.decode()
    key = Key.objects.get()
    assert key.fingerprint in page
    assert "Never used" in page
    assert queries.find_key(key.fingerprint) == key
    actor = queries.actor_for_key(key.fingerprint)
    assert actor
    assert (actor.account_id, actor.scopes, actor.credential) == (account.pk, None, f"key:{key.pk}")
    assert client.post(reverse("settings_key_remove", kwargs={"number": key.pk})).status_code == 303
    assert queries.actor_for_key(key.fingerprint) is None
    assert list(EventRow.objects.values_list("name", flat=True).order_by("pk")) == ["key.added", "key.removed"]


def test_a_key_without_title_is_called_by_its_comment_or_type() -> None:
    account = make_account()
    assert _add(account).title == "lin@desk at home"
    assert _add(account, SK_ECDSA).title == "ECDSA-SK"


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"key": ""}, "key", "paste the content"),
        ({"key": "hello"}, "key", "is no type of key"),
        ({"key": "ssh-dss AAAA"}, "key", "DSA keys"),
        ({"key": "x" * 30_000}, "key", "longer than"),
        ({"key": "\x00\u202e"}, "key", "is no type of key"),
        ({"title": "x" * 5000}, "title", "5000 characters are more than the 100"),
        ({"title": "a\x00b"}, "title", "U+0000"),
        ({"title": "a\u202eb"}, "title", "U+202E"),
    ],
)
def test_refused_forms_say_why_and_keep_the_values(values: dict[str, str], field: str, words: str) -> None:
    client = browser(make_account())
    response = client.post(reverse("settings_keys"), {"title": "Desk", "key": ED25519, **values})
    assert response.status_code == 422
    assert words in faults_of(response)
    assert f'href="#{field}"' in faults_of(response)
    if field == "key":
        assert 'value="Desk"' in response.content.decode()
    assert not Key.objects.exists()


def test_a_private_key_is_not_shown_again() -> None:
    secret = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----"
    response = browser(make_account()).post(reverse("settings_keys"), {"key": secret})
    assert response.status_code == 422
    assert "It was not kept" in faults_of(response)
    assert "b3BlbnNzaC1rZXk" not in response.content.decode()


def test_a_key_stands_for_one_account() -> None:
    _add(make_account())
    with pytest.raises(Invalid) as refused:
        _add(make_account("amara"))
    assert codes(refused) == {("key", "taken")}
    with pytest.raises(Invalid) as again:
        _add(Account.objects.get(name="linyue"))
    assert "already" in str(again.value.faults[0].message)


def test_nobody_touches_the_keys_of_others() -> None:
    account, other = make_account(), make_account("amara")
    key = _add(account)
    with pytest.raises(Denied):
        actions.add_key(actor=actor_of(other), account=account, text=SK_ED25519)
    with pytest.raises(Denied):
        actions.remove_key(actor=actor_of(other), key=key)
    assert browser(other).post(reverse("settings_key_remove", kwargs={"number": key.pk})).status_code == 404
    assert Key.objects.count() == 1


@pytest.mark.parametrize(
    ("scope", "add", "remove"), [("write:public_key", True, False), ("admin:public_key", True, True)]
)
def test_tokens_need_the_scope(scope: str, add: bool, remove: bool) -> None:
    account = make_account()
    actor: Actor = actor_of(account, scopes=frozenset({scope}))
    key = actions.add_key(actor=actor, account=account, text=ED25519) if add else _add(account)
    if remove:
        actions.remove_key(actor=actor, key=key)
    else:
        with pytest.raises(Denied):
            actions.remove_key(actor=actor, key=key)


def test_keys_of_suspended_accounts_open_nothing() -> None:
    account = make_account()
    key = _add(account)
    Account.objects.filter(pk=account.pk).update(state="suspended", is_active=False)
    assert queries.find_key(key.fingerprint) == key
    assert queries.actor_for_key(key.fingerprint) is None


def test_last_use_is_shown_at_once_and_carried_over() -> None:
    lastuse.forget_noted()
    account = make_account()
    key = _add(account)
    assert queries.keys_of(account)[0].last_used_at is None
    queries.actor_for_key(key.fingerprint)
    assert queries.keys_of(account)[0].last_used_at is not None
    assert Key.objects.get().last_used_at is None
    assert actions.carry_over_last_use() == 1
    assert Key.objects.get().last_used_at is not None
    assert actions.carry_over_last_use() == 0


def test_short_rsa_keys_are_marked() -> None:
    key = Key(type="ssh-rsa", bits=2048)
    assert key.is_short
    assert key.kind == "RSA 2048"
    assert not Key(type="ssh-ed25519", bits=256).is_short
