import pytest
from django.test import Client
from django.utils import timezone

from openhearth.kernel import config
from openhearth.kernel.policy.actors import anonymous
from openhearth.web import appearance, shell
from openhearth.web.tests.conftest import HTML


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("zh-TW", "zh-Hans"),
        ("fr,zh;q=0.5,en;q=0.3", "zh-Hans"),
        ("en-US,zh;q=0.5", "en"),
        ("fr", "en"),
        ("", "en"),
    ],
)
def test_language_from_the_browser(client, header, lang):
    response = client.get("/-/kit", headers={"accept-language": header})
    assert f'<html lang="{lang}"'.encode() in response.content
    assert response["Content-Language"] == lang


def test_cookie_wins_over_the_browser(client):
    client.cookies["lang"] = "en"
    assert b'<html lang="en"' in client.get("/-/kit", headers={"accept-language": "zh"}).content


def test_account_wins_over_the_cookie(rf):
    request = rf.get("/")
    request.COOKIES["lang"] = "en"
    request.actor = anonymous("zh-hans")
    assert appearance.language(request) == "zh-hans"


def test_language_of_one_request_does_not_stay(client):
    client.get("/-/kit", headers={"accept-language": "zh"})
    assert b'<html lang="en"' in client.get("/-/kit").content


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_theme_is_written_by_the_server(client, theme):
    client.cookies["theme"] = theme
    assert f'data-theme="{theme}"'.encode() in client.get("/-/kit").content


def test_unknown_theme_is_auto(client):
    client.cookies["theme"] = '"><script>'
    assert b'data-theme="auto"' in client.get("/-/kit").content


def test_choosing_without_script(client):
    response = client.post("/-/appearance", {"theme": "dark", "lang": "zh-Hans", "next": "/-/kit?x=1"})
    assert (response.status_code, response["Location"]) == (303, "/-/kit?x=1")
    page = client.get("/-/kit").content
    assert b'data-theme="dark"' in page
    assert b'<html lang="zh-Hans"' in page


def test_choice_needs_the_form_of_a_page():
    strict = Client(enforce_csrf_checks=True)
    response = strict.post("/-/appearance", {"theme": "dark"}, headers={"accept": HTML})
    assert response.status_code == 403
    assert b"load the page again" in response.content


@pytest.mark.parametrize("away", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1", ""])
def test_choosing_leads_to_no_other_site(client, away):
    assert client.post("/-/appearance", {"theme": "dark", "next": away})["Location"] == "/"


def test_unknown_values_are_not_kept(client):
    assert not client.post("/-/appearance", {"theme": "pink", "lang": "xx"}).cookies


def test_choices_reach_the_account(client, monkeypatch):
    kept = []
    monkeypatch.setattr(shell, "_remember", [])
    shell.remember_choices(lambda _request, choices: kept.append(choices))
    client.post("/-/appearance", {"lang": "zh-Hans"})
    assert kept == [{"lang": "zh-Hans"}]


@pytest.mark.parametrize(
    ("cookie", "zone"),
    [("Asia/Shanghai", "Asia/Shanghai"), ("Nowhere/Land", "UTC"), ("../../etc/passwd", "UTC"), ("", "UTC")],
)
def test_time_zone_of_the_browser(rf, cookie, zone):
    request = rf.get("/")
    request.COOKIES["tz"] = cookie
    assert appearance.time_zone(request).key == zone
    assert timezone.get_current_timezone_name() == "UTC"


@pytest.mark.parametrize(("mode", "shown"), [("open", True), ("approval", True), ("closed", False)])
def test_create_account_only_where_it_is_possible(client, configured, mode, shown):
    configured(registration=mode)
    assert config.current().registration == mode
    assert (b"Create account" in client.get("/-/kit").content) is shown


def test_signed_in_top_bar(client):
    client.cookies["me"] = "1"
    page = client.get("/-/kit").content.decode()
    assert "Sign out" in page
    assert "New repository" in page
    assert 'action="/-/logout"' in page
    assert ">Sign in<" not in page


def test_no_link_to_what_does_not_exist(client):
    client.cookies["me"] = "1"
    page = client.get("/-/kit").content.decode()
    for word in ("Foundation", "Observatory", "Inbox", "Search or jump", "Administration", "Profile</a>\n<a"):
        assert word not in page
