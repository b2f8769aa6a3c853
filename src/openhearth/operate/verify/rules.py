"""What can be wrong, and what to do about it. No database here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

ZERO = "0" * 40


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken promise. `where` names the thing (`repository 7 alice/flask`), `detail` what was found."""

    code: str
    where: str
    detail: str


def replay(moves: Iterable[tuple[str, str, str]]) -> tuple[dict[str, str], list[str]]:
    """Return (refs that the log leads to, refs whose log has a gap) from (ref, old, new) in order."""
    refs: dict[str, str] = {}
    gaps: list[str] = []
    for ref, old, new in moves:
        if refs.get(ref, ZERO) != old and ref not in gaps:
            gaps.append(ref)
        if new == ZERO:
            refs.pop(ref, None)
        else:
            refs[ref] = new
    return refs, gaps


def difference(wanted: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """Return the names under which two maps differ, in order."""
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
