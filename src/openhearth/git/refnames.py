"""Which ref names a client may create: git's own rules, and what keeps people and programs safe.

A name is data from a stranger that later stands in pages, mails, shell scripts of CI and command lines of
tools. Letters of every script are welcome; what is refused is what cannot be seen, what a shell or an
option parser would act on, and what would be taken for something else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable

MAX_BYTES = 255

OPEN_NAMESPACES = ("refs/heads/", "refs/tags/", "refs/notes/")
INTERNAL_NAMESPACES = (
    "refs/pull/",
    "refs/merge-requests/",
    "refs/changes/",
    "refs/internal/",
    "refs/keep-around/",
    "refs/environments/",
    "refs/replace/",
    "refs/remotes/",
    "refs/original/",
    "refs/bisect/",
    "refs/worktree/",
    "refs/rewritten/",
    "refs/prefetch/",
    "refs/stash",
)
HIDDEN_NAMESPACES = ("refs/internal/", "refs/keep-around/")

_RESERVED = frozenset({"HEAD", "FETCH_HEAD", "ORIG_HEAD", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD"})
_SHELL = frozenset("$`;<>|&\"'")
_FORBIDDEN_BY_GIT = re.compile(r"\.\.|[ ~^:?*\[\\]|@\{|//|/$|\.$|\.lock(?:/|$)|(?:^|/)\.")
_OBJECT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.IGNORECASE)
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")


def check(name: str) -> str | None:
    """Return None when a client may push a ref of this full name, else the code of the rule that refuses it.

    Codes: not-utf8, too-long, control-character, invisible-character, space, not-normalised,
    internal-namespace, unknown-namespace, bad-format, leading-dash, shell-character, reserved-name,
    nested-refs, looks-like-id.
    """
    return _bytes(name) or _characters(name) or _namespace(name) or _format(name) or _meaning(name)


def _bytes(name: str) -> str | None:
    try:
        return "too-long" if len(name.encode()) > MAX_BYTES else None
    except UnicodeEncodeError:
        return "not-utf8"


def _characters(name: str) -> str | None:
    for char in name:
        category = unicodedata.category(char)
        if category == "Cc":
            return "control-character"
        if category == "Cf" or char in _BLANK or 0xE0100 <= ord(char) <= 0xE01EF:
            return "invisible-character"
        if category in {"Zs", "Zl", "Zp"} and char != " ":
            return "space"
    return None if unicodedata.is_normalized("NFC", name) else "not-normalised"


def _namespace(name: str) -> str | None:
    if name.startswith(INTERNAL_NAMESPACES):
        return "internal-namespace"
    return None if name.startswith(OPEN_NAMESPACES) else "unknown-namespace"


def _format(name: str) -> str | None:
    if _FORBIDDEN_BY_GIT.search(name):
        return "bad-format"
    if "/-" in name:
        return "leading-dash"
    return "shell-character" if any(char in _SHELL for char in name) else None


def _meaning(name: str) -> str | None:
    short = name.split("/", 2)[2]
    if short == "@":
        return "bad-format"
    if short in _RESERVED:
        return "reserved-name"
    if short == "refs" or short.startswith("refs/"):
        return "nested-refs"
    return "looks-like-id" if _OBJECT_ID.fullmatch(short) else None


def is_hidden(name: str) -> bool:
    """Return whether a ref of this name is never advertised or fetched by anyone."""
    return name.startswith(HIDDEN_NAMESPACES)


def clash(name: str, existing: Container[str], names: Iterable[str] = ()) -> str | None:
    """Return the ref that stands in the way of `name`: `a` and `a/b` cannot both exist in a clone.

    `existing` answers membership (parents of `name` are looked up in it); `names` is looked through for
    refs below `name`.
    """
    parts = name.split("/")
    for end in range(3, len(parts)):
        parent = "/".join(parts[:end])
        if parent in existing:
            return parent
    below = name + "/"
    return next((other for other in names if other.startswith(below)), None)
