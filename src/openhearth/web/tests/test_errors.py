import json
from types import SimpleNamespace

import pytest
from django.core.exceptions import RequestDataTooBig
from django.test import Client

from openhearth.kernel import slots
from openhearth.web import errors, shell
from openhearth.web.tests.conftest import HTML

LANGUAGES = ["en", "zh-CN"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("status", sorted(errors.KINDS))
def test_every_error_has_its_page(client, status, language):
    response = client.get(f"/-/kit/error/{status}", headers={"accept": HTML, "accept-language": language})
    page = response.content.decode()
    assert response.status_code == status
    assert response["Content-Type"].startswith("text/html")
    assert response["X-Request-Id"] in page
    assert page.count("<h1>") == 1


def test_missing_page_offers_ways_on(client):
    page = client.get("/a/b/<c>", headers={"accept": HTML}).content.decode()
    assert "We cannot say which" in page
    assert 'href="/-/login?next=%2Fa%2Fb%2F%253Cc%253E"' in page
    assert 'href="/-/explore"' in page
    assert "/a/b/&lt;c&gt;" in page


def test_hidden_and_missing_answer_with_the_same_words(client):
    hidden, missing = (client.get(path, headers={"accept": HTML}) for path in ("/hidden", "/a/b/c/d"))
    assert hidden.status_code == missing.status_code == 404

    def without_address(response, path):
        page = response.content.decode().replace(response["X-Request-Id"], "")
        for written in (path, path.replace("/", "%2F")):
            page = page.replace(written, "")
        token = page.split('csrfmiddlewaretoken" value="')[1].split('"')[0]
        return page.replace(token, "").replace(page.split('csrfmiddlewaretoken" value="')[2].split('"')[0], "")

    assert without_address(hidden, "/hidden") == without_address(missing, "/a/b/c/d")


def test_denied_says_why(client):
    client.cookies["me"] = "1"
    response = client.get("/denied?reason=archived", headers={"accept": HTML})
    assert response.status_code == 403
    assert b"archived, so it can only be read" in response.content


def test_visitor_is_led_to_the_sign_in_page(client):
    response = client.get("/denied?reason=sign-in", headers={"accept": HTML})
    assert response.status_code == 302
    assert response["Location"] == "/-/login?next=%2Fdenied%3Freason%3Dsign-in"
    assert client.get("/denied?reason=sign-in").status_code == 403


def test_programs_get_json_or_a_line(client):
    answer = client.get("/a/b/c", headers={"accept": "application/json"})
    assert json.loads(answer.content) == {
        "message": "Nothing is burning here",
        "detail": str(errors.KINDS[404].body),
        "status": "404",
        "request_id": answer["X-Request-Id"],
    }
    line = client.get("/a/b/c")
    assert line["Content-Type"] == "text/plain; charset=utf-8"
    assert line.content.decode().startswith("404 Nothing is burning here\n")


def test_wrong_method_keeps_allow(client):
    response = client.post("/plain", headers={"accept": HTML})
    assert (response.status_code, response["Allow"]) == (405, "GET")
    assert b"Nothing was changed" in response.content


def test_too_much_is_413(rf):
    assert errors.bad_request(rf.post("/"), RequestDataTooBig()).status_code == 413


def test_broken_page_asks_nobody(monkeypatch):
    """Where everything above is broken, the error page still comes, in the reader's language."""

    def broken(*_args, **_kwargs):
        raise RuntimeError("database is gone")

    monkeypatch.setattr(slots, "filled", broken)
    monkeypatch.setattr(shell, "may_register", broken)
    client = Client(raise_request_exception=False)
    client.cookies["me"] = "1"
    response = client.get("/breaks", headers={"accept": HTML})
    assert response.status_code == 500
    assert response["X-Request-Id"] in response.content.decode()
    assert b"Something broke on our side" in response.content


def test_error_page_that_breaks_itself_is_a_line(rf, monkeypatch, caplog):
    monkeypatch.setattr(errors, "KINDS", {})
    request = rf.get("/", headers={"accept": HTML})
    request.request_id = "0123456789abcdef"
    response = errors.server_error(request)
    assert (response.status_code, response.content) == (500, b"500\nRequest 0123456789abcdef\n")
    assert "The page about an error broke" in caplog.text


def test_old_form_says_what_to_do(client, rf):
    request = rf.post("/", headers={"accept": HTML})
    request.request_id, request.me = "1", SimpleNamespace()
    request.me = None
    response = errors.csrf_failure(request, reason="CSRF cookie not set.")
    assert response.status_code == 403
    assert b"This form is out of date" in response.content
    assert b"CSRF" not in response.content
