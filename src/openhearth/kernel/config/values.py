"""Turns what stands in the file or the environment into a value of the key's type, and judges addresses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import msgspec

from openhearth.kernel.config.reference import KeyRow

_UNITS = {"b": 1, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40}
_UNITS |= {"": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3, "tb": 1000**4}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)", re.IGNORECASE)


class ValueFault(ValueError):
    """The value cannot be used; the message says the rule."""


def from_toml(row: KeyRow, value: object) -> object:
    """Check a value that TOML has typed already."""
    return _convert(row, _sized(row, value), value, strict=True)


def from_text(row: KeyRow, text: str) -> object:
    """Read a value from an environment variable: lists are separated by commas."""
    value: object = text
    if row.type.startswith("a list"):
        value = [part.strip() for part in text.split(",") if part.strip()]
    return _convert(row, _sized(row, value), text, strict=False)


def _convert(row: KeyRow, value: object, given: object, *, strict: bool) -> object:
    try:
        return msgspec.convert(value, row.kind, strict=strict)
    except msgspec.ValidationError:
        shown = "the value given" if row.secret else repr(given)
        raise ValueFault(f"must be {row.type}, not {shown}.") from None


def _sized(row: KeyRow, value: object) -> object:
    if not row.type.startswith("a size") or not isinstance(value, str):
        return value
    match = _SIZE.fullmatch(value.strip())
    if match is None or match[2].lower() not in _UNITS:
        return value
    return int(float(match[1]) * _UNITS[match[2].lower()])


def check(key: str, value: Any) -> None:
    """Judge values with a shape of their own (addresses, networks); ValueFault names the rule."""
    judge = _JUDGES.get(key)
    if judge is not None and value:
        judge(value)


def _url(value: str) -> None:
    rule = 'must look like "https://code.example.org" or "http://127.0.0.1:8000"'
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueFault(f"{rule}, not {value!r}.") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise ValueFault(f"{rule}, not {value!r}.")
    if parts.path or parts.query or parts.fragment or "@" in parts.netloc or re.search(r"\s", value):
        raise ValueFault(f"{rule}: no path, no slash at the end, no user name; not {value!r}.")
    if value != value.lower():
        raise ValueFault(f"{rule}, in small letters, not {value!r}.")


def _networks(value: tuple[str, ...]) -> None:
    for part in value:
        try:
            ipaddress.ip_network(part)
        except ValueError as error:
            raise ValueFault(f'must be networks such as "10.0.0.0/8" or "::1", not {part!r} ({error}).') from None


def _scheme(*allowed: str) -> Callable[[str], None]:
    def judge(value: str) -> None:
        rule = f"must begin with {' or '.join(name + '://' for name in allowed)}"
        try:
            parts = urlsplit(value)
            parts.port  # noqa: B018  raises for a port that is none
        except ValueError:
            raise ValueFault(f"{rule} and hold a valid port.") from None  # the value may hold a password
        if parts.scheme not in allowed:
            raise ValueFault(f"{rule}.")
        if allowed[0] == "postgres" and not parts.path.lstrip("/"):
            raise ValueFault("must name the database at its end: postgres://USER:PASSWORD@HOST/NAME.")

    return judge


_JUDGES: dict[str, Callable[[Any], None]] = {
    "url": _url,
    "trusted_proxies": _networks,
    "fetch.allow": _networks,
    "database.url": _scheme("postgres", "postgresql"),
    "cache.url": _scheme("redis", "rediss", "valkey", "valkeys", "unix"),
}
