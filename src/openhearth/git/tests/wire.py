"""A tiny server around the wire functions, so that real git clients can talk to them over HTTP and "SSH"."""

import asyncio
import contextlib
import os
import sys
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from openhearth.git import refnames, store
from openhearth.git.advertise import receive_advertisement, upload_advertisement
from openhearth.git.errors import GitError
from openhearth.git.fetch import FetchLimits, serve_connection, serve_stateless
from openhearth.git.pktline import PktReader, sideband
from openhearth.git.receive import (
    PushRequest,
    ReceiveLimits,
    answer,
    ingest,
    read_push_request,
    refusal,
    report,
)
from openhearth.git.views import AdvertisedRef, RefView

Write = Callable[[bytes], Awaitable[None]]

# Stands in for ssh: carries the command line and the protocol to the test's server.
_SSH = """\
import os, socket, sys, threading
peer = socket.create_connection(("127.0.0.1", int(os.environ["WIRE_PORT"])))
peer.sendall((sys.argv[-1] + "\\n" + os.environ.get("GIT_PROTOCOL", "") + "\\n").encode())
def up():
    while piece := os.read(0, 65536):
        peer.sendall(piece)
    peer.shutdown(socket.SHUT_WR)
threading.Thread(target=up, daemon=True).start()
while piece := peer.recv(65536):
    while piece:
        piece = piece[os.write(1, piece):]
os._exit(0)
"""


class Memory:
    """A want store in a dictionary, which counts its questions."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], bool] = {}
        self.asked = 0

    async def get(self, key: str, oids: Sequence[str]) -> Mapping[str, bool]:
        self.asked += 1
        return {oid: self.answers[key, oid] for oid in oids if (key, oid) in self.answers}

    async def put(self, key: str, answers: Mapping[str, bool]) -> None:
        self.answers.update({(key, oid): answer for oid, answer in answers.items()})


class Body:
    """The body of an HTTP request: counted or chunked, plain or gzip."""

    def __init__(self, reader: asyncio.StreamReader, headers: Mapping[str, str]) -> None:
        self._reader = reader
        self._left = int(headers.get("content-length", "0"))
        self._chunked = headers.get("transfer-encoding") == "chunked"
        self._inflate = zlib.decompressobj(31) if headers.get("content-encoding") == "gzip" else None
        self._ready = b""
        self._ended = False

    async def read(self, n: int, /) -> bytes:
        while not self._ready:
            piece = await self._raw()
            if not piece:
                return b""
            self._ready = self._inflate.decompress(piece) if self._inflate else piece
        piece, self._ready = self._ready[:n], self._ready[n:]
        return piece

    async def _raw(self) -> bytes:
        if self._chunked:
            if self._ended:
                return b""
            size = int(await self._reader.readline(), 16)
            piece = await self._reader.readexactly(size)
            await self._reader.readline()
            self._ended = not size
            return piece
        if not self._left:
            return b""
        piece = await self._reader.read(min(self._left, 65536))
        self._left -= len(piece)
        return piece


@dataclass
class Hosted:
    """A repository and the truth about its refs."""

    directory: Path
    refs: dict[str, str] = field(default_factory=dict)
    head: str = "refs/heads/main"
    version: int = 0
    requests: list[PushRequest] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    wants: Memory = field(default_factory=Memory)
    receive_limits: ReceiveLimits = field(default_factory=ReceiveLimits)
    fetch_limits: FetchLimits = field(default_factory=FetchLimits)

    def set_refs(self, changes: Mapping[str, str | None]) -> None:
        for name, oid in changes.items():
            if oid is None:
                self.refs.pop(name, None)
            else:
                self.refs[name] = oid
        self.version += 1
        peeled = store.peel(self.directory, list(self.refs.values()))
        store.write_refs(self.directory, [(n, o, peeled[o]) for n, o in self.refs.items()], self.head, self.version)

    def view(self) -> RefView:
        visible = {name: oid for name, oid in self.refs.items() if not refnames.is_hidden(name)}
        peeled = store.peel(self.directory, list(visible.values()))
        refs = sorted(visible.items(), key=lambda row: row[0].encode())
        return RefView(tuple(AdvertisedRef(n, o, peeled[o]) for n, o in refs), self.head, self.version)


class Forge:
    """Serves repositories below one folder; `url(name)` and `ssh_url(name)` are their addresses."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.repositories: dict[str, Hosted] = {}
        self.http_port = self.ssh_port = 0
        self.protocols: list[str] = []

    def add(self, name: str) -> Hosted:
        directory = store.storage_path(self.root, len(self.repositories) + 1)
        store.create(directory)
        self.repositories[name] = Hosted(directory)
        return self.repositories[name]

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.http_port}/{name}"

    def ssh_url(self, name: str) -> str:
        return f"ssh://git@127.0.0.1/{name}"

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Forge"]:
        (self.root / "ssh.py").write_text(_SSH)
        http = await asyncio.start_server(self._guard(self._http), "127.0.0.1", 0)
        ssh = await asyncio.start_server(self._guard(self._ssh), "127.0.0.1", 0)
        self.http_port = http.sockets[0].getsockname()[1]
        self.ssh_port = ssh.sockets[0].getsockname()[1]
        async with http, ssh:
            yield self

    def _guard(self, handler: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await handler(reader, writer)
            except ConnectionError:
                pass
            finally:
                writer.close()
                with contextlib.suppress(ConnectionError):
                    await writer.wait_closed()

        return handle

    async def git(self, *args: str, cwd: Path | None = None, ok: bool = True, data: bytes = b"") -> str:
        """Run a git client; return what it said on both outputs."""
        child = await asyncio.create_subprocess_exec(
            "git",
            *args,
            cwd=cwd or self.root,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.root),
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_TERMINAL_PROMPT": "0",
                "GIT_AUTHOR_NAME": "Ada",
                "GIT_AUTHOR_EMAIL": "ada@example.org",
                "GIT_COMMITTER_NAME": "Ada",
                "GIT_COMMITTER_EMAIL": "ada@example.org",
                "GIT_SSH_COMMAND": f"{sys.executable} {self.root / 'ssh.py'}",
                "GIT_SSH_VARIANT": "ssh",
                "WIRE_PORT": str(self.ssh_port),
            },
        )
        out, _ = await asyncio.wait_for(child.communicate(data), 120)
        text = out.decode("utf-8", "replace")
        assert (child.returncode == 0) == ok, (args, text)
        return text

    async def _ssh(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        verb, _, path = (await reader.readline()).decode().strip().partition(" ")
        protocol = (await reader.readline()).decode().strip()
        self.protocols.append(protocol)
        version = _version(protocol)
        hosted = self.repositories[path.strip("'/")]
        write = _writer(writer)
        if verb == "git-upload-pack":
            await serve_connection(
                hosted.directory,
                hosted.view(),
                reader,
                write,
                version=version,
                limits=hosted.fetch_limits,
                wants=hosted.wants,
            )
        else:
            await write(receive_advertisement(hosted.view(), service_header=False, version=version))
            await push(hosted, reader, write)

    async def _http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await reader.readline()
        if not line:
            return
        method, target, _ = line.decode().split()
        headers: dict[str, str] = {}
        while (row := (await reader.readline()).decode().strip()) != "":
            key, _, value = row.partition(":")
            headers[key.lower()] = value.strip()
        if headers.get("expect") == "100-continue":
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        name, _, rest = target.lstrip("/").partition("/")
        hosted = self.repositories[name]
        protocol = headers.get("git-protocol", "")
        self.protocols.append(protocol)
        body = Body(reader, headers)
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nCache-Control: no-cache\r\nContent-Type: ")
        await self._route(method, rest, hosted, body, writer, _version(protocol))
        while await body.read(65536):  # let a client that still sends read our answer
            pass

    async def _route(
        self,
        method: str,
        rest: str,
        hosted: Hosted,
        body: Body,
        writer: asyncio.StreamWriter,
        version: int,
    ) -> None:
        write = _writer(writer)
        path, _, query = rest.partition("?service=")
        service = query or path
        kind = "advertisement" if method == "GET" else "result"
        writer.write(f"application/x-{service}-{kind}\r\n\r\n".encode())
        if method == "GET" and service == "git-upload-pack":
            await write(upload_advertisement(hosted.view(), version=version, service_header=True))
        elif method == "GET":
            await write(receive_advertisement(hosted.view(), service_header=True, version=version))
        elif service == "git-upload-pack":
            await serve_stateless(
                hosted.directory,
                hosted.view(),
                body,
                write,
                version=version,
                limits=hosted.fetch_limits,
                wants=hosted.wants,
            )
        else:
            await push(hosted, body, write)


def _version(protocol: str) -> int:
    return next((int(part[8:]) for part in protocol.split(":") if part.startswith("version=")), 0)


def _writer(writer: asyncio.StreamWriter) -> Write:
    async def write(data: bytes) -> None:
        writer.write(data)
        await writer.drain()

    return write


async def push(hosted: Hosted, reader: asyncio.StreamReader | Body, write: Write) -> None:
    """Take a push as the real door does, without rights."""
    limits = hosted.receive_limits
    packets = PktReader(reader)
    try:
        request = await read_push_request(packets, limits=limits)
    except GitError as error:
        capabilities = error.params.get("capabilities", frozenset())
        assert isinstance(capabilities, frozenset)
        await write(refusal(str(error.code), capabilities))
        return
    hosted.requests.append(request)
    if not request.commands:
        return

    async def progress(data: bytes) -> None:
        for frame in sideband(2, data):
            await write(frame)

    shown = progress if request.sideband and "quiet" not in request.capabilities else None
    tips = [ref.oid for ref in hosted.view().refs]
    try:
        quarantine = await ingest(hosted.directory, request, packets, tips=tips, limits=limits, progress=shown)
    except GitError as error:
        results: dict[str, str | None] = {c.ref: "unpacker error" for c in request.commands}
        await write(answer(request, report(request, unpack=str(error), results=results)))
        return
    with quarantine:
        results = {c.ref: _verdict(hosted, c.ref, c.old) for c in request.commands}
        if request.atomic and any(results.values()):
            results = {ref: reason or "atomic push failed" for ref, reason in results.items()}
        quarantine.publish()
        hosted.notes += quarantine.notes
        done = [c for c in request.commands if results[c.ref] is None]
        hosted.set_refs({c.ref: None if c.is_delete else c.new for c in done})
    await write(answer(request, report(request, unpack="ok", results=results)))


def _verdict(hosted: Hosted, ref: str, old: str) -> str | None:
    if reason := refnames.check(ref):
        return reason
    return None if hosted.refs.get(ref, "0" * 40) == old else "stale"
