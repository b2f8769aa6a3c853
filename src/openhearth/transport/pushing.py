"""One push over any transport: commands, objects, `apply_push`, report."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError

from openhearth.code.refs import actions
from openhearth.code.refs import queries as refs
from openhearth.code.refs.rules import HEADS, Move, Refusal
from openhearth.code.repos.models import Repository
from openhearth.git import receive
from openhearth.git.errors import GitError
from openhearth.git.pktline import PktReader
from openhearth.kernel import config
from openhearth.kernel.policy import engine
from openhearth.kernel.policy.actors import Actor
from openhearth.transport import messages
from openhearth.transport.repositories import Opened
from openhearth.transport.threads import in_thread

logger = logging.getLogger("openhearth.transport")

Write = Callable[[bytes], Awaitable[None]]
KEEPALIVE_SECONDS = 5.0
PROGRESS = 2


@dataclass(slots=True)
class _Channel:
    """Where the answer goes, and how it is framed: side-band where the client speaks it."""

    request: receive.PushRequest
    write: Write

    async def say(self, text: str) -> None:
        """Show lines to the person who pushes."""
        if self.request.sideband and text:
            for frame in receive.sideband(PROGRESS, text.encode()):
                await self.write(frame)

    async def progress(self, data: bytes) -> None:
        """Pass progress on as it is."""
        if self.request.sideband and "quiet" not in self.request.capabilities:
            for frame in receive.sideband(PROGRESS, data):
                await self.write(frame)

    async def keep_alive(self) -> None:
        """Send an empty message now and then, so that nothing on the way takes the connection for dead."""
        while self.request.sideband:
            await asyncio.sleep(KEEPALIVE_SECONDS)
            await self.write(b"0005\x02")

    async def finish(self, report: bytes) -> None:
        """Send the report and end the answer."""
        await self.write(receive.answer(self.request, report))


def receive_limits() -> receive.ReceiveLimits:
    """Return the limits of the configuration in the plumbing's form."""
    limits = config.current().limits
    return receive.ReceiveLimits(
        pack_bytes=limits.pack_bytes,
        objects=limits.pack_objects,
        commands=limits.push_refs,
        delta_depth=limits.delta_depth,
        blob_bytes=limits.file_bytes or None,
        seconds=limits.git_seconds,
        memory_bytes=limits.git_memory,
    )


async def read_request(actor: Actor, reader: PktReader, write: Write) -> receive.PushRequest | None:
    """Return what the client asks for; None where that was no good request and has been answered."""
    try:
        return await receive.read_push_request(reader, limits=receive_limits())
    except GitError as refused:
        offered = refused.params.get("capabilities", ())
        with messages.language_of(actor):
            text = messages.refusal(refused.code, refused.params)
        await write(receive.refusal(text, offered if isinstance(offered, frozenset) else ()))
        return None


async def serve_push(
    actor: Actor, opened: Opened, request: receive.PushRequest, reader: receive.AsyncReader, write: Write
) -> None:
    """Take in one push and answer it. `opened` holds a repository with a folder."""
    channel = _Channel(request, write)
    if not request.commands:
        return
    beat = asyncio.create_task(channel.keep_alive())
    try:
        tips = await in_thread(refs.tips_to_build_on, opened.repository)
        try:
            quarantine = await receive.ingest(
                opened.directory,
                request,
                reader,
                tips=tips,
                limits=receive_limits(),
                progress=channel.progress,
            )
        except GitError as refused:
            await _objects_refused(channel, actor, request, refused)
            return
        outcome = await _apply(channel, actor, opened.repository, request, quarantine)
        if outcome is not None:
            await _tell(channel, actor, opened, request, outcome)
    finally:
        beat.cancel()


async def _apply(
    channel: _Channel,
    actor: Actor,
    repository: Repository,
    request: receive.PushRequest,
    quarantine: receive.Quarantine,
) -> actions.PushOutcome | None:
    """Run the transaction in a thread; it is finished even where the client goes away meanwhile."""
    moves = [Move(command.ref, command.old, command.new) for command in request.commands]
    try:
        return await asyncio.shield(
            in_thread(
                lambda: actions.apply_push(
                    actor=actor,
                    repository=repository,
                    moves=moves,
                    quarantine=quarantine,
                    options=request.options,
                    atomic=request.atomic,
                )
            )
        )
    except engine.NotAllowed as refused:
        with messages.language_of(actor):
            await _all_refused(channel, request, messages.denied(refused.decision))
    except (OperationalError, InterfaceError):  # should it have died at the commit, nobody knows what is stored
        logger.exception("The database failed a push")
        with messages.language_of(actor):
            await _all_refused(channel, request, messages.refusal("database", {}))
    except (OSError, GitError):
        logger.exception("A push could not be stored")
        with messages.language_of(actor):
            await _all_refused(channel, request, messages.refusal("disk", {}))
    return None


async def _objects_refused(channel: _Channel, actor: Actor, request: receive.PushRequest, refused: GitError) -> None:
    with messages.language_of(actor):
        text = messages.refusal(refused.code, refused.params)
        each = messages.unpack_failed()
    await channel.say(f"{text}\n")
    await channel.finish(receive.report(request, unpack=text, results={c.ref: each for c in request.commands}))


async def _all_refused(channel: _Channel, request: receive.PushRequest, text: str) -> None:
    await channel.finish(receive.report(request, unpack="ok", results={c.ref: text for c in request.commands}))


async def _tell(
    channel: _Channel,
    actor: Actor,
    opened: Opened,
    request: receive.PushRequest,
    outcome: actions.PushOutcome,
) -> None:
    with messages.language_of(actor):
        results = _sentences(outcome.results)
        moved = set(outcome.moved)
        created = [
            c.ref.removeprefix(HEADS)
            for c in request.commands
            if c.is_create and c.ref in moved and c.ref.startswith(HEADS)
        ]
        lines = messages.after_push(opened.repository, outcome, created, moved=opened.moved) if moved else []
    await channel.say("".join(f"{line}\n" for line in lines))
    await channel.finish(receive.report(request, unpack="ok", results=results))


def _sentences(results: Mapping[str, Refusal | None]) -> dict[str, str | None]:
    return {
        ref: None if refusal is None else messages.refusal(refusal.code, refusal.params)
        for ref, refusal in results.items()
    }
