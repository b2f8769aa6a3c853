"""pkt-line framing: four hex digits of length, then the data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import Protocol

from openhearth.git.errors import Refused, TooLarge

FLUSH = b"0000"
DELIM = b"0001"
RESPONSE_END = b"0002"
MAX_DATA = 65516  # bytes of data in one packet
CHUNK = 65536

_LENGTH = re.compile(rb"[0-9a-fA-F]{4}")


class AsyncReader(Protocol):
    """Where the client's bytes come from; `read` gives at most `n` bytes, and b"" at the end."""

    async def read(self, n: int, /) -> bytes: ...  # noqa: D102


class Special(Enum):
    """Packets that carry no data, and the end of the stream."""

    FLUSH = 0
    DELIM = 1
    RESPONSE_END = 2
    END = -1


Packet = bytes | Special


def packet(data: bytes | str) -> bytes:
    """Return one framed packet. ValueError when the data does not fit into one."""
    raw = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
    if len(raw) > MAX_DATA:
        raise ValueError(f"{len(raw)} bytes do not fit into a packet of {MAX_DATA}")
    return b"%04x" % (len(raw) + 4) + raw


def sideband(channel: int, data: bytes) -> Iterator[bytes]:
    """Frame `data` for side-band-64k: channel 1 is the answer, 2 messages for people, 3 a fatal error."""
    step = MAX_DATA - 1
    head = bytes([channel])
    for start in range(0, len(data), step):
        yield packet(head + data[start : start + step])


class PktReader:
    """Reads packets, then raw bytes, from one stream without losing what was read ahead.

    `packets` and `total_bytes` cap what `packet` reads in the life of this reader (`TooLarge`).
    """

    def __init__(self, reader: AsyncReader, *, packets: int | None = None, total_bytes: int | None = None) -> None:
        self._reader = reader
        self._buffer = b""
        self._start = 0
        self._packets_left = packets
        self._bytes_left = total_bytes

    def limit(self, *, packets: int | None, total_bytes: int | None) -> None:
        """Set new caps for the packets to come."""
        self._packets_left = packets
        self._bytes_left = total_bytes

    async def read(self, n: int, /) -> bytes:
        """Return at most `n` raw bytes, first what was read ahead; b"" at the end of the stream."""
        if self._start < len(self._buffer):
            piece = self._buffer[self._start : self._start + n]
            self._start += len(piece)
            return piece
        return await self._reader.read(n)

    async def exactly(self, n: int) -> bytes:
        """Return `n` raw bytes, fewer only when the stream ends before."""
        if not await self._fill(n):
            return await self.read(len(self._buffer) - self._start) if self._buffer[self._start :] else b""
        piece = self._buffer[self._start : self._start + n]
        self._start += n
        return piece

    async def packet(self, *, max_data: int = MAX_DATA) -> Packet:
        """Return the next packet's data, a `Special`, or `Special.END` at a clean end.

        Raises Refused("malformed-packet") and TooLarge("too-many-packets" | "request-too-large" |
        "line-too-long").
        """
        if not await self._fill(4):
            if self._start < len(self._buffer):
                raise Refused("malformed-packet", reason="truncated")
            return Special.END
        head = self._buffer[self._start : self._start + 4]
        if not _LENGTH.fullmatch(head):
            raise Refused("malformed-packet", reason="length")
        length = int(head, 16)
        self._count(max(length, 4))
        if length < 4:
            self._start += 4
            if length == 3:
                raise Refused("malformed-packet", reason="length")
            return Special(length)
        if length - 4 > max_data:
            raise TooLarge("line-too-long", limit=max_data)
        if not await self._fill(length):
            raise Refused("malformed-packet", reason="truncated")
        data = self._buffer[self._start + 4 : self._start + length]
        self._start += length
        return data

    def _count(self, length: int) -> None:
        if self._packets_left is not None:
            self._packets_left -= 1
            if self._packets_left < 0:
                raise TooLarge("too-many-packets")
        if self._bytes_left is not None:
            self._bytes_left -= length
            if self._bytes_left < 0:
                raise TooLarge("request-too-large")

    async def _fill(self, n: int) -> bool:
        """Have at least `n` bytes in the buffer; False when the stream ends before."""
        while len(self._buffer) - self._start < n:
            piece = await self._reader.read(CHUNK)
            if not piece:
                return False
            self._buffer = self._buffer[self._start :] + piece
            self._start = 0
        return True


def reader_of(reader: AsyncReader) -> PktReader:
    """Return `reader` itself when it can read packets already, else wrap it."""
    return reader if isinstance(reader, PktReader) else PktReader(reader)


def line(data: bytes) -> bytes:
    """Return the data of a packet without the one newline that may end it."""
    return data[:-1] if data.endswith(b"\n") else data
