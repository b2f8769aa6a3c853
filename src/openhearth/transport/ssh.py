"""Git over SSH: the key says who comes, the command says which repository, the rest is as over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import shlex
import socket
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import asyncssh
from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext as _

from openhearth.git import advertise, fetch
from openhearth.git.errors import GitError
from openhearth.git.pktline import PktReader
from openhearth.kernel.errors import Invalid
from openhearth.kernel.policy import engine
from openhearth.kernel.policy.actors import Actor
from openhearth.transport import login, messages, repositories, wants
from openhearth.transport.pushing import read_request, serve_push
from openhearth.transport.threads import in_thread

logger = logging.getLogger("openhearth.ssh")

Process = asyncssh.SSHServerProcess[bytes]

LOGIN_SECONDS = 30
KEEPALIVE_SECONDS = 30
STOP_SECONDS = 30
MAX_COMMAND = 1024
UPLOAD, RECEIVE = "git-upload-pack", "git-receive-pack"

_PATH = re.compile(r"/?(?P<owner>[^/\x00]+)/(?P<repo>[^/\x00]+?)/?")


class Wrong(Exception):
    """A command that is refused; the text goes to the person."""


class Failed(Exception):
    """A command that went wrong and has been answered already."""


class Server(asyncssh.SSHServer):
    """One connection: only public keys, no forwarding, no shell."""

    def __init__(self) -> None:
        self.actor: Actor | None = None
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Remember the connection, so that its processes find who they act for."""
        self._connection = conn

    def connection_lost(self, exc: Exception | None) -> None:
        """Say in the log why a connection broke; a refused key is the client's matter."""
        if exc is not None:
            logger.debug("ssh connection lost: %s", exc)

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002
        """Everybody must prove a key."""
        return True

    def public_key_auth_supported(self) -> bool:
        """Keys are the only way in."""
        return True

    async def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Accept the key of an account, whatever user name the client sends besides `git`."""
        if username != "git":
            return False
        actor = await in_thread(login.actor_of_key, key.get_fingerprint())
        if actor is None or self._connection is None:
            return False
        self._connection.set_extra_info(hearth_actor=actor)
        return True


async def _handle(process: Process) -> None:
    """Serve one command of a connection and exit with its status."""
    actor: Actor = process.get_extra_info("hearth_actor")
    with messages.language_of(actor), contextlib.suppress(asyncssh.Error, ConnectionError, BrokenPipeError):
        status = 1
        try:
            status = await _run(process, actor)
        except Failed:
            pass
        except Wrong as wrong:
            await _complain(process, str(wrong))
        except engine.Denied as denied:
            await _complain(process, messages.denied(denied.decision))
        except GitError as error:
            await _complain(process, messages.refusal(error.code, error.params))
        except (OperationalError, InterfaceError):
            logger.exception("The database failed an SSH command")
            await _complain(process, messages.database_failed())
        except Exception:
            logger.exception("An SSH command failed")
            await _complain(process, _("The server failed. Nothing was lost; try again, or tell an administrator."))
        process.exit(status)


async def _complain(process: Process, text: str) -> None:
    process.stderr.write(f"OpenHearth: {text}\n".encode())
    with contextlib.suppress(asyncssh.Error, ConnectionError):
        await process.stderr.drain()


async def _run(process: Process, actor: Actor) -> int:
    """Return the exit status. Raises `Wrong`, `Denied`, `GitError`."""
    if process.subsystem or process.command is None:
        if process.subsystem:
            raise Wrong(_("This server offers git only."))
        process.stderr.write(f"{messages.greeting(actor.name)}\n".encode())
        return 1  # as other forges do: no shell was given
    service, owner, name = parse_command(process.command)
    version = _version(process)
    work = _push if service == RECEIVE else _fetch
    await _while_there(process, work(process, actor, owner, name, version))
    return 0


def parse_command(command: str) -> tuple[str, str, str]:
    """Return (service, owner, repository name) of a git client's command. Raises `Wrong` for anything else."""
    if len(command) > MAX_COMMAND or any(ord(char) < 32 for char in command):
        raise Wrong(_("This is not a command that git sends."))
    try:
        words = shlex.split(command)
    except ValueError:
        raise Wrong(_("This is not a command that git sends.")) from None
    if words[:1] == ["git"] and len(words) == 3:
        words = [f"git-{words[1]}", words[2]]
    if len(words) != 2 or words[0] not in {UPLOAD, RECEIVE}:
        text = _("“%(command)s” is not offered here: this server serves git fetch, clone and push.")
        raise Wrong(text % {"command": command[:80]})
    found = _PATH.fullmatch(words[1])
    if found is None or words[1].startswith("-"):
        raise Wrong(_("Name the repository as OWNER/NAME.git."))
    return words[0], found["owner"], found["repo"].removesuffix(".git")


def _version(process: Process) -> int:
    asked = process.env.get("GIT_PROTOCOL", "")
    parts = str(asked).split(":")
    return max((int(part[8:]) for part in parts if part in {"version=1", "version=2"}), default=0)


class _Input:
    """The client's bytes."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def read(self, n: int, /) -> bytes:
        """Return at most `n` bytes, b"" at the end."""
        return await self._process.stdin.read(n)


def _writer(process: Process) -> Callable[[bytes], Awaitable[None]]:
    async def write(data: bytes) -> None:
        process.stdout.write(data)
        await process.stdout.drain()

    return write


async def _fetch(process: Process, actor: Actor, owner: str, name: str, version: int) -> None:
    try:
        opened = await in_thread(repositories.open_for_fetch, actor, owner, name)
    except engine.Hidden:
        raise Wrong(messages.not_found(f"{owner}/{name}")) from None
    write = _writer(process)
    await fetch.serve_connection(
        opened.directory,
        opened.view,
        _Input(process),
        write,
        version=version,
        limits=wants.fetch_limits(),
        wants=wants.store_for(opened.repository),
    )


async def _push(process: Process, actor: Actor, owner: str, name: str, version: int) -> None:
    opened = await _open_for_push(actor, owner, name, create=False)
    view = opened.view if opened is not None else repositories.EMPTY
    write = _writer(process)
    await write(advertise.receive_advertisement(view, version=version, service_header=False))
    reader = PktReader(_Input(process))
    request = await read_request(actor, reader, write)
    if request is None:
        raise Failed
    if not request.commands:
        return
    opened = opened or await _open_for_push(actor, owner, name, create=True)
    if opened is None:
        raise Wrong(messages.not_found(f"{owner}/{name}"))
    await serve_push(actor, opened, request, reader, write)


async def _open_for_push(actor: Actor, owner: str, name: str, *, create: bool) -> repositories.Opened | None:
    try:
        return await in_thread(repositories.open_for_push, actor, owner, name, create=create)
    except engine.Hidden:
        raise Wrong(messages.not_found(f"{owner}/{name}")) from None
    except Invalid as invalid:
        raise Wrong(" ".join(str(fault.message) for fault in invalid.faults)) from None


async def _while_there(process: Process, work: Awaitable[None]) -> None:
    """Run `work`, and stop it at once when the client closes the connection."""
    task = asyncio.ensure_future(work)
    watch = asyncio.ensure_future(process.channel.wait_closed())
    try:
        await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise BrokenPipeError
        await task
    finally:
        for each in (task, watch):
            each.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await each


async def serve(sock: socket.socket, stop: asyncio.Event, *, host_keys: Sequence[Path]) -> None:
    """Serve git over SSH on a bound socket until `stop` is set, then give running transfers half a minute."""
    running: set[asyncio.Task[None]] = set()

    async def handle(process: Process) -> None:
        task = asyncio.ensure_future(_handle(process))
        running.add(task)
        task.add_done_callback(running.discard)
        await task

    acceptor = await asyncssh.listen(
        sock=sock,
        server_factory=Server,
        server_host_keys=[str(path) for path in host_keys],
        process_factory=handle,
        encoding=None,
        login_timeout=LOGIN_SECONDS,
        keepalive_interval=KEEPALIVE_SECONDS,
        keepalive_count_max=4,
        allow_pty=False,
        agent_forwarding=False,
        x11_forwarding=False,
        allow_scp=False,
        sftp_factory=None,
        password_auth=False,
        kbdint_auth=False,
        gss_host=None,
        compression_algs=None,
        server_version="OpenHearth",
    )
    await stop.wait()
    acceptor.close()
    if running:
        await asyncio.wait(running, timeout=STOP_SECONDS)
