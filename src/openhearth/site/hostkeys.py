"""The keys by which SSH clients know this instance: made on the first start, then never changed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

_RSA_BITS = 3072

_PrivateKey = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_KINDS: dict[str, Callable[[], _PrivateKey]] = {
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "ecdsa": lambda: ec.generate_private_key(ec.SECP256R1()),
    "rsa": lambda: rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS),
}


def paths(secrets: Path) -> list[Path]:
    """Return where the private keys lie below `secrets`, best kind first."""
    return [secrets / "ssh" / f"{kind}.key" for kind in _KINDS]


def make_missing(secrets: Path) -> list[Path]:
    """Make the keys that are not there yet (0600, OpenSSH's format, `.pub` beside each); return all paths."""
    folder = secrets / "ssh"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path, generate in zip(paths(secrets), _KINDS.values(), strict=True):
        if not path.exists():
            key = generate()
            _write(
                path.with_suffix(".pub"),
                key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
            )
            _write(path, key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    return paths(secrets)


def _write(path: Path, data: bytes) -> None:
    """Write all of it before the name appears."""
    draft = path.with_suffix(path.suffix + ".new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(data.rstrip(b"\n") + b"\n")
        out.flush()
        os.fsync(out.fileno())
    draft.rename(path)
