"""What happens to every request of a page.

Their order in `MIDDLEWARE`, from outside in: `Frame` (who connects, under which name, headers of the answer),
sessions, CSRF, the account's middleware that sets `request.actor` and `request.me`, `Reading` (language, theme,
time zone), `Refusals` (policy's no as pages).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from django.http import HttpResponseBase, HttpResponseRedirect
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from openhearth.kernel import config, log
from openhearth.kernel.policy.engine import Hidden, NotAllowed
from openhearth.web import appearance, errors, routes, shell
from openhearth.web.requests import Request

GetResponse = Callable[[Request], HttpResponseBase]

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
}
"""Sent with every answer unless the view set its own (raw files close themselves further)."""

FORWARDED = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_FORWARDED",
    "HTTP_X_REAL_IP",
)


_GIVEN = re.compile("[0-9a-f]{16}")


@cache
def _networks(written: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(text, strict=False) for text in written)


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address in one part of X-Forwarded-For (a port or brackets may be around it), else None."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def is_trusted(address: str, proxies: tuple[str, ...]) -> bool:
    """Tell whether `address` lies in one of the networks (CIDR)."""
    found = parse_address(address)
    return found is not None and any(found in network for network in _networks(proxies))


def client_address(peer: str, forwarded: str, proxies: tuple[str, ...]) -> str:
    """Return who really asks: the last address in X-Forwarded-For that is no proxy of ours.

    The list grows to the right, so what a client invents stands left of what a trusted proxy saw.
    """
    seen = peer
    for part in reversed(forwarded.split(",")):
        if not is_trusted(seen, proxies):
            break
        address = parse_address(part)
        if address is None:
            break
        seen = str(address)
    return seen


class Frame:
    """Outermost: request id, the real client, the public name, the headers that every answer carries."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponseBase:
        """Answer one request."""
        request.request_id = _request_id(request)
        with log.request(request.request_id):
            return _dressed(self._answer(request), request.request_id)

    def _answer(self, request: Request) -> HttpResponseBase:
        settings = config.current()
        public = public_name(settings.url)
        _believe_proxies(request, settings.trusted_proxies, public)
        appearance.activate(request)
        if public and not _host_is_ours(request, public):
            response: HttpResponseBase = errors.respond(request, 421, detail=public)
        else:
            response = self.get_response(request)
        if response.status_code == 405 and not getattr(response, "content", b""):
            allow = response.headers.get("Allow")
            response = errors.respond(request, 405)
            response["Allow"] = allow or ""
        return response


def _request_id(request: Request) -> str:
    """Return the id that the front has given to this request; a client cannot choose one."""
    given = request.META.get("HTTP_X_REQUEST_ID", "")
    return given if _GIVEN.fullmatch(given) else secrets.token_hex(8)


def public_name(url: str) -> str:
    """Return `url` where it names the instance to others; "" where none is set, or one of this machine alone.

    Without a public name every host is answered: the instance is being tried out, however it is reached.
    """
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return ""
    address = parse_address(host)
    return "" if address is not None and (address.is_loopback or address.is_unspecified) else url


def _believe_proxies(request: Request, proxies: tuple[str, ...], public: str) -> None:
    """Put the real client and host into META; drop the headers where nobody trusted sent them.

    Afterwards X-Forwarded-Proto can be believed (`SECURE_PROXY_SSL_HEADER`): it is gone, or a trusted
    proxy's, or that of the configured public address.
    """
    meta = request.META
    peer = meta.get("REMOTE_ADDR", "")
    sent = {name: meta.pop(name, "") for name in FORWARDED}
    if is_trusted(peer, proxies):
        meta["REMOTE_ADDR"] = client_address(peer, sent["HTTP_X_FORWARDED_FOR"], proxies)
        if sent["HTTP_X_FORWARDED_HOST"]:
            meta["HTTP_HOST"] = sent["HTTP_X_FORWARDED_HOST"].split(",")[-1].strip()
        meta["HTTP_X_FORWARDED_PROTO"] = sent["HTTP_X_FORWARDED_PROTO"].split(",")[-1].strip().lower()
    if public:
        meta["HTTP_X_FORWARDED_PROTO"] = urlsplit(public).scheme


def _host_is_ours(request: Request, url: str) -> bool:
    public = urlsplit(url)
    asked = request.META.get("HTTP_HOST", "").lower()
    default = {"https": 443, "http": 80}.get(public.scheme)
    name, _, port = asked.rpartition(":") if asked.rpartition(":")[2].isdecimal() else (asked, "", "")
    host = f"[{public.hostname}]" if ":" in (public.hostname or "") else public.hostname
    return name.rstrip(".") == host and int(port or default or 0) == (public.port or default)


def _dressed(response: HttpResponseBase, request_id: str) -> HttpResponseBase:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response["X-Request-Id"] = request_id
    if response.headers.get("Content-Type", "").startswith("text/html"):
        patch_vary_headers(response, ("Cookie", "Accept-Language"))
        response.headers.setdefault("Cache-Control", "private, no-cache")
        response.headers["Content-Language"] = "zh-Hans" if translation.get_language() == "zh-hans" else "en"
    return response


class Reading:
    """Makes the reader's language, theme and time zone current; runs where `request.actor` is known."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponseBase:
        """Answer one request."""
        appearance.activate(request)
        request.theme = appearance.theme(request)
        zone = appearance.time_zone(request)
        request.time_zone = zone.key
        with timezone.override(zone):
            return self.get_response(request)


class Refusals:
    """Answers policy's refusals: 404 for what the asker may not know of, else 403 or the sign-in page."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponseBase:
        """Answer one request."""
        return self.get_response(request)

    def process_exception(self, request: Request, exception: Exception) -> HttpResponseBase | None:
        """Answer what `policy.require` raised in a view."""
        if not isinstance(exception, NotAllowed):
            return None
        if isinstance(exception, Hidden):
            return errors.not_found(request)
        reads_pages = "text/html" in request.headers.get("Accept", "")
        if exception.decision.reason == "sign-in" and reads_pages and shell.link("account_login"):
            return HttpResponseRedirect(routes.sign_in_address(request))
        return errors.refused(request, exception.decision)
