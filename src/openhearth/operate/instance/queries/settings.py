"""The configuration as administrators see it: every key with its value, secrets left out."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from openhearth.kernel import config
from openhearth.kernel.config import Config, KeyRow, describe

HIDDEN = "••••••"


@dataclass(frozen=True, slots=True)
class Setting:
    """One key; `is_set` where the value is not the default."""

    key: str
    variable: str
    value: str
    default: str
    meaning: str
    is_set: bool


@dataclass(frozen=True, slots=True)
class Section:
    """The keys of one table of `hearth.toml`; the first section has no name."""

    name: str
    settings: tuple[Setting, ...]


def sections() -> tuple[Section, ...]:
    """Return all keys by section, in the order of the reference."""
    grouped: dict[str, list[Setting]] = {}
    current = config.current()
    for row in describe():
        section = row.key.rpartition(".")[0]
        grouped.setdefault(section, []).append(_setting(current, row))
    return tuple(Section(name, tuple(settings)) for name, settings in grouped.items())


def _setting(current: Config, row: KeyRow) -> Setting:
    section, _dot, name = row.key.rpartition(".")
    holder = getattr(current, section) if section else current
    fields = {info.encode_name: info.name for info in msgspec.structs.fields(holder)}
    value = _written(getattr(holder, fields[name]))
    is_set = value != row.default
    if (row.secret and value != '""') or _has_password(value):
        value = HIDDEN
    return Setting(row.key, row.variable, value, row.default, row.meaning, is_set)


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{item}"' for item in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _has_password(value: str) -> bool:
    """Tell whether an address carries a password (of the database, for one)."""
    try:
        return urlsplit(value.strip('"')).password is not None
    except ValueError:
        return False
