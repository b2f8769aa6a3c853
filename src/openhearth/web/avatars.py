"""Pictures of people and organisations without an uploaded one: an initial on one of eight grounds."""

from __future__ import annotations

import unicodedata
import zlib
from dataclasses import dataclass
from typing import Any

GROUNDS = 8


@dataclass(frozen=True, slots=True)
class Picture:
    """What the avatar macro draws. `ground` is 1 to 8, or 0 for nobody known."""

    initial: str
    ground: int
    arch: bool


def picture(who: Any) -> Picture:
    """Return the picture of an account, or of a bare name (an author without an account here).

    An account needs `pk` and `name`; `shown_name` gives the initial where there is one, and a true
    `is_organisation` makes the arch.
    """
    if who is None:
        return Picture("?", 0, arch=False)
    if isinstance(who, str):
        return Picture(initial(who), zlib.crc32(who.strip().casefold().encode()) % GROUNDS + 1, arch=False)
    shown = getattr(who, "shown_name", "") or who.name
    return Picture(initial(shown), int(who.pk) % GROUNDS + 1, arch=bool(getattr(who, "is_organisation", False)))


def initial(name: str) -> str:
    """Return the first letter or figure; of a Chinese name that is the family name."""
    for character in unicodedata.normalize("NFC", name):
        if character.isalnum():
            return character.upper()
    return "?"
