"""Reads the configuration: the file, then the environment over it. All faults are told at once, by place."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from openhearth.kernel.config.keys import Config
from openhearth.kernel.config.reference import KeyRow, describe
from openhearth.kernel.config.values import ValueFault, check, from_text, from_toml

PREFIX = "OPENHEARTH_"
RESERVED = frozenset({"OPENHEARTH_DATA", "OPENHEARTH_VENV", "OPENHEARTH_PYTHON"})
"""Variables that are no keys: the data directory, and what the `hearth` script reads."""
DEFAULT_DATA = "data"

_state: dict[str, Config] = {}


class ConfigError(Exception):
    """The configuration has faults; `faults` has one line for each, naming file or variable, key and rule."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class _Setting:
    place: str  # "FILE: ssh.port" or "OPENHEARTH_SSH__PORT", for messages
    key: str
    value: object
    read: Callable[[KeyRow, Any], object]
    spell: Callable[[str], str]  # how a key is written in this source


def load(data: Path, environ: Mapping[str, str], options: Mapping[str, object] | None = None) -> Config:
    """Read `data`/hearth.toml where it exists, the OPENHEARTH_… variables over it, and `options` over both.

    `options` come from the command line: keys such as "ssh.port" with values of their type. ConfigError
    tells all faults.
    """
    data = data.absolute()
    rows = {row.key: row for row in describe()}
    values: dict[str, object] = {}
    faults: list[str] = []
    given = [_Setting(f"--{key}", key, value, from_toml, str) for key, value in (options or {}).items()]
    for setting in (*_file(data / "hearth.toml", faults, _sections(rows)), *_environment(environ), *given):
        row = rows.get(setting.key)
        if row is None:
            faults.append(_unknown(setting, list(rows)))
            continue
        try:
            value = setting.read(row, setting.value)
            check(setting.key, value)
        except ValueFault as fault:
            faults.append(f"{setting.place}: {fault}")
        else:
            values[setting.key] = value
    if faults:
        raise ConfigError(faults)
    return _build(data, values)


def current() -> Config:
    """Return this process's configuration, read at the first call from OPENHEARTH_DATA (default ./data)."""
    if "config" not in _state:
        data = Path(os.environ.get("OPENHEARTH_DATA") or DEFAULT_DATA)
        _state["config"] = load(data, os.environ)
    return _state["config"]


def install(config: Config) -> None:
    """Make `config` the configuration of this process (command-line options, tests)."""
    _state["config"] = config


def with_address(config: Config) -> Config:
    """Make `url` from host and port as they are now, unless somebody has set it."""
    if config.url_given:
        return config
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(config.host, config.host)  # noqa: S104  compared, not bound
    host = f"[{host}]" if ":" in host else host
    return msgspec.structs.replace(config, url=f"http://{host}:{config.port}")


def _sections(keys: Iterable[str]) -> frozenset[str]:
    return frozenset(key.rpartition(".")[0] for key in keys)


def _file(path: Path, faults: list[str], sections: frozenset[str]) -> Iterator[_Setting]:
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError) as error:
        faults.append(f"{path}: cannot be read ({error})")
        return
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        faults.append(f"{path}: is not TOML ({error})")
        return
    for key, value in _flatten(table, sections):
        yield _Setting(f"{path}: {key}", key, value, from_toml, str)


def _flatten(table: Mapping[str, Any], sections: frozenset[str], before: str = "") -> Iterator[tuple[str, object]]:
    for name, value in table.items():
        key = before + name
        if isinstance(value, dict) and (value or key in sections):
            yield from _flatten(value, sections, key + ".")
        else:
            yield key, value


def _environment(environ: Mapping[str, str]) -> Iterator[_Setting]:
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in RESERVED or name.startswith("OPENHEARTH_TEST_"):
            continue
        key = name.removeprefix(PREFIX).replace("__", ".").lower()
        yield _Setting(name, key, environ[name], from_text, variable)


def variable(key: str) -> str:
    """Return the environment variable that sets `key`."""
    return PREFIX + key.replace(".", "__").upper()


def _unknown(setting: _Setting, known: list[str]) -> str:
    near = difflib.get_close_matches(setting.key, known, n=1, cutoff=0.0)
    by_underscores = [key for key in known if key.replace(".", "_") == setting.key.replace(".", "_")]
    guess = setting.spell((by_underscores or near)[0])
    text = f"{setting.place}: there is no such key. Did you mean {guess}?"
    if str(setting.value).startswith("tcp://"):
        text += " (Kubernetes sets such variables for a service named openhearth: enableServiceLinks: false.)"
    return text


def _build(data: Path, values: Mapping[str, object]) -> Config:
    top: dict[str, Any] = {"data": data}
    for info in msgspec.structs.fields(Config):
        nested = info.type if isinstance(info.type, type) and issubclass(info.type, msgspec.Struct) else None
        if nested is not None:
            given = {
                part.name: values[f"{info.name}.{part.encode_name}"]
                for part in msgspec.structs.fields(nested)
                if f"{info.name}.{part.encode_name}" in values
            }
            top[info.name] = nested(**given)
        elif info.name in values:
            top[info.name] = values[info.name]
    return with_address(Config(**top, url_given=bool(top.get("url"))))
