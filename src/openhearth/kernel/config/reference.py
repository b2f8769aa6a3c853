"""The list of keys as rows: for reading them in and for the generated reference page."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, get_args, get_type_hints

import msgspec

from openhearth.kernel.config.keys import Config


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key: `type` in words, `default` as TOML, `meaning` as a sentence; `kind` is the type itself."""

    key: str
    type: str
    default: str
    meaning: str
    kind: Any
    secret: bool

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return "OPENHEARTH_" + self.key.replace(".", "__").upper()


@functools.cache
def describe() -> tuple[KeyRow, ...]:
    """Return every key in the order of the file."""
    rows: list[KeyRow] = []
    for info in msgspec.structs.fields(Config):
        if isinstance(info.type, type) and issubclass(info.type, msgspec.Struct):
            rows += _rows(info.type, prefix=f"{info.name}.")
    top = _rows(Config, prefix="")
    return (*top, *rows)


def _rows(struct: type[msgspec.Struct], *, prefix: str) -> list[KeyRow]:
    rows = []
    hints = get_type_hints(struct, include_extras=True)
    for info in msgspec.structs.fields(struct):
        meta = next((part for part in get_args(hints[info.name])[1:] if isinstance(part, msgspec.Meta)), None)
        if meta is None:
            continue
        rows.append(
            KeyRow(
                key=prefix + info.encode_name,
                type=words(hints[info.name]),
                default=_toml(info.default),
                meaning=meta.description or "",
                kind=hints[info.name],
                secret=bool((meta.extra or {}).get("secret")),
            )
        )
    return rows


def words(kind: Any) -> str:
    """Say in words what a value of this (annotated) type is."""
    info = msgspec.inspect.type_info(kind)
    extra: dict[str, Any] = {}
    while isinstance(info, msgspec.inspect.Metadata):
        extra.update(info.extra or {})
        info = info.type
    if isinstance(info, msgspec.inspect.LiteralType):
        return "one of " + ", ".join(f'"{value}"' for value in get_args(get_args(kind)[0]))
    if isinstance(info, msgspec.inspect.IntType):
        noun = 'a size such as 1048576 or "1 MiB"' if extra.get("unit") == "bytes" else "a whole number"
        if info.le is not None:
            return f"{noun} from {info.ge} to {info.le}"
        return noun if info.ge is None else f"{noun}, at least {info.ge}"
    if isinstance(info, msgspec.inspect.BoolType):
        return "true or false"
    if isinstance(info, msgspec.inspect.VarTupleType):
        return "a list of texts"
    return "a text that is not empty" if getattr(info, "min_length", None) else "a text"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[]"
    return f'"{value}"' if isinstance(value, str) else str(value)
