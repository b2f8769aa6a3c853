"""A bare repository on disk: packs, and a cache of the refs that live in the database.

Nothing in it decides anything: the refs can be written anew at any time, and packs are immutable. No hook
exists in it, and no loose object.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import shutil
import struct
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from openhearth.git import command
from openhearth.git.errors import GitError
from openhearth.git.packfile import PackInfo
from openhearth.git.refnames import HIDDEN_NAMESPACES

VERSION_FILE = "hearth-refs-version"
_LOCK_FILE = "hearth-refs-lock"
_OID = re.compile(r"[0-9a-f]{40}")
_PACK_NAME = re.compile(r"pack-[0-9a-f]{40}")

_CONFIG = """\
[core]
	repositoryformatversion = 0
	filemode = true
	bare = true
	fsync = all
	fsyncMethod = fsync
	bigFileThreshold = 50m
	logAllRefUpdates = false
	useReplaceRefs = false
	hooksPath = /dev/null
	alternateRefsCommand = true
	commitGraph = true
	packedGitWindowSize = 32m
[gc]
	auto = 0
	autoDetach = false
[maintenance]
	auto = false
[receive]
	autogc = false
	unpackLimit = 1
	fsckObjects = true
	denyDeleteCurrent = ignore
[transfer]
	fsckObjects = true
	unpackLimit = 1
{hidden}
[uploadpack]
	allowFilter = true
	allowAnySHA1InWant = false
	allowRefInWant = false
[uploadpackfilter]
	allow = false
[uploadpackfilter "blob:none"]
	allow = true
[uploadpackfilter "blob:limit"]
	allow = true
[uploadpackfilter "tree"]
	allow = true
[pack]
	threads = 1
	windowMemory = 128m
	writeReverseIndex = true
	writeBitmapHashCache = true
[repack]
	writeBitmaps = false
[commitGraph]
	readChangedPaths = true
[protocol]
	allow = never
"""


def storage_path(root: Path, repository_id: int) -> Path:
    """Return where the repository of this id lies below the data directory `root`."""
    return root / "repositories" / f"{repository_id % 256:02x}" / f"{repository_id}.git"


def create(directory: Path) -> None:
    """Make an empty bare repository, durable when this returns. FileExistsError when there is one."""
    if directory.exists():
        raise FileExistsError(str(directory))
    _make_parents(directory.parent)
    draft = Path(tempfile.mkdtemp(prefix=".new-", dir=directory.parent))
    try:
        _fill(draft)
        draft.rename(directory)
    except BaseException as problem:
        shutil.rmtree(draft, ignore_errors=True)
        if isinstance(problem, OSError) and problem.errno == errno.ENOTEMPTY:  # made by another in this moment
            raise FileExistsError(str(directory)) from None
        raise
    sync(directory.parent)


def _fill(draft: Path) -> None:
    hidden = "\n".join(f"\thideRefs = {prefix.rstrip('/')}" for prefix in HIDDEN_NAMESPACES)
    folders = [draft / name for name in ("objects/info", "objects/pack", "refs/heads", "refs/tags")]
    for folder in folders:
        folder.mkdir(mode=0o700, parents=True)
    for name, text in (("HEAD", "ref: refs/heads/main\n"), ("config", _CONFIG.format(hidden=hidden))):
        with (draft / name).open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    for folder in (*folders, draft / "objects", draft / "refs", draft):
        sync(folder)


def _make_parents(folder: Path) -> None:
    """Make a folder and those above it, each recorded in its parent on disk."""
    if folder.is_dir():
        return
    _make_parents(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync(folder.parent)


def sync(path: Path) -> None:
    """Flush a file or a folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_refs(directory: Path, refs: Iterable[tuple[str, str, str | None]], head: str, version: int) -> None:
    """Write the cache of refs: (full name, id, id of what a tag points to or None) and HEAD's target.

    Readers see the old or the new file, never a mixture. A cache of a newer `version` is left alone.
    """
    rows = sorted(refs)
    text = "".join(_ref_lines(*row) for row in rows)
    with _locked(directory):
        if refs_version(directory) > version:
            return
        packed = directory / "packed-refs"
        _replace(packed, "# pack-refs with: peeled fully-peeled sorted \n" + text)
        _replace(directory / "HEAD", f"ref: {head}\n")
        _drop_loose(directory / "refs")
        _replace(directory / VERSION_FILE, f"{version} {_stamp(packed)}\n")


def _ref_lines(name: str, oid: str, peeled: str | None) -> str:
    if not _OID.fullmatch(oid) or "\n" in name or not name.startswith("refs/"):
        raise GitError("bad-ref-row", name=name, oid=oid)
    return f"{oid} {name}\n" + (f"^{peeled}\n" if peeled else "")


def refs_version(directory: Path) -> int:
    """Return the version of the cached refs, -1 when there are none or they are not what was written.

    The stamp beside the number ties it to one packed-refs file, so that after a power cut an old or
    unfinished file is never taken for the newer one.
    """
    try:
        number, stamp = (directory / VERSION_FILE).read_text("ascii").split(" ", 1)
        return int(number) if stamp.strip() == _stamp(directory / "packed-refs") else -1
    except (OSError, ValueError):
        return -1


def _stamp(path: Path) -> str:
    facts = path.stat()
    return f"{facts.st_ino}-{facts.st_size}-{facts.st_mtime_ns}"


def _replace(path: Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode("utf-8", "surrogateescape"))
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _drop_loose(refs: Path) -> None:
    """Remove loose refs: nobody writes any, and one would hide the packed ref of its name."""
    for folder, _folders, files in os.walk(refs, topdown=False):
        for file in files:
            (Path(folder) / file).unlink(missing_ok=True)


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[None]:
    descriptor = os.open(directory / _LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def packs(directory: Path) -> list[PackInfo]:
    """Return the packs of a repository that can be read, by name; those of its alternates not."""
    return packs_in(directory / "objects" / "pack")


def packs_in(folder: Path) -> list[PackInfo]:
    """Return the packs in one folder that have both their files."""
    found = []
    for index in sorted(folder.glob("pack-*.idx")):
        try:
            size = index.with_suffix(".pack").stat().st_size
            with index.open("rb") as file:
                file.seek(8 + 4 * 255)
                (objects,) = struct.unpack(">I", file.read(4))
        except (OSError, struct.error):
            continue  # half removed, or half written by something that is no pack of ours
        if _PACK_NAME.fullmatch(index.stem):
            found.append(PackInfo(index.stem, objects, size))
    return found


def kinds(directory: Path, oids: Sequence[str], *, quarantine: Path | None = None) -> Mapping[str, str | None]:
    """Return the kind of each object ("commit", "tree", "blob", "tag"), None for a missing one."""
    return dict(zip(oids, _checked(directory, oids, "%(objecttype)", quarantine), strict=True))


def peel(directory: Path, oids: Sequence[str], *, quarantine: Path | None = None) -> Mapping[str, str | None]:
    """Return what each annotated tag points to in the end; None for anything that is no tag, or missing."""
    asked = [f"{oid}^{{}}" for oid in oids]
    answers = _checked(directory, asked, "%(objectname)", quarantine)
    return {oid: None if answer == oid else answer for oid, answer in zip(oids, answers, strict=True)}


def _checked(directory: Path, names: Sequence[str], form: str, quarantine: Path | None) -> list[str | None]:
    if not names:
        return []
    out = command.run(
        directory,
        "cat-file",
        f"--batch-check={form}",
        "--buffer",
        stdin="".join(f"{name}\n" for name in names).encode(),
        quarantine=quarantine,
    )
    return [None if b" " in row else row.decode("ascii") for row in out.splitlines()]
