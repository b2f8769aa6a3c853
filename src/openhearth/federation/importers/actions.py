"""Importing: fetch into a scratch repository, then the same way in as a push."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from openhearth.code.refs import actions as refs
from openhearth.code.refs import queries as ref_queries
from openhearth.code.refs.rules import HEADS, Move
from openhearth.code.repos import actions as repos
from openhearth.code.repos import queries as repo_queries
from openhearth.code.repos.models import Repository
from openhearth.federation.importers import rules
from openhearth.federation.importers.rules import BadSource, Source, SourceKind
from openhearth.git import command, refnames, store
from openhearth.git.command import Child, Limits
from openhearth.git.errors import GitError
from openhearth.git.receive import ZERO, Command, PushRequest, Quarantine, ReceiveLimits, ingest
from openhearth.kernel import config, fetch
from openhearth.kernel import scratch as scratch_folders
from openhearth.kernel.errors import Invalid, invalid
from openhearth.kernel.policy.actors import Actor
from openhearth.people.accounts.models import Account

Progress = Callable[[str, int], None]
"""Called with (what is being done, per cent)."""

_PERCENT = re.compile(rb"([A-Z][A-Za-z ]+):\s+(\d{1,3})%")


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import. `skipped` are refs that this instance does not take, with the rule's code."""

    repository: Repository
    refs: int
    skipped: dict[str, str]


def import_repository(
    *, actor: Actor, source: str, owner: Account, name: str, visibility: str, progress: Progress
) -> Imported:
    """Make a repository from an address, a bundle or a folder. Blocking; takes as long as the fetch.

    Paths name files of this machine, so only the command line may pass them on. Raises `Invalid` with what
    is wrong; nothing is left behind then.
    """
    faults = repos.name_faults(owner, name)
    if faults:
        raise Invalid(*faults)
    place = _source(source)
    with _scratch() as scratch:
        head = _run_fetch(place, scratch, progress)
        wanted, skipped = _refs(scratch)
        branches = {ref.removeprefix(HEADS): oid for ref, oid in wanted.items() if ref.startswith(HEADS)}
        branch = rules.default_branch(head, branches, config.current().repositories.default_branch)
        repository = repos.create_repository(
            actor=actor, owner=owner, name=name, visibility=visibility, default_branch=branch
        )
        try:
            _move_in(actor, repository, scratch, wanted, progress)
        except BaseException:
            if repos.abandon_repository(actor=actor, repository=repository):
                shutil.rmtree(repo_queries.storage(repository), ignore_errors=True)
            raise
    repository.refresh_from_db()
    return Imported(repository, len(wanted), skipped)


def _source(text: str) -> Source:
    try:
        return rules.source_of(text)
    except BadSource as bad:
        texts = {
            "scheme": _("Source: “%(source)s” is no http or https address, and no file or folder here."),
            "userinfo": _("Source: leave name and password out of the address “%(source)s”."),
            "missing": _("Source: there is no file or folder “%(source)s”."),
            "not-git": _("Source: the folder “%(source)s” holds no git repository."),
        }
        raise invalid("source", bad.code, texts[bad.code] % {"source": bad.shown[:200]}) from None


@contextmanager
def _scratch() -> Iterator[Path]:
    """Give an empty repository that goes away at the end."""
    with scratch_folders.folder(config.current().paths, "import") as folder:
        store.create(folder / "scratch.git")
        yield folder / "scratch.git"


def _run_fetch(place: Source, scratch: Path, progress: Progress) -> str | None:
    """Fetch everything into `scratch` and return what HEAD is: a ref's name, or an id where no name is known."""
    settings, transports = _reach(place)
    limits = config.current().limits
    allowed = Limits(seconds=limits.git_seconds, memory_bytes=limits.git_memory)
    try:
        listing = asyncio.run(
            _output(
                scratch,
                *settings,
                "ls-remote",
                "--symref",
                "--end-of-options",
                place.address,
                "HEAD",
                limits=allowed,
                transports=transports,
            )
        )
        specs = [f"+{prefix}*:{prefix}*" for prefix in rules.IMPORTED]
        asyncio.run(
            _watched(
                scratch,
                *settings,
                *("-c", "fetch.fsckObjects=false"),  # the objects are checked on their way in
                *("-c", "transfer.fsckObjects=false"),
                "fetch",
                "--progress",
                "--no-tags",
                "--no-write-fetch-head",
                "--no-recurse-submodules",
                "--end-of-options",
                place.address,
                *specs,
                limits=allowed,
                transports=transports,
                progress=progress,
            )
        )
    except GitError as error:
        raise _cannot_fetch(place, error) from None
    found = re.search(rb"^ref: (\S+)\tHEAD$", listing, re.MULTILINE) or re.search(
        rb"^([0-9a-f]{40})\tHEAD$", listing, re.MULTILINE
    )
    return found[1].decode("utf-8", "replace") if found else None


def _reach(place: Source) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return git's settings for reaching a source, and the one transport that it may use."""
    if place.kind is not SourceKind.ADDRESS:
        return (), ("file",)
    try:
        checked = fetch.check(place.address, fetch.configured())
    except fetch.FetchError as refused:
        text = _("Source: %(source)s may not be contacted (%(why)s).")
        raise invalid("source", refused.code, text % {"source": place.address, "why": refused.code}) from None
    settings = (
        *("-c", f"http.curloptResolve={checked.curlopt_resolve}"),
        *("-c", "http.followRedirects=false"),
        *("-c", "http.proxy="),
        *("-c", "http.lowSpeedLimit=1000"),
        *("-c", "http.lowSpeedTime=60"),
    )
    return settings, (checked.scheme,)


def _cannot_fetch(place: Source, error: GitError) -> Invalid:
    said = str(error.params.get("stderr", "")).strip().splitlines()
    text = _("Source: git could not read %(source)s: %(why)s")
    return invalid("source", error.code, text % {"source": place.address, "why": said[-1] if said else error.code})


async def _output(directory: Path, *args: str, limits: Limits, transports: tuple[str, ...]) -> bytes:
    child = await command.start(directory, *args, stdin=None, limits=limits, transports=transports)
    async with child:
        said, out = await asyncio.gather(child.stderr.read(), child.stdout.read())
        status = await child.wait()
    if status:
        raise command.failure(args, status, said)
    return out


async def _watched(
    directory: Path, *args: str, limits: Limits, transports: tuple[str, ...], progress: Progress
) -> None:
    """Run git to its end and pass its progress on."""
    child = await command.start(directory, *args, stdin=None, limits=limits, transports=transports)
    async with child:
        said, _out = await asyncio.gather(_listen(child, progress), child.stdout.read())
        status = await child.wait()
    if status:
        raise command.failure(args, status, said)


async def _listen(child: Child, progress: Progress) -> bytes:
    """Read what git says, pass percentages on, return the lines that are none."""
    kept = b""
    while piece := await child.stderr.read(4096):
        for found in _PERCENT.finditer(piece):
            progress(found[1].decode(), int(found[2]))
        kept = (kept + b"\n".join(line for line in piece.split(b"\n") if b"%" not in line))[-4000:]
    return kept


def _refs(scratch: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Return (refs to take, refs to leave with the reason) of the scratch repository."""
    listing = command.run(scratch, "for-each-ref", "--format=%(objectname) %(refname)")
    wanted: dict[str, str] = {}
    skipped: dict[str, str] = {}
    for line in listing.decode("utf-8", "surrogateescape").splitlines():
        oid, _space, name = line.partition(" ")
        fault = refnames.check(name)
        if fault:
            skipped[name] = fault
        else:
            wanted[name] = oid
    return wanted, skipped


def _move_in(actor: Actor, repository: Repository, scratch: Path, wanted: dict[str, str], progress: Progress) -> None:
    """Push everything from the scratch repository into the new one."""
    if not wanted:
        return
    directory = ref_queries.prepared_storage(repository)
    try:
        quarantine = asyncio.run(_take_in(scratch, directory, wanted, progress))
    except GitError as error:
        said = f"{error.code} {error.params.get('oid', '')} {error.params.get('detail', '')}".strip()
        raise invalid("source", error.code, _("Source: its objects were refused: %(why)s") % {"why": said}) from None
    moves = [Move(name, ZERO, oid) for name, oid in wanted.items()]
    progress("Moving refs", 0)
    outcome = refs.apply_push(actor=actor, repository=repository, moves=moves, quarantine=quarantine, atomic=True)
    if outcome.version is None:
        name, refusal = next((n, r) for n, r in outcome.results.items() if r is not None)
        text = _("Source: its ref %(ref)s was refused (%(why)s).")
        raise invalid("source", refusal.code, text % {"ref": name, "why": refusal.code})
    progress("Moving refs", 100)


async def _take_in(scratch: Path, directory: Path, wanted: dict[str, str], progress: Progress) -> Quarantine:
    """Pack the scratch repository and prove the pack as any push is proven."""
    configured = config.current().limits
    commands = tuple(Command(ZERO, oid, name) for name, oid in wanted.items())
    request = PushRequest(commands=commands, has_pack=True)
    limits = ReceiveLimits(seconds=configured.git_seconds, memory_bytes=configured.git_memory, delta_depth=100_000)
    allowed = Limits(seconds=configured.git_seconds, memory_bytes=configured.git_memory)
    args = ("pack-objects", "--revs", "--stdout", "--delta-base-offset", "--progress", "-q")
    child = await command.start(scratch, *args, limits=allowed)
    async with child:
        if child.stdin is not None:
            child.stdin.write("".join(f"{oid}\n" for oid in dict.fromkeys(wanted.values())).encode())
            await child.stdin.drain()
            child.stdin.close()
        listening = asyncio.create_task(_listen(child, progress))

        async def show(data: bytes) -> None:
            for found in _PERCENT.finditer(data):
                progress(found[1].decode(), int(found[2]))

        try:
            return await ingest(directory, request, child.stdout, tips=[], limits=limits, progress=show)
        finally:
            listening.cancel()
