"""What annotated tags finally point to."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pygit2


def peel(directory: Path, oids: Iterable[str]) -> dict[str, str]:
    """Return, for each id that is an annotated tag, the id of the object behind it (through tags of tags).

    Ids of other objects, and of objects that are missing, do not appear in the answer.
    """
    wanted = set(oids)
    if not wanted:
        return {}
    repository = pygit2.Repository(str(directory), pygit2.enums.RepositoryOpenFlag.BARE)
    found: dict[str, str] = {}
    for oid in wanted:
        item = repository.get(oid)
        depth = 0
        while isinstance(item, pygit2.Tag) and depth < 50:
            item = repository.get(item.target)
            depth += 1
        if depth and item is not None:
            found[oid] = str(item.id)
    return found
