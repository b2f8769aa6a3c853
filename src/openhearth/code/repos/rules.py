"""Rules on repositories, without a database."""

from __future__ import annotations

import re
from enum import IntEnum

NAME_MAX = 100
DESCRIPTION_MAX = 350
BRANCH_MAX = 244
"""With `refs/heads/` before it a branch fills the 255 characters of a ref."""


class Role(IntEnum):
    """What a collaborator may do; each role holds all that the smaller ones hold."""

    READ = 10
    TRIAGE = 20
    WRITE = 30
    MAINTAIN = 40
    ADMIN = 50

    @property
    def word(self) -> str:
        """The role's name as in GitHub's API."""
        return self.name.lower()


def role_of_word(word: str) -> Role | None:
    """Return the role of that name, None for a word that is none."""
    return Role.__members__.get(word.upper())


def name_key(name: str) -> str:
    """Return the form under which a repository name is unique in its owner."""
    return name.casefold()


def name_fault(name: str) -> str:
    """Return the code of the first rule a repository name breaks, "" for a good one.

    Codes: `empty`, `too-long`, `dots`, `characters`, `first`, `suffix`.
    """
    if not name:
        return "empty"
    if len(name) > NAME_MAX:
        return "too-long"
    if not name.strip("."):
        return "dots"
    if not re.fullmatch(r"[A-Za-z0-9._-]+", name):
        return "characters"
    if name.startswith("-"):
        return "first"
    if name_key(name).endswith((".git", ".wiki", ".atom", ".lock", ".keys")) or name[-1] == ".":
        return "suffix"
    return ""


def suggest(name: str) -> str:
    """Return a good name near to `name`, "" where nothing is left."""
    kept = re.sub(r"[^A-Za-z0-9._-]+", "-", name.strip()).strip("-")[:NAME_MAX]
    kept = re.sub(r"(\.(git|wiki|atom|lock|keys)|\.)+$", "", kept, flags=re.IGNORECASE).strip("-")
    return "" if name_fault(kept) else kept
