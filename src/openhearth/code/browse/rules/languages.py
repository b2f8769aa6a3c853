"""Shares of programming languages by bytes."""

from __future__ import annotations

from collections.abc import Iterable

from openhearth.kernel.text import guess

COUNTED = frozenset({"programming", "markup"})


def bytes_by_language(files: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Add up (path, size) by language, greatest first.

    Copies of others' code, generated files and documents do not count.
    """
    found: dict[str, int] = {}
    for path, size in files:
        language = guess.language(path)
        if language is None or language.kind not in COUNTED or not size:
            continue
        if guess.is_vendored(path) or guess.is_generated(path) or guess.is_documentation(path):
            continue
        found[language.name] = found.get(language.name, 0) + size
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


def shares(sizes: dict[str, int], most: int = 5) -> list[tuple[str, float]]:
    """Return (language, share of one) of the greatest languages; what is left has the name ""."""
    total = sum(sizes.values())
    if not total:
        return []
    listed = [(name, size / total) for name, size in sizes.items() if size / total >= 0.001][:most]
    rest = 1 - sum(share for _name, share in listed)
    return [*listed, ("", rest)] if rest >= 0.001 else listed
