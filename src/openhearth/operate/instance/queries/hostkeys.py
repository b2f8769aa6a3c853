"""The keys by which SSH clients know this instance, as people check them."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from openhearth.kernel import config

_NAMES = {"ssh-ed25519": "Ed25519", "ecdsa-sha2-nistp256": "ECDSA", "ssh-rsa": "RSA"}


@dataclass(frozen=True, slots=True)
class HostKey:
    """One public host key: what it is called, its fingerprint as ssh shows it, its line for `known_hosts`."""

    kind: str
    fingerprint: str
    known_hosts: str


def host_keys() -> tuple[HostKey, ...]:
    """Return the keys of the SSH server, best kind first; nothing where it is off or has not started yet."""
    settings = config.current()
    if not settings.ssh.enabled:
        return ()
    host, port = settings.ssh.url_host or settings.host_name, settings.ssh.url_port or settings.ssh.port
    named = host if port == 22 else f"[{host}]:{port}"
    found = (_key(file.read_text("ascii"), named) for file in (settings.paths.secrets / "ssh").glob("*.pub"))
    order = list(_NAMES.values())
    return tuple(sorted((key for key in found if key), key=lambda key: order.index(key.kind)))


def _key(line: str, host: str) -> HostKey | None:
    kind, _blank, rest = line.strip().partition(" ")
    blob = rest.split(" ")[0]
    try:
        digest = hashlib.sha256(base64.b64decode(blob, validate=True)).digest()
    except binascii.Error:
        return None
    if kind not in _NAMES:
        return None
    fingerprint = "SHA256:" + base64.b64encode(digest).decode().rstrip("=")
    return HostKey(_NAMES[kind], fingerprint, f"{host} {kind} {blob}")
