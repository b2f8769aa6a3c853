"""The first thing a request meets: probes and native routes are answered here, pages go to Django.

Every request gets an id, and one line in the log when its answer is complete.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from django.utils import translation
from django.utils.translation import gettext as _

from openhearth.kernel import log, metrics
from openhearth.site.bridge import BodyTooLarge, BodyTooSlow, Bridge, ClientGone, TooBusy
from openhearth.transport.native import Message, NativeRoute, Receive, Scope, Send
from openhearth.web.middleware import client_address

access = logging.getLogger("openhearth.access")
logger = logging.getLogger("openhearth.front")

_seconds = metrics.histogram(
    "openhearth_request_seconds", "Time of web requests by door and status.", ("door", "status")
)

Probe = Callable[[Scope], Awaitable[tuple[int, str, bytes]]]
"""Answers a probe with (status, media type, body)."""

CLIENT_LEFT = 499
"""Status in the log of a request whose client left before the answer."""
_PLAIN = "text/plain; charset=utf-8"


@dataclass(slots=True)
class Exchange:
    """What the log says about one request and its answer."""

    door: str = "page"
    status: int = 0
    size: int = 0


class Front:
    """The ASGI application of a web process."""

    def __init__(
        self,
        bridge: Bridge,
        *,
        routes: Sequence[NativeRoute] = (),
        probes: Mapping[bytes, Probe] | None = None,
        proxies: tuple[str, ...] = (),
    ) -> None:
        self._bridge = bridge
        self._routes = [(re.compile(route.pattern.encode("ascii")), route) for route in routes]
        self._probes = probes or {}
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        began = time.perf_counter()
        request_id = secrets.token_hex(8)
        scope["request_id"] = request_id
        self._find_client(scope)
        exchange = Exchange()
        with log.request(request_id):
            try:
                await self._answer(exchange, scope, receive, _noting(exchange, request_id, send))
            finally:
                self._note(scope, exchange, time.perf_counter() - began)

    def _find_client(self, scope: Scope) -> None:
        """Put the client behind trusted proxies in `client`; the connection's own end stays in `peer`."""
        peer = scope.get("client") or ("", 0)
        scope["peer"] = peer
        if self._proxies:
            sent = ",".join(v.decode("latin-1") for k, v in scope["headers"] if k == b"x-forwarded-for")
            scope["client"] = (client_address(peer[0], sent, self._proxies), peer[1])

    async def _answer(self, exchange: Exchange, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["raw_path"]
        probe = self._probes.get(path)
        if probe is not None and scope["method"] in {"GET", "HEAD"}:
            exchange.door = "probe"
            await respond(send, *(await probe(scope)), head=scope["method"] == "HEAD")
            return
        for pattern, route in self._routes:
            found = pattern.fullmatch(path) if scope["method"] in route.methods else None
            if found is not None:
                exchange.door = "native"
                scope["path_params"] = {k: unquote(v.decode("ascii")) for k, v in found.groupdict(b"").items()}
                await route.handler(scope, receive, send)
                return
        await self._over_the_bridge(scope, receive, send)

    async def _over_the_bridge(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._bridge(scope, receive, send)
        except ClientGone:
            return
        except (BodyTooLarge, BodyTooSlow, TooBusy) as refusal:
            await self._refuse(scope, send, refusal)

    async def _refuse(self, scope: Scope, send: Send, refusal: Exception) -> None:
        """Answer without Django: JSON for the API, one line for everybody else, in the reader's language."""
        with translation.override(_language(scope)):
            status, message = _in_words(refusal)
        if scope["raw_path"].startswith(b"/api/"):
            body = json.dumps({"message": message, "status": str(status)}).encode()
            await respond(send, status, "application/json; charset=utf-8", body, close=True)
        else:
            await respond(send, status, _PLAIN, f"{message}\n".encode(), close=True)

    def _note(self, scope: Scope, exchange: Exchange, seconds: float) -> None:
        status = exchange.status or CLIENT_LEFT
        _seconds.observe(seconds, exchange.door, f"{status // 100}xx")
        if not access.isEnabledFor(logging.INFO):
            return
        path = scope["raw_path"].decode("latin-1")
        access.info(
            "%s %s %d",
            scope["method"],
            path,
            status,
            extra={
                "method": scope["method"],
                "path": path,
                "status": status,
                "bytes": exchange.size,
                "milliseconds": round(seconds * 1000, 1),
                "client": scope["client"][0] if scope.get("client") else "",
            },
        )


def _noting(exchange: Exchange, request_id: str, send: Send) -> Send:
    identifier = (b"x-request-id", request_id.encode("ascii"))

    async def note(message: Message) -> None:
        if message["type"] == "http.response.start":
            exchange.status = message["status"]
            kept = [pair for pair in message.get("headers", ()) if pair[0] != b"x-request-id"]
            message = {**message, "headers": [*kept, identifier]}
        else:
            exchange.size += len(message.get("body", b""))
        await send(message)

    return note


async def respond(
    send: Send, status: int, media_type: str, body: bytes, *, head: bool = False, close: bool = False
) -> None:
    """Send a small whole answer; `close` ends the connection after it."""
    headers = [(b"content-type", media_type.encode("ascii")), (b"content-length", b"%d" % len(body))]
    headers += [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
    if status == 503:
        headers.append((b"retry-after", b"5"))
    if close:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else body})


def _language(scope: Scope) -> str:
    sent = next((value for name, value in scope["headers"] if name == b"accept-language"), b"")
    return "zh-hans" if sent.strip().lower().startswith(b"zh") else "en"


def _in_words(refusal: Exception) -> tuple[int, str]:
    """Return the status and the sentence for a request that Django never saw."""
    if isinstance(refusal, BodyTooLarge):
        size = f"{refusal.limit / 1024 / 1024:.0f} MiB"
        text = _("The request is larger than %(limit)s, the most that is accepted here. Send less at once.")
        return 413, text % {"limit": size}
    if isinstance(refusal, BodyTooSlow):
        return 408, _("The request's body came too slowly. Send it again.")
    return 503, _("The server is busy. Try again in a few seconds.")
