"""What a file is to a page: shown as lines, as a document, as a picture, or only named."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from openhearth.kernel.text import encoding

Shape = Literal["text", "markdown", "image", "binary", "too-large", "empty", "link", "lfs"]

IMAGES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "svg": "image/svg+xml",
}
"""Endings of pictures that browsers show without running anything, with their media types."""
MARKDOWN = frozenset({"md", "markdown", "mkd", "mdown"})

_LFS = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-\d-\S+ \S+\n)*oid sha256:([0-9a-f]{64})\nsize (\d{1,18})\n?"
)
_LFS_MOST = 1024


@dataclass(frozen=True, slots=True)
class Pointer:
    """A file that only names content kept elsewhere by Git LFS; `size` in bytes is that of the content."""

    oid: str
    size: int


def ending(path: str) -> str:
    """Return the lower-case ending of a file name without its dot."""
    name = path.rpartition("/")[2]
    return name.rpartition(".")[2].lower() if "." in name else ""


def lfs_pointer(data: bytes) -> Pointer | None:
    """Return what an LFS pointer points to, None for any other file."""
    if len(data) > _LFS_MOST:
        return None
    match = _LFS.fullmatch(data)
    return Pointer(match.group(1).decode(), int(match.group(2))) if match else None


def shape(path: str, *, size: int, binary: bool, limit: int) -> Shape:
    """Return how a file's page shows it; links and LFS pointers are known by other signs."""
    kind = ending(path)
    if size == 0:
        return "empty"
    if kind in IMAGES:
        return "image"
    if binary:
        return "binary"
    if size > limit:
        return "too-large"
    return "markdown" if kind in MARKDOWN else "text"


def is_binary(data: bytes) -> bool:
    """Tell whether a file, of which this is the beginning, is no text (a PDF never is, however it begins)."""
    return encoding.is_binary(data) or data.startswith(b"%PDF-")


def submodules(text: str) -> dict[str, str]:
    """Return path to address of every submodule that a `.gitmodules` file names."""
    found: dict[str, str] = {}
    path = address = ""
    for line in [*text.splitlines(), "["]:
        stripped = line.strip()
        if stripped.startswith("["):
            if path and address:
                found[path] = address
            path = address = ""
            continue
        key, _equals, value = stripped.partition("=")
        if key.strip() == "path":
            path = value.strip().strip('"')
        elif key.strip() == "url":
            address = value.strip().strip('"')
    return found


def is_web_address(address: str) -> bool:
    """Tell whether an address may become a link."""
    return re.fullmatch(r"https?://[^\s\x00-\x20\"'<>\\]+", address, re.IGNORECASE) is not None
