"""Files: their page, and their bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.utils.translation import gettext as _
from markupsafe import Markup

from openhearth.code.browse.queries import contents, folders, places
from openhearth.code.browse.queries.authors import Authors
from openhearth.code.browse.queries.contents import File
from openhearth.code.browse.queries.places import NoSuchPlace, Opened, Place
from openhearth.code.browse.render import documents, lines
from openhearth.code.browse.rules import addresses as words
from openhearth.code.browse.rules import files as kinds
from openhearth.code.browse.web import shared
from openhearth.code.browse.web.shared import CommitLine, RefMenu
from openhearth.code.repos.models import Repository
from openhearth.code.repos.web.frame import Frame, frame
from openhearth.git import objects
from openhearth.git.errors import GitError
from openhearth.kernel.text import encoding, guess
from openhearth.web import pages, parts
from openhearth.web.requests import Request

YEAR = 31_536_000
_PEEKED = 8000
_SANDBOX = "sandbox; default-src 'none'"
_DRAWING = f"{_SANDBOX}; style-src 'unsafe-inline'"
_CHARSETS = {"latin-1": "iso-8859-1"}


@dataclass(frozen=True, slots=True)
class FilePage:
    """A file. `view` is `code` or `preview`; `body` is what the view shows, None for shapes without one."""

    repo: Frame
    menu: RefMenu
    tree: tuple[TreeItem, ...]
    crumbs: list[parts.Crumb]
    plain_path: str
    plain_name: str
    title: str
    latest: CommitLine
    history_href: str
    permalink: str
    raw: str
    code_href: str
    preview_href: str
    view: str
    file: File
    body: Markup | None
    body_lang: str | None
    is_cut: bool
    executable: bool


@dataclass(frozen=True, slots=True)
class TreeItem:
    """One entry of the tree beside a file; `children` is None for what is closed."""

    name: str
    kind: str
    href: str
    current: bool
    children: tuple[TreeItem, ...] | None


@shared.found
def blob(request: Request, repository: Repository, rest: str) -> HttpResponseBase:
    """Show a file; a folder's path leads to its own page."""
    code = shared.opened(request, repository)
    place = places.locate(code, shared.rest_of(request, rest))
    if not place.path:
        return HttpResponseRedirect(code.addresses.tree(place.ref))
    entry = folders.entry(code, place)
    if entry.kind == "folder":
        return HttpResponseRedirect(code.addresses.tree(place.ref, place.path))
    file = contents.read(code, place.path, entry)
    view = "preview" if file.shape == "markdown" and "plain" not in request.GET else "code"
    chosen = words.line_range(request.GET.get("lines", ""))
    if chosen:
        view = "code"
    here = code.addresses.blob(place.ref, place.path)
    latest = folders.last_commit(code, place)
    page = FilePage(
        repo=frame(request, repository),
        menu=shared.ref_menu(code, place, lambda ref: code.addresses.blob(ref, place.path)),
        tree=_tree(code, place, folders.tree_beside(code, place)),
        crumbs=shared.crumbs(code, place),
        plain_path=words.plain(place.path),
        plain_name=words.plain(place.path.rpartition("/")[2]),
        title=_("%(path)s at %(ref)s") % {"path": words.plain(place.path), "ref": words.plain(place.label)},
        latest=shared.commit_line(code, latest, Authors([latest]).of(latest.author)),
        history_href=code.addresses.commits(place.ref, place.path),
        permalink=code.addresses.blob(place.commit, place.path),
        raw=code.addresses.raw(place.ref, place.path),
        code_href=f"{here}?plain=1",
        preview_href=here,
        view=view,
        file=file,
        body=_body(code, place, file, view, chosen),
        body_lang=guess.script(file.text) if view == "preview" else None,
        is_cut=file.lines_count > contents.MOST_LINES and view == "code",
        executable=entry.executable,
    )
    return pages.render(request, "browse/blob.html", page)


def _body(code: Opened, place: Place, file: File, view: str, chosen: tuple[int, int] | None) -> Markup | None:
    if file.shape not in {"text", "markdown"}:
        return None
    if view == "preview":
        links = documents.Links(code.addresses, place.ref, place.path.rpartition("/")[0])
        return documents.document(file.text, context=links, oid=file.oid)
    return lines.numbered(contents.coloured(place.path, file), chosen)


def _tree(code: Opened, place: Place, branches: tuple[folders.Branch, ...]) -> tuple[TreeItem, ...]:
    items = []
    for branch in branches:
        address = code.addresses.tree if branch.kind == "folder" else code.addresses.blob
        children = None if branch.children is None else _tree(code, place, branch.children)
        href = "" if branch.kind == "submodule" else address(place.ref, branch.path)
        items.append(TreeItem(branch.name, branch.kind, href, branch.current, children))
    return tuple(items)


@shared.found
def raw(request: Request, repository: Repository, rest: str) -> HttpResponseBase:
    """Send a file's bytes, so that no browser runs them as part of this site."""
    code = shared.opened(request, repository)
    place = places.locate(code, shared.rest_of(request, rest))
    entry = folders.entry(code, place)
    if entry.kind not in {"file", "link"}:
        raise NoSuchPlace
    etag = f'"{entry.oid}"'
    if etag in request.headers.get("If-None-Match", ""):
        response: HttpResponseBase = HttpResponse(status=304)
    else:
        response = _bytes(request, code, place, entry.oid)
    forever = place.kind == "commit" and repository.visibility == Repository.Visibility.PUBLIC
    response["ETag"] = etag
    response["Cache-Control"] = f"private, max-age={YEAR}, immutable" if forever else "private, no-cache"
    response["Vary"] = "Cookie, Authorization"
    is_drawing = response.get("Content-Type") == kinds.IMAGES["svg"]
    response["Content-Security-Policy"] = _DRAWING if is_drawing else _SANDBOX
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _bytes(request: Request, code: Opened, place: Place, oid: str) -> HttpResponseBase:
    try:
        head = objects.blob(code.directory, oid, max_bytes=_PEEKED)
    except GitError as error:
        if error.code in {"object-missing", "not-a-blob"}:
            raise NoSuchPlace from error
        raise
    media, kind = media_type(place.path, head.data)
    if request.method == "HEAD":
        response: HttpResponseBase = HttpResponse(content_type=media)
    elif not head.truncated:
        response = HttpResponse(head.data, content_type=media)
    else:
        response = StreamingHttpResponse(_pieces(code, oid), content_type=media)
    response["Content-Length"] = str(head.size)
    response["Content-Disposition"] = words.disposition(kind, place.path.rpartition("/")[2])
    return response


def _pieces(code: Opened, oid: str) -> Iterator[bytes]:
    yield from objects.stream_blob(code.directory, oid)


def media_type(path: str, head: bytes) -> tuple[str, str]:
    """Return (media type, `inline` or `attachment`): text is only ever plain text, pictures only safe kinds."""
    picture = kinds.IMAGES.get(kinds.ending(path))
    if picture:
        return picture, "inline"
    if kinds.is_binary(head):
        return "application/octet-stream", "attachment"
    name = encoding.decode(head)[1]
    return f"text/plain; charset={_CHARSETS.get(name, name)}", "inline"
