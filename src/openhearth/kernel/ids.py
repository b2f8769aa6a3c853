"""Identifiers and tokens: time-ordered unique ids, GitHub-like node ids, tokens with their own checksum."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import time
import uuid
import zlib

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM = 30
_CHECK = 6


def new_id() -> str:
    """Return a UUID of version 7 as text: unique everywhere, sorted by the millisecond it was made in."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | int.from_bytes(os.urandom(10))
    value &= ~(0xF << 76) & ~(0x3 << 62)
    value |= (0x7 << 76) | (0x2 << 62)
    return str(uuid.UUID(int=value))


def node_id(kind: str, number: int) -> str:
    """Return the stable node id of an object: base64 of `kind:number`, as clients of GitHub's API expect."""
    if ":" in kind or not kind:
        raise ValueError(f"{kind!r} is no kind of node")
    return base64.b64encode(f"{kind}:{number}".encode()).decode()


def parse_node_id(text: str) -> tuple[str, int] | None:
    """Return kind and number of a node id, None where it is none."""
    try:
        kind, _, number = base64.b64decode(text, validate=True).decode("ascii").partition(":")
    except ValueError:
        return None
    if not kind or not (number.isascii() and number.isdigit()) or number != str(int(number)):
        return None
    return kind, int(number)


def make_token(prefix: str) -> str:
    """Return a new token: prefix, 30 random characters of [0-9A-Za-z], 6 characters of checksum (CRC-32)."""
    body = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM))
    return prefix + body + _checksum(prefix + body)


def check_token(text: str, prefix: str) -> bool:
    """Whether `text` can be a token of ours by its shape and checksum; no database is asked."""
    body = text.removeprefix(prefix)
    if not text.startswith(prefix) or len(body) != _RANDOM + _CHECK or not set(body) <= set(_ALPHABET):
        return False
    return same(text[-_CHECK:], _checksum(text[:-_CHECK]))


def digest(token: str) -> str:
    """Return what is stored instead of a token: its SHA-256 in hex (no salt: it has 178 random bits)."""
    return hashlib.sha256(token.encode()).hexdigest()


def same(one: str, other: str) -> bool:
    """Compare two secrets in a time that does not depend on where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


def _checksum(text: str) -> str:
    number = zlib.crc32(text.encode())
    digits = ""
    while number:
        number, rest = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[rest] + digits
    return digits.rjust(_CHECK, "0")
