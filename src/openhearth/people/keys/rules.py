"""Reading one OpenSSH public key, strictly: every type that OpenSSH makes, and why a text is none. No database."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec

TEXT_MAX = 20_000
RSA_MIN = 2048
RSA_MAX = 16384
RSA_GOOD = 3072
"""Shorter RSA keys still work, but their owner is told to replace them."""
TITLE_MAX = 100
COMMENT_MAX = 200

_CURVES: dict[str, tuple[int, ec.EllipticCurve]] = {
    "nistp256": (256, ec.SECP256R1()),
    "nistp384": (384, ec.SECP384R1()),
    "nistp521": (521, ec.SECP521R1()),
}
NAMES = {
    "ssh-ed25519": "Ed25519",
    "ssh-rsa": "RSA",
    "ecdsa-sha2-nistp256": "ECDSA P-256",
    "ecdsa-sha2-nistp384": "ECDSA P-384",
    "ecdsa-sha2-nistp521": "ECDSA P-521",
    "sk-ssh-ed25519@openssh.com": "Ed25519-SK",
    "sk-ecdsa-sha2-nistp256@openssh.com": "ECDSA-SK",
}
"""The accepted types and how they are called on pages."""

_PRIVATE = re.compile(r"BEGIN [A-Z0-9 ]*PRIVATE KEY|PuTTY-User-Key-File|BEGIN SSH2 ENCRYPTED PRIVATE|BEGIN PGP PRIVATE")
_OTHER_FORMAT = re.compile(r"BEGIN (?:SSH2 |RSA )?PUBLIC KEY")
_TYPE = re.compile(r"(?:ssh-|ecdsa-sha2-|sk-)[A-Za-z0-9@.\-]+")


class KeyFault(ValueError):
    """A text that is no acceptable public key; `code` names the rule, `params` what a message needs.

    Codes: `empty`, `too-long`, `private`, `format`, `pgp`, `certificate`, `options`, `several`, `lines`, `dss`,
    `type`, `base64`, `mismatch`, `malformed`, `short`, `large`.
    """

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that was read. `blob` is its base64 text, `fingerprint` as `ssh-keygen -l` writes it."""

    type: str
    blob: str
    comment: str
    bits: int
    fingerprint: str

    @property
    def line(self) -> str:
        """The key as a line of an authorized_keys file, without its comment."""
        return f"{self.type} {self.blob}"


def fingerprint(blob: bytes) -> str:
    """Return the SHA-256 fingerprint of a key's wire form."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def looks_private(text: str) -> bool:
    """Whether a text holds the private half of a key: it must not be shown again or kept."""
    return bool(_PRIVATE.search(text))


def parse(text: str) -> PublicKey:
    """Read one public key (the content of a `.pub` file). Raises `KeyFault`."""
    if looks_private(text):
        raise KeyFault("private")
    if len(text) > TEXT_MAX:
        raise KeyFault("too-long", most=TEXT_MAX)
    line = _one_line(text)
    kind, encoded, comment = [*line.split(None, 2), "", ""][:3]
    _check_type(kind, line)
    if not encoded:
        raise KeyFault("malformed", type=kind)
    try:
        blob = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise KeyFault("base64") from None
    bits = _bits(kind, blob)
    clean = "".join(character for character in comment.strip() if character.isprintable())[:COMMENT_MAX]
    return PublicKey(kind, base64.b64encode(blob).decode(), clean, bits, fingerprint(blob))


def _one_line(text: str) -> str:
    if _OTHER_FORMAT.search(text):
        raise KeyFault("format")
    if "BEGIN PGP" in text:
        raise KeyFault("pgp")
    lines = [line.strip() for line in re.split(r"\r\n|\r|\n", text.lstrip("\ufeff"))]
    lines = [line for line in lines if line and not line.startswith("#")]
    if not lines:
        raise KeyFault("empty")
    if len(lines) > 1:
        raise KeyFault("several" if sum(bool(_TYPE.match(line)) for line in lines) > 1 else "lines")
    return lines[0]


def _check_type(kind: str, line: str) -> None:
    if kind in NAMES:
        return
    if "-cert-v0" in kind:
        raise KeyFault("certificate")
    if kind == "ssh-dss":
        raise KeyFault("dss")
    if _TYPE.fullmatch(kind):
        raise KeyFault("type", type=kind[:60])
    if any(f" {name} " in f" {line} " for name in NAMES):
        raise KeyFault("options")
    raise KeyFault("type", type=kind[:60])


class _Wire:
    """Takes fields off a key's wire form; everything must be there and nothing left over."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def string(self) -> bytes:
        if len(self.data) < 4:
            raise KeyFault("malformed")
        length = int.from_bytes(self.data[:4])
        if length > len(self.data) - 4:
            raise KeyFault("malformed")
        taken, self.data = self.data[4 : 4 + length], self.data[4 + length :]
        return taken

    def positive(self) -> int:
        """Take a positive number in its one canonical form."""
        taken = self.string()
        padded = len(taken) > 1 and taken[0] == 0 and taken[1] < 0x80
        if not taken or taken[0] >= 0x80 or padded or taken == b"\0":
            raise KeyFault("malformed")
        return int.from_bytes(taken)

    def end(self) -> None:
        if self.data:
            raise KeyFault("malformed")


def _bits(kind: str, blob: bytes) -> int:
    wire = _Wire(blob)
    inside = wire.string()
    if inside != kind.encode():
        raise KeyFault("mismatch", type=kind, inside=inside.decode("ascii", "replace")[:60])
    bits = _READERS[kind](wire)
    wire.end()
    return bits


def _rsa(wire: _Wire) -> int:
    exponent, modulus = wire.positive(), wire.positive()
    bits = modulus.bit_length()
    if bits < RSA_MIN:
        raise KeyFault("short", bits=bits, least=RSA_MIN)
    if bits > RSA_MAX:
        raise KeyFault("large", bits=bits, most=RSA_MAX)
    if exponent < 3 or exponent % 2 == 0 or exponent.bit_length() > 64 or modulus % 2 == 0:
        raise KeyFault("malformed")
    return bits


def _ed25519(wire: _Wire) -> int:
    if len(wire.string()) != 32:
        raise KeyFault("malformed")
    return 256


def _ecdsa(name: str) -> Callable[[_Wire], int]:
    def read(wire: _Wire) -> int:
        if wire.string() != name.encode():
            raise KeyFault("malformed")
        bits, curve = _CURVES[name]
        point = wire.string()
        if point[:1] != b"\x04":
            raise KeyFault("malformed")
        try:
            ec.EllipticCurvePublicKey.from_encoded_point(curve, point)
        except ValueError:
            raise KeyFault("malformed") from None
        return bits

    return read


def _security_key(inner: Callable[[_Wire], int]) -> Callable[[_Wire], int]:
    def read(wire: _Wire) -> int:
        bits = inner(wire)
        if not wire.string():  # the application that the hardware key signs for, usually "ssh:"
            raise KeyFault("malformed")
        return bits

    return read


_READERS: dict[str, Callable[[_Wire], int]] = {
    "ssh-rsa": _rsa,
    "ssh-ed25519": _ed25519,
    "ecdsa-sha2-nistp256": _ecdsa("nistp256"),
    "ecdsa-sha2-nistp384": _ecdsa("nistp384"),
    "ecdsa-sha2-nistp521": _ecdsa("nistp521"),
    "sk-ssh-ed25519@openssh.com": _security_key(_ed25519),
    "sk-ecdsa-sha2-nistp256@openssh.com": _security_key(_ecdsa("nistp256")),
}
