"""The texts that come with the program, and the files made of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from openhearth.code.starters import rules

_HERE = Path(__file__).parent


@cache
def licence_text(name: str) -> str:
    """Return the text of that name as its authors wrote it."""
    return (_HERE / "licences" / f"{name}.txt").read_text("utf-8")


@cache
def ignore_list(key: str) -> str:
    """Return the ignore list of one language or tool."""
    return (_HERE / "ignored" / f"{key}.gitignore").read_text("utf-8")


def licence_files(name: str, *, year: int, holder: str) -> dict[str, bytes]:
    """Return the files of a licence of `rules.LICENCES`."""
    licence = rules.LICENCES[name]
    files = {}
    for file, text_name in licence.files.items():
        text = licence_text(text_name)
        files[file] = (rules.signed(text, year=year, holder=holder) if licence.is_signed else text).encode()
    return files
