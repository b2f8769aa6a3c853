"""Differences between trees, through one child of git that is stopped where the limits are reached."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from openhearth.git import command, log, objects, odb
from openhearth.git.errors import GitError, ObjectMissing, TimedOut, TooLarge
from openhearth.git.patch import Change, DiffLimits, Hunk, PatchReader, Row, RowKind, Status

__all__ = [
    "Diff",
    "DiffLimits",
    "FileDiff",
    "Hunk",
    "Row",
    "RowKind",
    "Status",
    "between_trees",
    "commit_diff",
    "compare",
]

EMPTY_TREE: Final = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_DEFAULT: Final = DiffLimits()
_LIST_BYTES: Final = 64 * 1024 * 1024
_MEMORY: Final = 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FileDiff:
    """One changed file. For an added or removed file both paths are its path, and the absent mode is 0.

    `too_large` files have their counts (0 when even counting took too long) and no hunks. `status`
    "mode" means that nothing but the mode changed; a mode may change together with the content, too.
    """

    old_path: str
    new_path: str
    status: Status
    old_mode: int
    new_mode: int
    binary: bool
    adds: int
    dels: int
    hunks: tuple[Hunk, ...]
    too_large: bool
    old_oid: str | None = None
    new_oid: str | None = None
    similarity: int = 0


@dataclass(frozen=True, slots=True)
class Diff:
    """Changed files in the order of their new paths' bytes; `adds` and `dels` count all files of the change.

    `truncated`: files are missing from the list, or hunks were left out because the whole is too large.
    """

    files: tuple[FileDiff, ...]
    adds: int
    dels: int
    truncated: bool


def commit_diff(directory: Path, oid: str, *, limits: DiffLimits = _DEFAULT, ignore_space: bool = False) -> Diff:
    """What a commit changed against its first parent (a first commit: against nothing).

    Raises ObjectMissing, GitError("not-a-commit").
    """
    made = objects.commit(directory, oid)
    base = EMPTY_TREE
    if made.parents:
        base = made.parents[0] if _exists(directory, made.parents[0]) else EMPTY_TREE
    return between_trees(directory, base, oid, limits=limits, ignore_space=ignore_space)


def compare(
    directory: Path, base: str, head: str, *, limits: DiffLimits = _DEFAULT, ignore_space: bool = False
) -> Diff:
    """What `head` changed since it left `base`, as a pull request shows it (git's `base...head`).

    Raises ObjectMissing, GitError("not-a-commit"), GitError("no-merge-base").
    """
    start = log.merge_base(directory, base, head)
    if start is None:
        raise GitError("no-merge-base", base=base, head=head)
    return between_trees(directory, start, head, limits=limits, ignore_space=ignore_space)


def between_trees(
    directory: Path,
    old: str,
    new: str,
    *,
    limits: DiffLimits = _DEFAULT,
    ignore_space: bool = False,
    paths: Sequence[str] = (),
) -> Diff:
    """The difference of two trees, or of the trees of two commits or tags. With `paths`, only inside them.

    What takes too long is left out. Raises ObjectMissing, and TimedOut when not even the names came in time.
    """
    for oid in (old, new):
        if oid != EMPTY_TREE and odb.header(directory, oid)[0] == "blob":
            raise GitError("not-a-commit", oid=oid, kind="blob")
    arguments = [old, new, "--", *(f":(literal){path}" for path in paths)]
    flags = _flags(limits, ignore_space=ignore_space)
    pieces = _git(directory, limits, *flags, "--numstat", "-p", *arguments)
    reader = PatchReader(pieces, limits)
    try:
        reader.read_list()
        reader.read_counts()
        _mark_great_blobs(directory, reader.changes, limits)
        reader.cut_list()
        reader.read_patches()
    except (TimedOut, TooLarge):
        reader.give_up()
    finally:
        pieces.close()
    if not reader.changes and reader.truncated:
        return _names_only(directory, limits, arguments)
    return _finished(reader)


def _names_only(directory: Path, limits: DiffLimits, arguments: Sequence[str]) -> Diff:
    """The bare list of files, when even counting lines did not end in time."""
    pieces = _git(directory, limits, *_FIXED, "--raw", "--no-renames", *arguments)
    reader = PatchReader(pieces, limits)
    try:
        reader.read_list()
    finally:
        pieces.close()
    reader.cut_list()
    reader.give_up()
    return _finished(reader)


_FIXED: Final = (
    "diff-tree", "-r", "-z", "--full-index", "--no-ext-diff", "--no-textconv", "--no-color",
    "--src-prefix=a/", "--dst-prefix=b/", "--submodule=short", "--ignore-submodules=none",
)  # fmt: skip


def _flags(limits: DiffLimits, *, ignore_space: bool) -> list[str]:
    flags = [*_FIXED, "--raw", "-M", f"-l{limits.renames}", f"-U{limits.context}"]
    return [*flags, "-w"] if ignore_space else flags


def _git(directory: Path, limits: DiffLimits, *arguments: str) -> Generator[bytes, None, None]:
    """Start the child. Files above `blob_bytes` are binary to it, so that it never compares their lines."""
    caps = command.Limits(seconds=limits.seconds, memory_bytes=_MEMORY, output_bytes=_LIST_BYTES + 8 * limits.bytes)
    threshold = f"core.bigFileThreshold={limits.blob_bytes}"
    yield from command.stream(directory, "-c", threshold, *arguments, limits=caps)


def _mark_great_blobs(directory: Path, changes: Sequence[Change], limits: DiffLimits) -> None:
    """Files that are binary only because of their size are called too large instead."""
    for change in changes:
        sides = ((change.old_oid, change.old_mode), (change.new_oid, change.new_mode))
        for oid, mode in sides if change.binary else ():
            if oid is None or mode == 0o160000:
                continue
            try:
                size = objects.blob_size(directory, oid)
            except ObjectMissing:
                continue
            if size > limits.blob_bytes:
                change.binary, change.too_large = False, True


def _exists(directory: Path, oid: str) -> bool:
    """Whether a parent is here: behind the cut of a shallow repository it is not."""
    try:
        odb.header(directory, oid)
    except ObjectMissing:
        return False
    return True


def _finished(reader: PatchReader) -> Diff:
    return Diff(
        files=tuple(_file(change) for change in reader.changes),
        adds=reader.adds,
        dels=reader.dels,
        truncated=reader.truncated,
    )


def _file(change: Change) -> FileDiff:
    return FileDiff(
        old_path=change.old_path,
        new_path=change.new_path,
        status=change.status,
        old_mode=change.old_mode,
        new_mode=change.new_mode,
        binary=change.binary,
        adds=change.adds,
        dels=change.dels,
        hunks=tuple(change.hunks),
        too_large=change.too_large,
        old_oid=change.old_oid,
        new_oid=change.new_oid,
        similarity=change.similarity,
    )
