"""Git over HTTP: two requests for a fetch, two for a push, all in bare ASGI."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, quote

from django.db import InterfaceError, OperationalError
from django.utils import translation
from django.utils.translation import gettext as _

from openhearth.git import advertise, fetch
from openhearth.git.errors import GitError
from openhearth.git.pktline import AsyncReader, PktReader
from openhearth.kernel import config
from openhearth.kernel.errors import Invalid
from openhearth.kernel.policy import engine
from openhearth.kernel.policy.actors import Actor
from openhearth.transport import login, messages, repositories, wants
from openhearth.transport.bodies import BodyReader, BodyRefused, ClientGone, GunzipReader
from openhearth.transport.native import NativeRoute, Receive, Scope, Send
from openhearth.transport.pushing import read_request, serve_push
from openhearth.transport.threads import in_thread

logger = logging.getLogger("openhearth.http_git")

UPLOAD, RECEIVE = "git-upload-pack", "git-receive-pack"
_NO_CACHE = [
    (b"expires", b"Fri, 01 Jan 1980 00:00:00 GMT"),
    (b"pragma", b"no-cache"),
    (b"cache-control", b"no-cache, max-age=0, must-revalidate"),
]
_TEXT = b"text/plain; charset=utf-8"

Answer = Callable[[Scope, Receive, "Reply"], Awaitable[None]]


class Refusal(Exception):
    """An answer that is not git's: a status and one sentence for the person."""

    def __init__(self, status: int, text: str, headers: list[tuple[bytes, bytes]] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = headers or []


@dataclass(slots=True)
class Reply:
    """The answer under way: its head goes out with the first bytes."""

    send: Send
    media_type: bytes = b""
    started: bool = False

    async def write(self, data: bytes) -> None:
        """Send a piece."""
        if not self.started:
            self.started = True
            head = [(b"content-type", self.media_type), (b"x-content-type-options", b"nosniff"), *_NO_CACHE]
            await self.send({"type": "http.response.start", "status": 200, "headers": head})
        await self.send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self) -> None:
        """Finish; an answer without a byte is an empty one."""
        if not self.started:
            await self.write(b"")
        await self.send({"type": "http.response.body", "body": b""})

    async def refuse(self, refusal: Refusal) -> None:
        """Answer with a status and a sentence; too late when bytes have gone out."""
        if self.started:
            await self.end()
            return
        body = f"{refusal.text}\n".encode()
        head = [
            (b"content-type", _TEXT),
            (b"content-length", b"%d" % len(body)),
            *_NO_CACHE,
            *refusal.headers,
        ]
        await self.send({"type": "http.response.start", "status": refusal.status, "headers": head})
        await self.send({"type": "http.response.body", "body": body})


_running = 0


async def _serve(scope: Scope, received: Receive, send: Send, answer: Answer) -> None:
    """Run one request with its limits and turn every refusal into an answer."""
    global _running  # noqa: PLW0603
    reply = Reply(send)
    with translation.override(_language(scope)):
        if _running >= config.current().limits.transfers:
            busy = Refusal(503, _("The server has all the transfers it can take. Try again in a few seconds."))
            busy.headers.append((b"retry-after", b"5"))
            await reply.refuse(busy)
            return
        _running += 1
        try:
            await answer(scope, received, reply)
        except Refusal as refusal:
            await reply.refuse(refusal)
        except BodyRefused as refused:
            await reply.refuse(_body_refusal(refused))
        except GitError as error:
            await reply.refuse(Refusal(400, messages.refusal(error.code, error.params)))
        except ClientGone:
            pass
        except (OperationalError, InterfaceError):
            logger.exception("The database failed a transfer")
            failed = Refusal(503, messages.database_failed(), [(b"retry-after", b"5")])
            await reply.refuse(failed)
        finally:
            _running -= 1


def _body_refusal(refused: BodyRefused) -> Refusal:
    if refused.code == "slow":
        return Refusal(408, _("The request's body came too slowly. Send it again."))
    if refused.code == "ratio":
        return Refusal(413, _("The request unpacks to far more than was sent. Send it without compression."))
    return Refusal(400, _("The request's body is not whole gzip data."))


def _language(scope: Scope) -> str:
    sent = login.header(scope, b"accept-language")
    return "zh-hans" if sent.strip().lower().startswith("zh") else "en"


def _version(scope: Scope) -> int:
    """Return the protocol version that the client asks for: 0, 1 or 2."""
    asked = [part.strip() for part in login.header(scope, b"git-protocol").split(":")]
    return max((int(part[8:]) for part in asked if part in {"version=1", "version=2"}), default=0)


async def _open_for_fetch(scope: Scope, actor: Actor) -> repositories.Opened:
    """Return the repository of the request, or refuse: 401 for who might sign in, 404 for what is hidden."""
    owner, name = _place(scope)
    with _refusing(actor, owner, name):
        return await in_thread(repositories.open_for_fetch, actor, owner, name)


async def _open_for_push(scope: Scope, actor: Actor, *, create: bool) -> repositories.Opened | None:
    owner, name = _place(scope)
    if actor.is_anonymous:
        raise Refusal(401, _("Sign in to push: use an access token as the password."), [_CHALLENGE])
    with _refusing(actor, owner, name):
        return await in_thread(repositories.open_for_push, actor, owner, name, create=create)


def _place(scope: Scope) -> tuple[str, str]:
    return scope["path_params"]["owner"], scope["path_params"]["repo"].removesuffix(".git")


@contextlib.contextmanager
def _refusing(actor: Actor, owner: str, name: str) -> Iterator[None]:
    try:
        yield
    except engine.Hidden:
        if actor.is_anonymous:
            text = _("Sign in to see it, if it exists: use an access token as the password.")
            raise Refusal(401, text, [_CHALLENGE]) from None
        raise Refusal(404, messages.not_found(f"{owner}/{name}"[:200])) from None
    except engine.Denied as denied:
        raise Refusal(403, messages.denied(denied.decision)) from None
    except Invalid as invalid:
        raise Refusal(403, " ".join(str(fault.message) for fault in invalid.faults)) from None


_CHALLENGE = (b"www-authenticate", b'Basic realm="OpenHearth", charset="UTF-8"')


async def _authenticate(scope: Scope) -> Actor:
    try:
        return await in_thread(login.authenticate, scope)
    except login.Failed as failed:
        headers = [_CHALLENGE] if failed.status == 401 else []
        if failed.retry_after:
            headers.append((b"retry-after", b"%d" % failed.retry_after))
        raise Refusal(failed.status, failed.text, headers) from None


async def info_refs(scope: Scope, received: Receive, send: Send) -> None:
    """`GET …/info/refs?service=…`: what the server can do, and for v0 and v1 the refs."""
    await _serve(scope, received, send, _info_refs)


async def _info_refs(scope: Scope, _received: Receive, reply: Reply) -> None:
    asked = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("service", [""])
    service = asked[0]
    if len(asked) != 1 or service not in {UPLOAD, RECEIVE}:
        raise Refusal(403, _("This server speaks git's smart protocol only. Use a git of version 1.6.6 or newer."))
    actor = await _authenticate(scope)
    version = _version(scope)
    if service == UPLOAD:
        opened: repositories.Opened | None = await _open_for_fetch(scope, actor)
        advertise_as = advertise.upload_advertisement
    else:
        opened = await _open_for_push(scope, actor, create=False)
        advertise_as = advertise.receive_advertisement
    if opened is not None and opened.moved:
        raise _moved(opened.repository.full_name, service)
    view = opened.view if opened is not None else repositories.EMPTY
    reply.media_type = f"application/x-{service}-advertisement".encode()
    body = advertise_as(view, version=version, service_header=True)
    await reply.write(body)
    await reply.end()


def _moved(full_name: str, service: str) -> Refusal:
    """Send git on to the present address; it follows the first request and tells the person."""
    address = f"{config.current().public_url}/{quote(full_name)}.git/info/refs?service={service}"
    return Refusal(301, _("This repository has a new address."), [(b"location", address.encode("ascii"))])


async def upload_pack(scope: Scope, received: Receive, send: Send) -> None:
    """`POST …/git-upload-pack`: ls-refs, or the pack of a fetch."""
    await _serve(scope, received, send, _upload_pack)


async def _upload_pack(scope: Scope, received: Receive, reply: Reply) -> None:
    _require_type(scope, UPLOAD)
    actor = await _authenticate(scope)
    opened = await _open_for_fetch(scope, actor)
    reply.media_type = b"application/x-git-upload-pack-result"
    body = BodyReader(received, idle_seconds=config.current().limits.idle_seconds)
    await _while_there(
        body,
        fetch.serve_stateless(
            opened.directory,
            opened.view,
            _unpacked(scope, body),
            reply.write,
            version=_version(scope),
            limits=wants.fetch_limits(),
            wants=wants.store_for(opened.repository),
        ),
    )
    await reply.end()


async def receive_pack(scope: Scope, received: Receive, send: Send) -> None:
    """`POST …/git-receive-pack`: a push."""
    await _serve(scope, received, send, _receive_pack)


async def _receive_pack(scope: Scope, received: Receive, reply: Reply) -> None:
    _require_type(scope, RECEIVE)
    actor = await _authenticate(scope)
    await _open_for_push(scope, actor, create=False)
    body = BodyReader(received, idle_seconds=config.current().limits.idle_seconds)
    reader = PktReader(_unpacked(scope, body))
    reply.media_type = b"application/x-git-receive-pack-result"
    request = await read_request(actor, reader, reply.write)
    if request is not None and request.commands:
        opened = await _open_for_push(scope, actor, create=True)
        if opened is None:
            raise Refusal(404, messages.not_found("/".join(_place(scope))))
        await _while_there(body, serve_push(actor, opened, request, reader, reply.write))
    await reply.end()


async def _while_there(body: BodyReader, work: Awaitable[None]) -> None:
    """Run `work`, and stop it at once when the client goes away."""
    task = asyncio.ensure_future(work)
    watch = asyncio.create_task(_gone(body))
    try:
        await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientGone
        await task
    finally:
        for each in (task, watch):
            each.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await each


async def _gone(body: BodyReader) -> None:
    """Return when the client has left. While the body is still read, its reader notices by itself."""
    await body.ended.wait()
    await body.gone()


def _unpacked(scope: Scope, body: BodyReader) -> AsyncReader:
    coding = login.header(scope, b"content-encoding").strip().lower()
    if coding in {"", "identity"}:
        return body
    if coding in {"gzip", "x-gzip"}:
        return GunzipReader(body)
    raise Refusal(
        415, _("The content coding %(coding)s is not understood. Use gzip or none.") % {"coding": coding[:40]}
    )


def _require_type(scope: Scope, service: str) -> None:
    sent = login.header(scope, b"content-type")
    if sent != f"application/x-{service}-request":
        text = _("The content type must be %(type)s.") % {"type": f"application/x-{service}-request"}
        raise Refusal(415, text)


_PLACE = r"/(?P<owner>[^/]+)/(?P<repo>[^/]+)"
ROUTES: tuple[NativeRoute, ...] = (
    NativeRoute(_PLACE + r"/info/refs", info_refs, permission="repo.read"),
    NativeRoute(_PLACE + r"/git-upload-pack", upload_pack, permission="repo.read", methods=frozenset({"POST"})),
    NativeRoute(_PLACE + r"/git-receive-pack", receive_pack, permission="repo.push", methods=frozenset({"POST"})),
)
