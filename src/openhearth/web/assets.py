"""Static files: read once, named by their content.

There is no collecting step: the files of `static/` are the files that are served. A changed file gets a new
name, so a browser never holds an old one, and `/-/static/` needs no questions asked of the origin again.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "static"
PREFIX = "/-/static/"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
}
"""File endings that are served. Anything else in the folder (licence texts) stays at home."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: the name it is served under, its bytes as they are and packed, its media type."""

    address: str
    data: bytes
    packed: bytes
    media_type: str


@cache
def assets() -> dict[str, Asset]:
    """Return every served file by its plain name (`hearth.css`)."""
    found = {}
    for file in sorted(FOLDER.iterdir()):
        if file.suffix in TYPES:
            data = file.read_bytes()
            digest = hashlib.sha256(data).hexdigest()[:12]
            address = f"{PREFIX}{file.stem}.{digest}{file.suffix}"
            found[file.name] = Asset(address, data, gzip.compress(data, 9, mtime=0), TYPES[file.suffix])
    return found


@cache
def by_address() -> dict[str, Asset]:
    """Return every served file by the address that names its content."""
    return {asset.address: asset for asset in assets().values()}


def static(name: str) -> str:
    """Return the address of a file of `static/`. Raises KeyError for a file that is not there."""
    return assets()[name].address
