"""The outbound client against a real server on 127.0.0.1 and a sink on 127.0.0.2 that must stay untouched."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address, ip_network

import pytest

from openhearth.kernel.fetch import (
    FetchError,
    FetchPolicy,
    FetchRefused,
    check,
    fetch,
    fetch_async,
    policy_from,
    stream,
)
from openhearth.kernel.fetch.addresses import is_allowed
from openhearth.kernel.fetch.urls import parse


class Server:
    """An HTTP server that notes every connection and answers by path."""

    def __init__(self, address: str, port: int = 0) -> None:
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.connections = 0
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                server.connections += 1
                super().setup()

            def log_message(self, *args: object) -> None:
                pass

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                server.seen.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                server.respond(self)

            do_GET = do_POST = answer  # noqa: N815

        self.httpd = ThreadingHTTPServer((address, port), Handler)
        self.httpd.daemon_threads = True
        self.httpd.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.port: int = self.httpd.server_address[1]
        self.location = ""
        self.thread = threading.Thread(target=self.httpd.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.thread.start()

    def respond(self, handler: BaseHTTPRequestHandler) -> None:
        path = handler.path
        if path.startswith("/redirect/"):
            self.send(handler, int(path.split("/")[2][:3]), b"", [("Location", self.location)])
        elif path == "/loop":
            self.send(handler, 302, b"", [("Location", "/loop")])
        elif path == "/big":
            self.send(handler, 200, b"x" * 300_000)
        elif path == "/bomb":
            self.send(handler, 200, gzip.compress(b"\0" * 3_000_000), [("Content-Encoding", "gzip")])
        elif path == "/drip":
            with contextlib.suppress(OSError):
                handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
                for number in range(100):
                    handler.wfile.write(f"X-{number}: y\r\n".encode())
                    time.sleep(0.05)
        else:
            self.send(handler, 200, b"hello")

    def send(
        self, handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: list[tuple[str, str]] | None = None
    ) -> None:
        handler.send_response(status)
        for name, value in headers or []:
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)

    def close(self) -> None:
        self.httpd.shutdown()
        self.httpd.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server("127.0.0.1")
    yield made
    made.close()


@pytest.fixture
def sink() -> Iterator[Server]:
    made = Server("127.0.0.2")
    yield made
    assert made.connections == 0, made.seen
    made.close()


class Names:
    """A resolver with a table; each list is given out answer by answer, the last one stays."""

    def __init__(self, **table: list[list[str]]) -> None:
        self.table = {name.replace("_", "."): answers for name, answers in table.items()}
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        answers = self.table.get(host)
        if answers is None:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return answers.pop(0) if len(answers) > 1 else answers[0]


def lenient(names: Names, **more: object) -> FetchPolicy:
    """127.0.0.1 plays the public network; 127.0.0.2 stays forbidden."""
    return FetchPolicy(allow_private=(ip_network("127.0.0.1/32"),), ports=None, resolver=names, seconds=5, **more)  # type: ignore[arg-type]


PUBLIC = Names(site_example=[["127.0.0.1"]], inside_example=[["127.0.0.2"]])


def test_plain_request(server: Server) -> None:
    answer = fetch("GET", f"http://site.example:{server.port}/a?b=ü#frag", policy=lenient(PUBLIC))
    assert (answer.status, answer.body, answer.header("Content-Length")) == (200, b"hello", "5")
    method, path, headers, _ = server.seen[0]
    assert (method, path) == ("GET", "/a?b=%C3%BC")
    assert headers["host"] == f"site.example:{server.port}"
    assert headers["user-agent"] == "OpenHearth"


async def test_async_request_with_body(server: Server) -> None:
    answer = await fetch_async(
        "POST",
        f"http://site.example:{server.port}/hook",
        headers=[("X-Signature", "abc")],
        body=b"{}",
        policy=lenient(PUBLIC),
    )
    assert answer.status == 200
    assert server.seen[0][3] == b"{}"
    assert server.seen[0][2]["x-signature"] == "abc"


ODD_WRITTEN = r"""
http://127.0.0.2:{p}/ http://127.0.0.2.:{p}/ http://localhost:{p}/ http://localhost.:{p}/
http://LOCALHOST:{p}/ http://2130706434:{p}/ http://0x7f000002:{p}/ http://0x7f.0.0.2:{p}/
http://0177.0.0.2:{p}/ http://017700000002:{p}/ http://127.2:{p}/ http://127.0.2:{p}/
http://0x7F.1:{p}/ http://127.000.000.002:{p}/ http://0:{p}/ http://0.0.0.0:{p}/ http://00000:{p}/
http://0x:{p}/ http://[::1]:{p}/ http://[::]:{p}/ http://[::ffff:127.0.0.2]:{p}/
http://[::ffff:7f00:2]:{p}/ http://[0:0:0:0:0:ffff:7f00:0002]:{p}/ http://[::127.0.0.2]:{p}/
http://[fe80::1%25lo]:{p}/ http://[fe80::1]:{p}/ http://[fd00::1]:{p}/ http://[2002:7f00:2::]:{p}/
http://[2001:0:7f00:2::]:{p}/ http://[64:ff9b::7f00:2]:{p}/ http://[64:ff9b:1::7f00:2]:{p}/
http://[2606:4700::5efe:7f00:2]:{p}/ http://127。0。0。2:{p}/ http://127．0．0．2:{p}/
http://①②⑦.⓪.⓪.②:{p}/ http://１２７.0.0.2:{p}/ http://ⓛocalhost:{p}/ http://user@127.0.0.2:{p}/
http://site.example@127.0.0.2:{p}/ http://127.0.0.2:{p}@site.example/
http://site.example\@127.0.0.2:{p}/ http://127.0.0.2%2f@site.example:{p}/
http://%31%32%37.0.0.2:{p}/ http://127.0.0.2%00.site.example:{p}/ http:127.0.0.2:{p}/
http:/127.0.0.2:{p}/ http:///127.0.0.2:{p}/ http:\\127.0.0.2:{p}/ //127.0.0.2:{p}/ 127.0.0.2:{p}
file:///etc/passwd gopher://127.0.0.2:{p}/ ftp://127.0.0.2:{p}/ dict://127.0.0.2:{p}/
ssh://127.0.0.2:{p}/ git://127.0.0.2:{p}/ ext::sh http://169.254.169.254/
http://169.254.169.254:{p}/ http://10.0.0.1:{p}/ http://172.16.0.1:{p}/ http://192.168.0.1:{p}/
http://100.64.0.1:{p}/ http://224.0.0.1:{p}/ http://255.255.255.255:{p}/ http://240.0.0.1:{p}/
http://198.18.0.1:{p}/ http://168.63.129.16:{p}/ http://[ff02::1]:{p}/ http://inside.example:{p}/
http://mixed.example:{p}/ http://site..example:{p}/ http://.site.example:{p}/ http://:{p}/
http://site.example:99999/ http://site.example:0/ http://site.example:-1/
http://site.example:{p}0000/ http://-x.example:{p}/ http://[127.0.0.2]:{p}/ http://127.0.0.2:{p}:80/
http://127.0.0.2#@site.example:{p}/ http://127.0.0.2?@site.example:{p}/
"""
ODD = ODD_WRITTEN.split()


@pytest.mark.parametrize("written", ODD)
def test_odd_spellings_reach_nothing(written: str, sink: Server, server: Server) -> None:
    names = Names(
        site_example=[["127.0.0.1"]],
        inside_example=[["127.0.0.2"]],
        mixed_example=[["127.0.0.1", "127.0.0.2"]],
        localhost=[["127.0.0.2"]],
    )
    with pytest.raises(FetchRefused):
        fetch("GET", written.replace("{p}", str(sink.port)), policy=lenient(names))
    assert server.connections == 0


def test_enough_odd_spellings() -> None:
    assert len(set(ODD)) >= 40


@pytest.mark.parametrize(
    "written",
    [
        "http://site.example/\r\nX: y",
        "http://site.example/ a",
        "http://site.example/\ta",
        "http://site\u2028.example/",
        "http://site.example/" + "a" * 5000,
    ],
)
def test_broken_addresses(written: str) -> None:
    with pytest.raises(FetchRefused) as caught:
        check(written, lenient(PUBLIC))
    assert caught.value.code == "bad-url"


def test_spellings_of_good_addresses() -> None:
    assert parse("HTTP://Site.Example").url == "http://site.example/"
    assert parse("https://site.example:443/a").url == "https://site.example/a"
    assert parse("https://中文.example/路?a=b c".replace(" ", "+")).url == "https://xn--fiq228c.example/%E8%B7%AF?a=b+c"
    assert parse("http://[2606:4700:0:0::1111]:8080/").url == "http://[2606:4700::1111]:8080/"
    assert parse("http://my_host.example/%2f%zz").path == "/%2f%zz"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_to_forbidden_places_are_not_followed(status: int, server: Server, sink: Server) -> None:
    for location in (
        f"http://127.0.0.2:{sink.port}/",
        f"http://inside.example:{sink.port}/",
        f"//127.0.0.2:{sink.port}/",
        f"http://2130706434:{sink.port}/",
        "file:///etc/passwd",
    ):
        server.location = location
        with pytest.raises(FetchRefused):
            fetch("GET", f"http://site.example:{server.port}/redirect/{status}", policy=lenient(PUBLIC))


@pytest.mark.parametrize(
    ("status", "method", "body"),
    [(301, "GET", b""), (302, "GET", b""), (303, "GET", b""), (307, "POST", b"data"), (308, "POST", b"data")],
)
def test_redirect_changes_the_method_as_browsers_do(server: Server, status: int, method: str, body: bytes) -> None:
    server.location = "../final?x=1"
    answer = fetch("POST", f"http://site.example:{server.port}/redirect/{status}", body=b"data", policy=lenient(PUBLIC))
    assert answer.status == 200
    assert server.seen[-1][1] == "/final?x=1"
    assert (server.seen[-1][0], server.seen[-1][3]) == (method, body)


def test_credentials_stay_at_their_origin(server: Server) -> None:
    other = Server("127.0.0.1")
    try:
        server.location = f"http://site.example:{other.port}/x"
        sent = [("Authorization", "secret"), ("X-Signature", "s"), ("Accept", "text/plain")]
        fetch("GET", f"http://site.example:{server.port}/redirect/302", headers=sent, policy=lenient(PUBLIC))
        headers = other.seen[0][2]
        assert "authorization" not in headers
        assert "x-signature" not in headers
        assert headers["accept"] == "text/plain"
        server.location = f"http://site.example:{server.port}/y"
        fetch("GET", f"http://site.example:{server.port}/redirect/302", headers=sent, policy=lenient(PUBLIC))
        assert server.seen[-1][2]["authorization"] == "secret"
    finally:
        other.close()


def test_redirects_end(server: Server) -> None:
    with pytest.raises(FetchError) as caught:
        fetch("GET", f"http://site.example:{server.port}/loop", policy=lenient(PUBLIC))
    assert caught.value.code == "too-many-redirects"
    assert len(server.seen) == 6
    kept = fetch("GET", f"http://site.example:{server.port}/loop", policy=lenient(PUBLIC, redirects=0))
    assert kept.status == 302


def test_rebinding_names_connect_to_the_checked_address(server: Server, sink: Server) -> None:
    names = Names(turning_example=[["127.0.0.1"], ["127.0.0.2"]])
    answer = fetch("GET", f"http://turning.example:{server.port}/", policy=lenient(names))
    assert answer.body == b"hello"
    assert names.asked == ["turning.example"]
    with pytest.raises(FetchRefused):
        fetch("GET", f"http://turning.example:{server.port}/", policy=lenient(names))


def test_each_redirect_resolves_anew(server: Server, sink: Server) -> None:
    names = Names(turning_example=[["127.0.0.1"], ["127.0.0.2"]])
    server.location = "/again"
    with pytest.raises(FetchRefused):
        fetch("GET", f"http://turning.example:{server.port}/redirect/302", policy=lenient(names))


def test_no_proxy_of_the_environment(server: Server, sink: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.2:{sink.port}")
    assert fetch("GET", f"http://site.example:{server.port}/", policy=lenient(PUBLIC)).body == b"hello"


@pytest.mark.parametrize(
    ("name", "value"),
    [("X-A", "b\r\nX: y"), ("X-A\r\nB", "c"), ("X-A", "b\0"), ("", "x"), ("Host", "x"), ("X A", "b"), ("X-A", "开")],
)
def test_bad_headers(name: str, value: str, server: Server) -> None:
    with pytest.raises(FetchRefused) as caught:
        fetch("GET", f"http://site.example:{server.port}/", headers=[(name, value)], policy=lenient(PUBLIC))
    assert caught.value.code == "bad-header"
    assert server.connections == 0


def test_bad_method() -> None:
    with pytest.raises(FetchRefused):
        fetch("GET / HTTP/1.1\r\nX:", "http://site.example/", policy=lenient(PUBLIC))


@pytest.mark.parametrize("path", ["/big", "/bomb"])
def test_bodies_are_limited(path: str, server: Server) -> None:
    with pytest.raises(FetchError) as caught:
        fetch("GET", f"http://site.example:{server.port}{path}", policy=lenient(PUBLIC, body_bytes=100_000))
    assert caught.value.code == "too-large"


def test_dripping_servers_are_left(server: Server) -> None:
    policy = FetchPolicy(allow_private=(ip_network("127.0.0.1/32"),), ports=None, resolver=PUBLIC, seconds=0.4)
    start = time.monotonic()
    with pytest.raises(FetchError) as caught:
        fetch("GET", f"http://site.example:{server.port}/drip", policy=policy)
    assert caught.value.code == "timeout"
    assert time.monotonic() - start < 2


def test_slow_resolvers_are_left() -> None:
    release = threading.Event()

    def slow(_host: str, _port: int) -> list[str]:
        release.wait(5)
        return ["127.0.0.1"]

    with pytest.raises(FetchError) as caught:
        check("http://site.example/", FetchPolicy(resolver=slow, connect_seconds=0.05))
    release.set()
    assert caught.value.code == "resolve"


def test_unknown_names_and_closed_ports(server: Server) -> None:
    with pytest.raises(FetchError) as caught:
        fetch("GET", "http://nowhere.example/", policy=lenient(PUBLIC))
    assert caught.value.code == "resolve"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(FetchError) as caught:
            fetch("GET", f"http://site.example:{taken.getsockname()[1]}/", policy=lenient(PUBLIC))
    assert caught.value.code == "connect"


def test_streaming(server: Server) -> None:
    with stream("GET", f"http://site.example:{server.port}/big", policy=lenient(PUBLIC)) as answer:
        assert sum(map(len, answer.chunks())) == 300_000


def test_no_tls_no_secret(server: Server) -> None:
    with pytest.raises(FetchError) as caught:
        fetch("GET", f"https://site.example:{server.port}/", policy=lenient(PUBLIC))
    assert caught.value.code == "tls"


def test_ports_by_policy() -> None:
    names = Names(site_example=[["93.184.216.34"]])
    for port in (22, 25, 6379, 65535):
        with pytest.raises(FetchRefused) as caught:
            check(f"http://site.example:{port}/", FetchPolicy(resolver=names))
        assert caught.value.code == "bad-port"


def test_git_pin() -> None:
    names = Names(site_example=[["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"]])
    checked = check("https://Site.Example/a.git", FetchPolicy(resolver=names))
    assert checked.curlopt_resolve == "site.example:443:93.184.216.34,2606:2800:220:1:248:1893:25c8:1946"
    assert (checked.host, checked.port, checked.scheme) == ("site.example", 443, "https")


def test_allow_list_opens_only_what_it_names() -> None:
    policy = policy_from(["10.1.0.0/16", "fd00:1::/32"])
    allowed = {"10.1.2.3": True, "10.2.0.1": False, "fd00:1::5": True, "fd00:2::5": False, "127.0.0.1": False}
    allowed |= {"::ffff:10.1.2.3": True, "::ffff:10.2.0.1": False, "1.1.1.1": True, "2606:4700::1111": True}
    assert {text: is_allowed(ip_address(text), policy) for text in allowed} == allowed
    with pytest.raises(ValueError):
        policy_from(["nonsense"])


def test_default_policy_refuses_this_machine(sink: Server) -> None:
    for host in ("127.0.0.2", "localhost"):
        with pytest.raises(FetchRefused):
            fetch("GET", f"http://{host}:8080/")
