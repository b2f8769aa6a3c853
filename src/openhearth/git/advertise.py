"""What the server says of itself and its refs before a fetch or a push, made in-process."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from openhearth import __version__
from openhearth.git.errors import Refused
from openhearth.git.pktline import FLUSH, packet
from openhearth.git.receive.request import ZERO
from openhearth.git.views import AdvertisedRef, RefView

__all__ = ["AdvertisedRef", "RefView", "ls_refs", "receive_advertisement", "upload_advertisement"]

AGENT = f"openhearth/{__version__}"

_UPLOAD_V0 = (
    "multi_ack multi_ack_detailed thin-pack side-band side-band-64k ofs-delta shallow deepen-since "
    "deepen-not deepen-relative no-progress include-tag allow-reachable-sha1-in-want filter"
)
_RECEIVE = (
    "report-status report-status-v2 delete-refs side-band-64k quiet atomic ofs-delta push-options object-format=sha1"
)
_UPLOAD_V2 = (
    f"agent={AGENT}",
    "ls-refs=unborn",
    "fetch=shallow wait-for-done filter",
    "server-option",
    "object-format=sha1",
)
_MOST_PREFIXES = 10_000  # beyond it all refs are listed; filtering is the client's saving, not a rule


def upload_advertisement(view: RefView, *, version: int, service_header: bool) -> bytes:
    """Return the answer to `info/refs?service=git-upload-pack`, or the greeting over SSH.

    `service_header` marks HTTP: the line that names the service comes first.
    """
    lines = _service("git-upload-pack") if service_header else []
    if version == 2:
        lines.append(packet("version 2\n"))
        lines += (packet(f"{capability}\n") for capability in _UPLOAD_V2)
        return b"".join((*lines, FLUSH))
    if version == 1:
        lines.append(packet("version 1\n"))
    capabilities = [_UPLOAD_V0]
    if service_header:
        capabilities.append("no-done")
    head = view.head_ref()
    if head is not None:
        capabilities.append(f"symref=HEAD:{head.name}")
    capabilities += ("object-format=sha1", f"agent={AGENT}")
    rows = [] if head is None else [(head.oid, "HEAD")]
    for ref in view.refs:
        rows.append((ref.oid, ref.name))
        if ref.peeled:
            rows.append((ref.peeled, f"{ref.name}^{{}}"))
    return b"".join((*lines, *_rows(rows, " ".join(capabilities)), FLUSH))


def receive_advertisement(view: RefView, *, service_header: bool, version: int) -> bytes:
    """Return the answer to `info/refs?service=git-receive-pack`, or the greeting over SSH.

    There is no version 2 of pushing; a client that offers it is answered in version 0, as git does.
    """
    lines = _service("git-receive-pack") if service_header else []
    if version == 1:
        lines.append(packet("version 1\n"))
    rows = [(ref.oid, ref.name) for ref in view.refs]
    return b"".join((*lines, *_rows(rows, f"{_RECEIVE} agent={AGENT}"), FLUSH))


def _service(name: str) -> list[bytes]:
    return [packet(f"# service={name}\n"), FLUSH]


def _rows(rows: Sequence[tuple[str, str]], capabilities: str) -> list[bytes]:
    first, *rest = rows or [(ZERO, "capabilities^{}")]
    lines = [packet(f"{first[0]} {first[1]}\0{capabilities}\n")]
    lines += (packet(f"{oid} {name}\n") for oid, name in rest)
    return lines


def ls_refs(view: RefView, arguments: Sequence[str]) -> bytes:
    """Return the answer to the v2 command `ls-refs` with these arguments. Refused for an unknown one."""
    prefixes = [text[11:] for text in arguments if text.startswith("ref-prefix ")]
    flags = {text for text in arguments if not text.startswith("ref-prefix ")}
    if unknown := flags - {"peel", "symrefs", "unborn"}:
        raise Refused("unexpected-line", line=min(unknown))
    if not prefixes or len(prefixes) > _MOST_PREFIXES:
        prefixes = [""]
    lines = _head_line(view, flags) if any("HEAD".startswith(prefix) for prefix in prefixes) else []
    peel = "peel" in flags
    for ref in _matching(view.refs, prefixes):
        peeled = f" peeled:{ref.peeled}" if peel and ref.peeled else ""
        lines.append(packet(f"{ref.oid} {ref.name}{peeled}\n"))
    return b"".join((*lines, FLUSH))


def _head_line(view: RefView, flags: set[str]) -> list[bytes]:
    head = view.head_ref()
    target = f" symref-target:{view.head}" if "symrefs" in flags else ""
    if head is not None:
        peeled = f" peeled:{head.peeled}" if "peel" in flags and head.peeled else ""
        return [packet(f"{head.oid} HEAD{target}{peeled}\n")]
    if view.head and "unborn" in flags and target:
        return [packet(f"unborn HEAD{target}\n")]
    return []


def _matching(refs: Sequence[AdvertisedRef], prefixes: Sequence[str]) -> list[AdvertisedRef]:
    """Return the refs that begin with one of the prefixes, in their order, each once."""
    if "" in prefixes:
        return list(refs)
    places: set[int] = set()
    for prefix in set(prefixes):
        key = prefix.encode("utf-8", "surrogateescape")
        at = bisect_left(refs, key, key=_name)
        while at < len(refs) and _name(refs[at]).startswith(key):
            places.add(at)
            at += 1
    return [refs[at] for at in sorted(places)]


def _name(ref: AdvertisedRef) -> bytes:
    return ref.name.encode("utf-8", "surrogateescape")
