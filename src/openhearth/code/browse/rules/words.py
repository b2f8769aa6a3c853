"""Which words differ between a removed line and the line that took its place."""

from __future__ import annotations

import re

LONGEST = 500
"""Characters of a line up to which words are compared."""
_WORD = re.compile(r"\w+|\s+|[^\w\s]")


def changed(old: str, new: str) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Return (start, end) of the changed middle in both lines, None where the lines have too little in common.

    The ends that both share are found word by word; nothing in between is compared, so the cost is linear.
    """
    if max(len(old), len(new)) > LONGEST:
        return None
    before, after = _WORD.findall(old), _WORD.findall(new)
    shortest = min(len(before), len(after))
    head = 0
    while head < shortest and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < shortest - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    kept = sum(len(word.strip()) for word in [*before[:head], *before[len(before) - tail :]])
    if kept * 4 < max(len(old.strip()), len(new.strip())):
        return None
    start = sum(map(len, before[:head]))
    ends = sum(map(len, before[len(before) - tail :])) if tail else 0
    return (start, len(old) - ends), (start, len(new) - ends)
