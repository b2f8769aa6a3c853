"""The head of a push: its commands, capabilities, options, and the limits it is read under."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from openhearth.git.errors import GitError, Refused, TooLarge
from openhearth.git.pktline import AsyncReader, PktReader, Special, line, reader_of

ZERO = "0" * 40
MIB = 1 << 20
GIB = 1 << 30

_COMMAND = re.compile(r"([0-9a-f]{40}) ([0-9a-f]{40}) (\S.*)", re.DOTALL)
_SHALLOW = re.compile(r"shallow ([0-9a-f]{40})")


@dataclass(frozen=True, slots=True)
class Command:
    """One ref to change: from `old` to `new`; the id of all zeros means that there is no such ref."""

    old: str
    new: str
    ref: str

    @property
    def is_create(self) -> bool:
        """Whether the client believes that the ref does not exist."""
        return self.old == ZERO

    @property
    def is_delete(self) -> bool:
        """Whether the ref is to be deleted."""
        return self.new == ZERO


@dataclass(frozen=True, slots=True)
class PushRequest:
    """What a client asked for. No commands at all is a client's probe: the answer to it is empty."""

    commands: tuple[Command, ...]
    capabilities: frozenset[str] = frozenset()
    options: tuple[str, ...] = ()
    shallow: tuple[str, ...] = ()
    agent: str = ""
    atomic: bool = False
    sideband: bool = False
    report: Literal["none", "v1", "v2"] = "none"
    has_pack: bool = False


@dataclass(frozen=True, slots=True)
class ReceiveLimits:
    """Caps of one push. Bytes are bytes, `seconds` is wall time of each git child."""

    pack_bytes: int = 4 * GIB
    objects: int = 20_000_000
    commands: int = 50_000
    line_bytes: int = 8192
    head_bytes: int = 32 * MIB
    options: int = 100
    option_bytes: int = 4096
    delta_depth: int = 4200  # git itself makes chains of at most 4,095
    blob_bytes: int | None = None
    seconds: float = 3600
    memory_bytes: int = GIB


async def read_push_request(reader: AsyncReader, *, limits: ReceiveLimits) -> PushRequest:
    """Read everything before the pack; the pack is left in `reader` when it is a `PktReader`.

    Raises Refused or TooLarge; the error's `params["capabilities"]` holds what the client had offered by
    then, for `refusal`.
    """
    head = _Head(limits)
    packets = reader_of(reader)
    packets.limit(packets=limits.commands * 2 + limits.options + 10, total_bytes=limits.head_bytes)
    try:
        await head.read(packets)
    except GitError as error:
        error.params["capabilities"] = head.capabilities
        raise
    finally:
        packets.limit(packets=None, total_bytes=None)
    return head.request()


class _Head:
    """Gathers the parts of a push request as its packets come in."""

    def __init__(self, limits: ReceiveLimits) -> None:
        self.limits = limits
        self.capabilities: frozenset[str] = frozenset()
        self.commands: dict[str, Command] = {}
        self.shallow: list[str] = []
        self.options: list[str] = []

    async def read(self, packets: PktReader) -> None:
        while True:
            data = await packets.packet(max_data=self.limits.line_bytes)
            if data is Special.FLUSH or (data is Special.END and not self.commands and not self.shallow):
                break
            if isinstance(data, Special):
                raise Refused("malformed-packet", reason="truncated")
            self._line(data)
        self._check()
        if "push-options" in self.capabilities and self.commands:
            await self._read_options(packets)

    def _line(self, data: bytes) -> None:
        raw, nul, offered = line(data).partition(b"\0")
        text = raw.decode("utf-8", "surrogateescape")
        if shallow := _SHALLOW.fullmatch(text):
            self.shallow.append(shallow[1])
            if len(self.shallow) > self.limits.commands:
                raise TooLarge("too-many-commands", limit=self.limits.commands)
            return
        if text.startswith("push-cert"):
            raise Refused("push-cert")
        if nul:
            if self.commands:
                raise Refused("malformed-command", reason="capabilities")
            self.capabilities = frozenset(offered.decode("utf-8", "replace").split())
            self._check()
        self._command(text)

    def _command(self, text: str) -> None:
        match = _COMMAND.fullmatch(text)
        if match is None:
            raise Refused("malformed-command", reason="form")
        command = Command(*match.groups())
        if command.ref in self.commands:
            raise Refused("duplicate-ref", ref=command.ref)
        if len(self.commands) >= self.limits.commands:
            raise TooLarge("too-many-commands", limit=self.limits.commands)
        self.commands[command.ref] = command

    def _check(self) -> None:
        """Refuse ids of another length, and certificates, which were never offered."""
        form = next((c for c in self.capabilities if c.startswith("object-format=")), "object-format=sha1")
        if form != "object-format=sha1":
            raise Refused("object-format", format=form.partition("=")[2])
        if any(c.startswith("push-cert") for c in self.capabilities):
            raise Refused("push-cert")

    async def _read_options(self, packets: PktReader) -> None:
        while (data := await packets.packet(max_data=self.limits.option_bytes + 1)) is not Special.FLUSH:
            if isinstance(data, Special):
                raise Refused("malformed-packet", reason="truncated")
            if len(self.options) >= self.limits.options:
                raise TooLarge("too-many-push-options", limit=self.limits.options)
            try:
                text = line(data).decode()
            except UnicodeDecodeError:
                raise Refused("push-option-character") from None
            if len(text.encode()) > self.limits.option_bytes:
                raise TooLarge("push-option-too-long", limit=self.limits.option_bytes)
            if not text.isprintable():
                raise Refused("push-option-character")
            self.options.append(text)

    def request(self) -> PushRequest:
        caps = self.capabilities
        commands = tuple(self.commands.values())
        agent = next((c.partition("=")[2] for c in caps if c.startswith("agent=")), "")
        return PushRequest(
            commands=commands,
            capabilities=caps,
            options=tuple(self.options),
            shallow=tuple(self.shallow),
            agent=agent,
            atomic="atomic" in caps,
            sideband="side-band-64k" in caps,
            report="v2" if "report-status-v2" in caps else "v1" if "report-status" in caps else "none",
            has_pack=any(not command.is_delete for command in commands),
        )
