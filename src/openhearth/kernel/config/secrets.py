"""The instance's own keys: files outside the database, made when first needed, closed to other users."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from openhearth.kernel import locks
from openhearth.kernel.config.keys import Config
from openhearth.kernel.config.paths import prepare

_BYTES = 48


def secret_key(config: Config) -> str:
    """Return the key that signs cookies, sessions and links. Changing it signs everybody out."""
    return _read_or_make(prepare(config.data).secrets / "signing.key")


def sealing_key(config: Config) -> bytes:
    """Return 32 bytes that seal what is stored encrypted (TOTP seeds and their like)."""
    text = _read_or_make(prepare(config.data).secrets / "sealing.key")
    return bytes.fromhex(text)[:32]


def _read_or_make(path: Path) -> str:
    if path.exists():
        return _read(path)
    with locks.held(path.parent / ".lock"):
        if not path.exists():
            _write(path, secrets.token_hex(_BYTES))
    return _read(path)


def _read(path: Path) -> str:
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        path.chmod(0o600)
    text = path.read_text("ascii").strip()
    if len(text) < 2 * _BYTES:
        raise ValueError(
            f"The key in {path} is cut short. Put it back from a backup; "
            f"or delete the file to get a new key: everybody must sign in again, and what it sealed is lost.",
        )
    return text


def _write(path: Path, text: str) -> None:
    """Write the whole key before the name appears: another process never reads half of it."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, text.encode("ascii") + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)
    draft.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
