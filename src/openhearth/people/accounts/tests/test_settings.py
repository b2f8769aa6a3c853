from __future__ import annotations

import pytest
from django.urls import reverse

from openhearth.kernel import lastuse
from openhearth.kernel.events.models import EventRow
from openhearth.people.accounts.models import Account
from openhearth.people.accounts.tests.people import browser, faults_of, make_account
from openhearth.people.sessions import actions as sessions
from openhearth.people.sessions.models import Session
from openhearth.people.sessions.queries import places

pytestmark = pytest.mark.django_db(databases="__all__")
PROFILE = {"display_name": "林玥", "bio": "One\r\nTwo", "location": "杭州", "website": "https://lin.example"}


def test_the_profile_is_saved_and_told_of() -> None:
    account = make_account()
    client = browser(account)
    sent = client.post(reverse("settings_profile"), {**PROFILE, "show_email": "on"})
    assert sent.status_code == 303
    assert "is saved" in client.get(sent["Location"]).content.decode()
    account.refresh_from_db()
    assert (account.display_name, account.bio, account.show_email) == ("林玥", "One\nTwo", True)
    assert EventRow.objects.get().payload["fields"] == ["show_email", "display_name", "bio", "location", "website"]
    client.post(reverse("settings_profile"), {**PROFILE, "show_email": "on"})
    assert EventRow.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("display_name", "x" * 5000, "5000 characters"),
        ("display_name", "a\nb", "U+000A"),
        ("display_name", "lin\u202eyue", "U+202E"),
        ("display_name", "a\x00", "U+0000"),
        ("bio", "x" * 5000, "5000 characters"),
        ("bio", "a\x00b", "U+0000"),
        ("bio", "a\u2067b", "U+2067"),
        ("location", "x" * 5000, "5000 characters"),
        ("location", "\x00", "U+0000"),
        ("website", "x" * 5000, "5000 characters"),
        ("website", "javascript:alert(1)", "is no address"),
        ("website", "lin.example", "is no address"),
        ("website", "https://", "is no address"),
        ("website", "https://a b", "is no address"),
        ("website", "https://a.example\u202e", "U+202E"),
    ],
)
def test_refused_profiles_say_why_and_keep_the_values(field: str, value: str, words: str) -> None:
    account = make_account()
    response = browser(account).post(reverse("settings_profile"), {**PROFILE, field: value})
    assert response.status_code == 422
    assert words in faults_of(response)
    assert f'href="#{field}"' in faults_of(response)
    for other in {"display_name", "location", "website"} - {field}:
        assert f'value="{PROFILE[other]}"' in response.content.decode()
    account.refresh_from_db()
    assert account.display_name == ""


def test_html_in_a_profile_is_text() -> None:
    client = browser(make_account(display_name="<script>alert(1)</script>", bio='"><img src=x>'))
    text = client.get(reverse("settings_profile")).content.decode()
    assert "<script>alert(1)" not in text
    assert "<img" not in text


def test_preferences_hold_for_the_next_page() -> None:
    account = make_account()
    client = browser(account)
    form = {"language": "zh-Hans", "time_zone": "Asia/Shanghai", "theme": "dark"}
    sent = client.post(reverse("settings_preferences"), form)
    assert sent.status_code == 303
    page = client.get(reverse("settings_preferences")).content.decode()
    assert '<html lang="zh-Hans" data-theme="dark">' in page
    account.refresh_from_db()
    assert (account.language, account.time_zone) == ("zh-Hans", "Asia/Shanghai")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("language", "tlh"),
        ("language", "x" * 5000),
        ("time_zone", "Mars/Base"),
        ("time_zone", "../etc"),
        ("theme", "pink"),
    ],
)
def test_unknown_preferences_are_named(field: str, value: str) -> None:
    form = {"language": "en", "time_zone": "", "theme": "auto", field: value}
    response = browser(make_account()).post(reverse("settings_preferences"), form)
    assert response.status_code == 422
    assert f'href="#{field}"' in faults_of(response)


def test_the_language_chosen_at_the_foot_is_kept_for_the_account() -> None:
    account = make_account()
    client = browser(account)
    client.post(reverse("appearance"), {"lang": "zh-Hans", "next": "/"})
    account.refresh_from_db()
    assert account.language == "zh-Hans"


def test_sessions_are_listed_and_ended() -> None:
    lastuse.forget_noted()
    account = make_account()
    here, there, elsewhere = browser(account), browser(account), browser(account)
    address = reverse("settings_sessions")
    page = here.get(address).content.decode()
    assert page.count("Firefox 140") >= 3
    assert "192.0.2.7" in page
    assert "This session" in page
    mine = places(account.pk, "")
    current = here.session["_seat"]["id"]
    other = next(place for place in mine if place.public_id == there.session["_seat"]["id"])
    assert here.post(address, {"session": other.public_id}).status_code == 303
    assert there.get(address).status_code == 302
    assert elsewhere.get(address).status_code == 200
    assert here.post(address).status_code == 303
    assert elsewhere.get(address).status_code == 302
    assert here.get(address).status_code == 200
    assert [place.public_id for place in places(account.pk, current)] == [current]


def test_nobody_ends_the_sessions_of_others() -> None:
    account, other = make_account(), make_account("amara")
    victim = browser(account)
    public_id = victim.session["_seat"]["id"]
    browser(other).post(reverse("settings_sessions"), {"session": public_id})
    assert victim.get(reverse("settings_sessions")).status_code == 200


def test_last_seen_is_gathered_once_a_minute_by_a_job() -> None:
    lastuse.forget_noted()
    account = make_account()
    client = browser(account)
    client.get(reverse("settings_profile"))
    row = Session.objects.get()
    assert row.last_seen_at is None
    assert places(account.pk, "")[0].seen_at > row.created_at
    assert sessions.carry_over_last_seen() == 1
    row.refresh_from_db()
    assert row.last_seen_at is not None
    session = client.session
    session["x"] = 1
    session.save()
    row.refresh_from_db()
    assert row.last_seen_at is not None


def test_expired_sessions_are_no_sessions_and_go_away() -> None:
    client = browser(make_account())
    Session.objects.update(expire_date="2020-01-01T00:00:00Z")
    assert client.get(reverse("settings_profile")).status_code == 302
    assert sessions.remove_expired() == 1
    assert sessions.remove_expired() == 0


def test_the_stored_key_is_not_the_cookie() -> None:
    client = browser(make_account())
    stored = Session.objects.get().session_key
    stolen = browser()
    stolen.cookies["session"] = stored
    assert stolen.get(reverse("settings_profile")).status_code == 302
    assert client.cookies["session"].value not in stored


@pytest.mark.parametrize("cookie", ["", "x", "a" * 5000, "\u00e9", "../../etc"])
def test_made_up_cookies_are_nobody(cookie: str) -> None:
    client = browser()
    client.cookies["session"] = cookie
    assert client.get(reverse("settings_profile")).status_code == 302


def test_accounts_are_erased_with_their_sessions() -> None:
    account = make_account()
    browser(account)
    Account.objects.filter(pk=account.pk).delete()
    assert not Session.objects.exists()
