import pytest

from openhearth.web.middleware import client_address, public_name
from openhearth.web.tests.conftest import HTML

PROXIES = ("10.0.0.0/8", "::1")


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # an untrusted peer says what it likes
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.2.3.4, 198.51.100.1", "198.51.100.1"),  # what the client invented stays out
        ("10.0.0.1", "198.51.100.1, 10.9.9.9", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("10.0.0.1", "[2001:db8::7]:4711", "2001:db8::7"),
        ("::1", "2001:db8::7", "2001:db8::7"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("", "198.51.100.1", ""),
    ],
)
def test_client_address(peer, forwarded, expected):
    assert client_address(peer, forwarded, PROXIES) == expected


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"])
def test_no_public_name_on_one_machine(url):
    assert public_name(url) == ""


def test_every_host_is_answered_without_a_public_name(client, configured):
    configured()
    assert client.get("/plain", headers={"host": "laptop.example:8000"}).status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("code.example", 200),
        ("CODE.example", 200),
        ("code.example:443", 200),
        ("code.example:8443", 421),
        ("code.example.evil.example", 421),
        ("evil.example", 421),
        ("127.0.0.1", 421),
        ("", 421),
    ],
)
def test_only_the_public_name_is_answered(client, configured, host, status):
    configured(url="https://code.example")
    response = client.get("/plain", headers={"host": host})
    assert response.status_code == status
    if status == 421:
        assert b"https://code.example" in response.content


def test_public_address_decides_the_scheme(client, configured):
    configured(url="https://code.example")
    assert client.get("/plain", headers={"host": "code.example"}).content == b"127.0.0.1 secure code.example"


def test_forwarded_headers_of_strangers_are_dropped(client, configured):
    configured()
    sent = {"x-forwarded-for": "9.9.9.9", "x-forwarded-proto": "https", "x-forwarded-host": "evil.example"}
    assert client.get("/plain", headers=sent).content == b"127.0.0.1 plain testserver"


def test_forwarded_headers_of_a_trusted_proxy_hold(client, configured):
    configured(trusted_proxies="127.0.0.1/32")
    sent = {"x-forwarded-for": "9.9.9.9", "x-forwarded-proto": "https", "x-forwarded-host": "code.example"}
    assert client.get("/plain", headers=sent).content == b"9.9.9.9 secure code.example"


def test_request_id_is_given_not_chosen(client):
    first, second = (client.get("/plain", headers={"x-request-id": "chosen"}) for _ in range(2))
    assert first["X-Request-Id"] != second["X-Request-Id"]
    assert "chosen" not in (first["X-Request-Id"], second["X-Request-Id"])
    assert client.get("/plain", headers={"x-request-id": "0123456789abcdef"})["X-Request-Id"] == "0123456789abcdef"


@pytest.mark.parametrize("address", ["/plain", "/-/kit", "/a/b/c", "/denied?reason=role"])
def test_every_answer_is_closed(client, address):
    headers = client.get(address, headers={"accept": HTML}).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["img-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Referrer-Policy"]
    assert headers["Permissions-Policy"]


def test_pages_are_not_shared_between_readers(client):
    headers = client.get("/-/kit").headers
    assert headers["Cache-Control"] == "private, no-cache"
    assert {"Cookie", "Accept-Language"} <= set(headers["Vary"].split(", "))
