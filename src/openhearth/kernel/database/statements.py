"""Tells statements that read from statements that write, by their first words."""

from __future__ import annotations

import re

_READS = frozenset({"SELECT", "PRAGMA", "EXPLAIN", "VALUES", "SHOW"})
_OPENS = frozenset({"BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT", "SET"})
_FIRST = re.compile(r"(?:\s+|--[^\n]*\n|/\*.*?\*/|\()*([A-Za-z]+)", re.DOTALL)
_CHANGES = re.compile(r"\b(INSERT|UPDATE|DELETE|REPLACE|MERGE)\b", re.IGNORECASE)
_LOCKS = re.compile(r"\bFOR\s+(NO\s+KEY\s+)?UPDATE\b|\bFOR\s+(KEY\s+)?SHARE\b", re.IGNORECASE)


def first_word(sql: str) -> str:
    """Return the first word in capitals, "" where there is none."""
    match = _FIRST.match(sql)
    return match[1].upper() if match else ""


def is_read(sql: str) -> bool:
    """Whether the statement can run without the writers' turn: it reads, or steers a transaction."""
    word = first_word(sql)
    if word == "WITH":
        return not _CHANGES.search(sql)
    return word in _READS or word in _OPENS


def changes_nothing(sql: str) -> bool:
    """Whether the statement reads and neither writes, locks rows nor opens a transaction."""
    word = first_word(sql)
    return (word in _READS or (word == "WITH" and not _CHANGES.search(sql))) and not _LOCKS.search(sql)
