"""What there is to begin with, and which files come of a choice. Knows no file and no database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence by its SPDX name. `files` maps names in the repository to names of texts (`licences/….txt`).

    With `is_signed` the text names year and holder: `{year}` and `{holder}` stand for them, once each.
    """

    name: str
    files: Mapping[str, str]
    is_signed: bool = False


LICENCES: Mapping[str, Licence] = {
    licence.name: licence
    for licence in (
        Licence("Apache-2.0", {"LICENSE": "Apache-2.0"}),
        Licence("MIT", {"LICENSE": "MIT"}, is_signed=True),
        Licence("BSD-3-Clause", {"LICENSE": "BSD-3-Clause"}, is_signed=True),
        Licence("MPL-2.0", {"LICENSE": "MPL-2.0"}),
        Licence("MulanPSL-2.0", {"LICENSE": "MulanPSL-2.0"}),
        Licence("GPL-3.0", {"LICENSE": "GPL-3.0"}),
        # The lesser licence only adds permissions to the GPL, whose text it needs beside it.
        Licence("LGPL-3.0", {"LICENSE": "LGPL-3.0", "LICENSE.GPL": "GPL-3.0"}),
    )
}

IGNORED: Mapping[str, str] = {
    "c": "C and C++",
    "dart": "Dart and Flutter",
    "go": "Go",
    "haskell": "Haskell",
    "java": "Java and Kotlin",
    "dotnet": ".NET",
    "node": "Node",
    "php": "PHP",
    "python": "Python",
    "r": "R",
    "ruby": "Ruby",
    "rust": "Rust",
    "swift": "Swift",
    "terraform": "Terraform",
    "tex": "TeX",
}
"""Ignore lists by the names of their files (`ignored/….gitignore`), and what they are called."""


def signed(text: str, *, year: int, holder: str) -> str:
    """Return a licence text with its year and holder; braces in the holder's name are only themselves."""
    before, _mark, after = text.partition("{holder}")
    return before.replace("{year}", str(year), 1) + holder + after


def readme(name: str, description: str) -> str:
    """Return the first README: the name, and what it is for."""
    return f"# {name}\n" + (f"\n{description}\n" if description else "")
