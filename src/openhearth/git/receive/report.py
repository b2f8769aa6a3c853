"""What a client reads back after a push."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from openhearth.git.pktline import FLUSH, MAX_DATA, packet, sideband
from openhearth.git.receive.request import PushRequest

_LONGEST = 2000  # characters of a reason


def report(request: PushRequest, *, unpack: str, results: Mapping[str, str | None]) -> bytes:
    """Return the report-status lines, a flush at their end; not yet framed for a side-band.

    `unpack` is "ok" or why the pack was not taken; `results` says for each ref None (done) or why not.
    Version 2 has the same lines unless a ref was redirected, which nobody does here. Empty when the client
    asked for no report.
    """
    if request.report == "none" or not request.commands:
        return b""
    lines = [packet(f"unpack {_one_line(unpack)}\n")]
    for command in request.commands:
        reason = results[command.ref]
        if reason is None:
            lines.append(packet(f"ok {command.ref}\n"))
        else:
            lines.append(packet(f"ng {command.ref} {_one_line(reason)}\n"))
    return b"".join((*lines, FLUSH))


def answer(request: PushRequest, lines: bytes) -> bytes:
    """Return the end of the answer: the report in the frame the client reads, and the last flush."""
    if not request.sideband:
        return lines
    return b"".join((*sideband(1, lines), FLUSH))


def refusal(message: str, capabilities: Collection[str] = ()) -> bytes:
    """Return the whole answer to a push whose request could not be read to its end."""
    if "side-band-64k" in capabilities:
        return b"".join((*sideband(3, f"{_one_line(message)}\n".encode()), FLUSH))
    return packet(f"ERR {_one_line(message)}\n".encode()[:MAX_DATA])


def _one_line(text: str) -> str:
    """Return text without anything that would end a line of the report or move a terminal's cursor."""
    shown = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(shown.split())[:_LONGEST] or "failed"
