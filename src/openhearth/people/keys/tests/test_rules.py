"""The parser against ssh-keygen: every type that OpenSSH makes, and every way in which a text is no key."""

from __future__ import annotations

import base64
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from openhearth.people.keys import rules

KEYGEN = shutil.which("ssh-keygen")
needs_keygen = pytest.mark.skipif(KEYGEN is None, reason="ssh-keygen is not installed")


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4) + data


def _line(kind: str, *fields: bytes, comment: str = "") -> str:
    blob = _string(kind.encode()) + b"".join(_string(field) for field in fields)
    return f"{kind} {base64.b64encode(blob).decode()} {comment}".strip()


def _ed25519() -> bytes:
    return ed25519.Ed25519PrivateKey.generate().public_key().public_bytes_raw()


def _point(curve: ec.EllipticCurve) -> bytes:
    key = ec.generate_private_key(curve).public_key()
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


SK_ED25519 = _line("sk-ssh-ed25519@openssh.com", _ed25519(), b"ssh:", comment="token")
SK_ECDSA = _line("sk-ecdsa-sha2-nistp256@openssh.com", b"nistp256", _point(ec.SECP256R1()), b"ssh:")
ED25519 = _line("ssh-ed25519", _ed25519(), comment="lin@desk at home")


def _generate(directory: Path, *options: str) -> str:
    file = directory / "key"
    subprocess.run([str(KEYGEN), "-q", "-N", "", "-C", "a comment", "-f", str(file), *options], check=True)
    return file.with_suffix(".pub").read_text()


def _listed(directory: Path, text: str) -> tuple[int, str]:
    file = directory / "listed.pub"
    file.write_text(text + "\n")
    said = subprocess.run([str(KEYGEN), "-l", "-f", str(file)], check=True, capture_output=True, text=True)
    bits, fingerprint, *_ = said.stdout.split()
    return int(bits), fingerprint


@needs_keygen
@pytest.mark.parametrize(
    ("options", "kind", "bits"),
    [
        (["-t", "ed25519"], "ssh-ed25519", 256),
        (["-t", "rsa", "-b", "2048"], "ssh-rsa", 2048),
        (["-t", "rsa", "-b", "3072"], "ssh-rsa", 3072),
        (["-t", "ecdsa", "-b", "256"], "ecdsa-sha2-nistp256", 256),
        (["-t", "ecdsa", "-b", "384"], "ecdsa-sha2-nistp384", 384),
        (["-t", "ecdsa", "-b", "521"], "ecdsa-sha2-nistp521", 521),
    ],
)
def test_keys_of_openssh_are_read_as_it_lists_them(tmp_path: Path, options: list[str], kind: str, bits: int) -> None:
    text = _generate(tmp_path, *options)
    key = rules.parse(text)
    assert (key.type, key.bits, key.comment) == (kind, bits, "a comment")
    assert (key.bits, key.fingerprint) == _listed(tmp_path, text)
    assert text.startswith(key.line)


@needs_keygen
@pytest.mark.parametrize("text", [SK_ED25519, SK_ECDSA, ED25519])
def test_keys_of_hardware_are_read_as_openssh_lists_them(tmp_path: Path, text: str) -> None:
    key = rules.parse(text)
    assert (key.bits, key.fingerprint) == _listed(tmp_path, text)


@needs_keygen
def test_a_private_key_is_told_as_one(tmp_path: Path) -> None:
    _generate(tmp_path, "-t", "ed25519")
    assert _code((tmp_path / "key").read_text()) == "private"
    assert rules.looks_private((tmp_path / "key").read_text())


@needs_keygen
def test_a_certificate_is_told_as_one(tmp_path: Path) -> None:
    _generate(tmp_path, "-t", "ed25519")
    sign = [str(KEYGEN), "-q", "-s", str(tmp_path / "key"), "-I", "id", "-n", "lin", str(tmp_path / "key.pub")]
    subprocess.run(sign, check=True)
    assert _code((tmp_path / "key-cert.pub").read_text()) == "certificate"


@needs_keygen
def test_short_rsa_is_refused(tmp_path: Path) -> None:
    text = _generate(tmp_path, "-t", "rsa", "-b", "1024")
    with pytest.raises(rules.KeyFault) as refused:
        rules.parse(text)
    assert (refused.value.code, refused.value.params["bits"]) == ("short", 1024)


def _code(text: str) -> str:
    try:
        rules.parse(text)
    except rules.KeyFault as refused:
        return refused.code
    return ""


@pytest.mark.parametrize(
    "text",
    [
        f"{ED25519}\r\n",
        f"\ufeff{ED25519}",
        f"\n\n  {ED25519}  \n\n",
        f"# my key\n{ED25519}\n",
        ED25519.replace(" ", "   ", 1),
        ED25519.replace(" ", "\t", 1),
        " ".join(ED25519.split()[:2]),
    ],
)
def test_harmless_differences_are_borne(text: str) -> None:
    assert rules.parse(text).fingerprint == rules.parse(ED25519).fingerprint


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        (" \r\n \n", "empty"),
        ("# nothing", "empty"),
        ("x" * 30_000, "too-long"),
        ("-----BEGIN RSA PRIVATE KEY-----", "private"),
        ("PuTTY-User-Key-File-3: ssh-ed25519", "private"),
        ("---- BEGIN SSH2 PUBLIC KEY ----\nAAAA", "format"),
        ("-----BEGIN PUBLIC KEY-----\nMIIB", "format"),
        ("-----BEGIN PGP PUBLIC KEY BLOCK-----", "pgp"),
        (f'command="x",no-pty {ED25519}', "options"),
        (f"no-pty {ED25519}", "options"),
        (f"{ED25519}\n{SK_ED25519}", "several"),
        (ED25519[:40] + "\n" + ED25519[40:], "lines"),
        ("ssh-dss AAAAB3NzaC1kc3MAAACB", "dss"),
        ("ssh-ed448 AAAA", "type"),
        ("hello", "type"),
        ("ssh-ed25519", "malformed"),
        ("ssh-ed25519 AAA!", "base64"),
        (ED25519.split()[0] + " " + ED25519.split()[1][:-1], "base64"),
        (f"ssh-rsa {ED25519.split()[1]}", "mismatch"),
        (_line("ssh-ed25519", b"x" * 31), "malformed"),
        (_line("ssh-ed25519", b"x" * 32, b"more"), "malformed"),
        (_line("ssh-rsa", b"\x01\x00\x01"), "malformed"),
        (_line("ssh-rsa", b"\x01\x00\x01", b"\x80" + b"\x01" * 256), "malformed"),
        (_line("ssh-rsa", b"\x01\x00\x01", b"\x00\x01" + b"\x01" * 256), "malformed"),
        (_line("ssh-rsa", b"\x02", b"\x00" + b"\xff" * 256), "malformed"),
        (_line("ssh-rsa", b"\x03", b"\x00" + b"\xff" * 2049), "large"),
        (_line("ecdsa-sha2-nistp256", b"nistp384", _point(ec.SECP384R1())), "malformed"),
        (_line("ecdsa-sha2-nistp256", b"nistp256", b"\x04" + b"\x01" * 64), "malformed"),
        (_line("ecdsa-sha2-nistp256", b"nistp256", b"\x02" + b"\x01" * 32), "malformed"),
        (_line("sk-ssh-ed25519@openssh.com", b"x" * 32), "malformed"),
        (_line("sk-ssh-ed25519@openssh.com", b"x" * 32, b""), "malformed"),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5/////w==", "malformed"),
        ("\x00\x00", "type"),
    ],
)
def test_what_is_no_key_is_told_why(text: str, code: str) -> None:
    assert _code(text) == code


@given(st.text(max_size=200))
def test_any_text_is_a_key_or_a_fault(text: str) -> None:
    _code(text)
    _code(f"ssh-ed25519 {text}")


@given(st.binary(max_size=300), st.sampled_from(sorted(rules.NAMES)))
def test_any_bytes_inside_are_a_key_or_a_fault(data: bytes, kind: str) -> None:
    blob = _string(kind.encode()) + data
    _code(f"{kind} {base64.b64encode(blob).decode()}")


def test_comments_are_kept_printable_and_short() -> None:
    assert rules.parse(f"{ED25519}\x07{'x' * 500}").comment == ("lin@desk at home" + "x" * 500)[:200]
