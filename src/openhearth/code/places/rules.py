"""What a reader may ask of the lists. No database."""

from __future__ import annotations

KINDS = ("repositories", "people")
SORTS = ("pushed", "name", "newest")
TEXT_MAX = 200


def kind(wanted: str) -> str:
    """Return the kind of results that is asked for, repositories for anything unknown."""
    return wanted if wanted in KINDS else KINDS[0]


def sort(wanted: str) -> str:
    """Return the order that is asked for, last pushed first for anything unknown."""
    return wanted if wanted in SORTS else SORTS[0]


def text(wanted: str) -> str:
    """Return the words to look for, without what no database takes."""
    return wanted.replace("\x00", "").strip()[:TEXT_MAX]
