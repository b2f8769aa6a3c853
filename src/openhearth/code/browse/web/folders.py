"""The first page of a repository, and its folders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.translation import gettext as _
from markupsafe import Markup

from openhearth.code.browse.queries import about, folders, places
from openhearth.code.browse.queries.authors import Authors
from openhearth.code.browse.queries.folders import Folder
from openhearth.code.browse.queries.places import NoSuchPlace, Opened, Place
from openhearth.code.browse.render import documents
from openhearth.code.browse.rules import files, languages
from openhearth.code.browse.rules.addresses import plain
from openhearth.code.browse.web import shared
from openhearth.code.browse.web.shared import CommitLine, RefMenu
from openhearth.code.repos.models import Repository
from openhearth.code.repos.web.frame import Frame, frame
from openhearth.git import objects
from openhearth.kernel import config
from openhearth.web import formats, pages, parts, templating
from openhearth.web.requests import Request


@dataclass(frozen=True, slots=True)
class Translation:
    """A README in one language."""

    label: str
    href: str
    lang: str
    current: bool


@dataclass(frozen=True, slots=True)
class ReadmeBox:
    """The README below a list of files. `html` is None where it is too large to show."""

    name: str
    plain_name: str
    href: str
    raw: str
    html: Markup | None
    is_document: bool
    lang: str | None
    translations: tuple[Translation, ...]


@dataclass(frozen=True, slots=True)
class CloneBox:
    """Where to get the code from; archives are of the ref that is shown."""

    http: str
    ssh: str
    zip: str
    tar: str


@dataclass(frozen=True, slots=True)
class Aside:
    """Facts about the repository."""

    description: str
    description_lang: str | None
    licence: str
    licence_href: str
    size_bytes: int
    pushed_at: datetime | None
    bars: tuple[parts.Bar, ...]
    bars_label: str


@dataclass(frozen=True, slots=True)
class HomePage:
    """The first page of a repository that holds something."""

    repo: Frame
    menu: RefMenu
    latest: CommitLine
    commits_href: str
    commits_count: int | None
    rows: tuple[parts.FileRow, ...]
    hidden_rows: int
    readme: ReadmeBox | None
    clone: CloneBox
    aside: Aside


@dataclass(frozen=True, slots=True)
class EmptyPage:
    """The first page of a repository without commits: what to paste. `transport` is `http` or `ssh`."""

    repo: Frame
    may_push: bool
    transport: str
    address: str
    http_href: str
    ssh_href: str
    branch: str


@dataclass(frozen=True, slots=True)
class FolderPage:
    """A folder below the root, or the root at another ref."""

    repo: Frame
    menu: RefMenu
    crumbs: list[parts.Crumb]
    plain_path: str
    title: str
    latest: CommitLine
    history_href: str
    parent_href: str
    permalink: str
    rows: tuple[parts.FileRow, ...]
    hidden_rows: int
    readme: ReadmeBox | None


@shared.found
def home(request: Request, repository: Repository) -> HttpResponseBase:
    """Show files, README and facts; for a repository without commits how to bring some."""
    if request.GET.get("go-get") == "1":
        return _go_import(repository)
    code = shared.opened(request, repository)
    place = places.start_place(code)
    if place is None:
        return _empty(request, code)
    folder = folders.folder(code, place)
    page = HomePage(
        repo=frame(request, repository),
        menu=shared.ref_menu(code, place, code.addresses.tree),
        latest=_latest(code, folder),
        commits_href=code.addresses.commits(place.ref),
        commits_count=about.count(code, place.commit),
        rows=_rows(code, place, folder),
        hidden_rows=folder.total - len(folder.rows),
        readme=_readme(request, code, place, folder, code.addresses.home),
        clone=_clone(code, place),
        aside=_aside(code, place, folder),
    )
    return pages.render(request, "browse/home.html", page)


def _go_import(repository: Repository) -> HttpResponseBase:
    """Tell the go command where the module's repository is (https://go.dev/ref/mod#vcs-find)."""
    address = f"{config.current().public_url}/{repository.full_name}"
    root = address.partition("://")[2]
    meta = Markup('<meta name="go-import" content="{root} git {address}.git">')
    page = Markup("<!doctype html><html><head>{meta}</head><body></body></html>")
    return HttpResponse(page.format(meta=meta.format(root=root, address=address)))


@shared.found
def tree(request: Request, repository: Repository, rest: str) -> HttpResponseBase:
    """Show a folder; a file's path leads to its own page."""
    code = shared.opened(request, repository)
    place = places.locate(code, shared.rest_of(request, rest))
    try:
        folder = folders.folder(code, place)
    except NoSuchPlace:
        folders.entry(code, place)
        return HttpResponseRedirect(code.addresses.blob(place.ref, place.path))
    here = code.addresses.tree(place.ref, place.path)
    page = FolderPage(
        repo=frame(request, repository),
        menu=shared.ref_menu(code, place, lambda ref: code.addresses.tree(ref, place.path)),
        crumbs=shared.crumbs(code, place),
        plain_path=plain(place.path),
        title=_title(code, place),
        latest=_latest(code, folder),
        history_href=code.addresses.commits(place.ref, place.path),
        parent_href=code.addresses.tree(place.ref, place.path.rpartition("/")[0]) if place.path else "",
        permalink=code.addresses.tree(place.commit, place.path),
        rows=_rows(code, place, folder),
        hidden_rows=folder.total - len(folder.rows),
        readme=_readme(request, code, place, folder, here),
    )
    return pages.render(request, "browse/tree.html", page)


def _title(code: Opened, place: Place) -> str:
    shown = plain(place.path or code.repository.name)
    return _("%(path)s at %(ref)s") % {"path": shown, "ref": plain(place.label)}


def _latest(code: Opened, folder: Folder) -> CommitLine:
    return shared.commit_line(code, folder.latest, Authors([folder.latest]).of(folder.latest.author))


def _rows(code: Opened, place: Place, folder: Folder) -> tuple[parts.FileRow, ...]:
    has_submodules = any(row.entry.kind == "submodule" for row in folder.rows)
    modules = folders.submodules(code, place) if has_submodules else {}
    return tuple(_row(code, place, row, modules) for row in folder.rows)


def _row(code: Opened, place: Place, row: folders.Row, modules: Mapping[str, str]) -> parts.FileRow:
    entry = row.entry
    path = f"{place.path}/{entry.name}" if place.path else entry.name
    name, folded = entry.name, ""
    if row.joined:
        path = f"{path}/{row.joined}"
        above, _slash, name = f"{entry.name}/{row.joined}".rpartition("/")
        folded = f"{above}/"
    if entry.kind == "folder":
        href = code.addresses.tree(place.ref, path)
    elif entry.kind == "submodule":
        address = modules.get(path, "")
        name = f"{name} @ {objects.abbreviate(entry.oid)}"
        href = address if files.is_web_address(address) else ""
    else:
        href = code.addresses.blob(place.ref, path)
    subject = (row.last.subject or _("(no message)")) if row.last else ""
    return parts.FileRow(
        name=name,
        href=href,
        kind=entry.kind,
        message=subject,
        message_href=code.addresses.commit(row.last.oid) if row.last else "",
        when=row.last.committer.when if row.last else None,
        folded=folded,
        language=(shared.language_of(subject) or "") if subject else "",
    )


def _readme(request: Request, code: Opened, place: Place, folder: Folder, here: str) -> ReadmeBox | None:
    reader = templating.lang()
    text = about.readme(code, folder, reader=reader, asked=request.GET.get("readme", ""))
    if text is None:
        return None
    name = text.chosen.name
    path = f"{place.path}/{name}" if place.path else name
    is_document = text.chosen.format == "markdown"
    html: Markup | None = None
    if text.text is not None:
        links = documents.Links(code.addresses, place.ref, place.path)
        html = documents.document(text.text, context=links, oid=text.oid) if is_document else documents.plain(text.text)
    others = text.all if len(text.all) > 1 else ()
    return ReadmeBox(
        name=name,
        plain_name=plain(name),
        href=code.addresses.blob(place.ref, path),
        raw=code.addresses.raw(place.ref, path),
        html=html,
        is_document=is_document,
        lang=text.language or None,
        translations=tuple(
            Translation(
                r.label, f"{here}?{urlencode({'readme': r.name})}#readme", r.language, r.language == text.language
            )
            for r in others
        ),
    )


def _clone(code: Opened, place: Place) -> CloneBox:
    addresses = about.clone(code)
    return CloneBox(
        http=addresses.http,
        ssh=addresses.ssh,
        zip=code.addresses.archive(place.full_ref or place.commit, "zip"),
        tar=code.addresses.archive(place.full_ref or place.commit, "tar.gz"),
    )


def _aside(code: Opened, place: Place, folder: Folder) -> Aside:
    repository = code.repository
    licence = about.licence(code, folder)
    shares = [
        parts.Share(name or _("Other"), share, formats.percent(share))
        for name, share in languages.shares(about.language_bytes(code, place.commit))
    ]
    return Aside(
        description=repository.description,
        description_lang=shared.language_of(repository.description),
        licence=(licence.name or licence.file) if licence else "",
        licence_href=code.addresses.blob(place.ref, licence.file) if licence else "",
        size_bytes=repository.size_bytes,
        pushed_at=repository.pushed_at,
        bars=tuple(parts.bars(shares)),
        bars_label=", ".join(f"{share.name} {share.figure}" for share in shares),
    )


def _empty(request: Request, code: Opened) -> HttpResponseBase:
    repository = code.repository
    addresses = about.clone(code)
    transport = "ssh" if request.GET.get("clone") == "ssh" and addresses.ssh else "http"
    page = EmptyPage(
        repo=frame(request, repository),
        may_push=shared.may_push(request, repository),
        transport=transport,
        address=addresses.ssh if transport == "ssh" else addresses.http,
        http_href=code.addresses.home,
        ssh_href=f"{code.addresses.home}?clone=ssh" if addresses.ssh else "",
        branch=repository.default_branch,
    )
    return pages.render(request, "browse/empty.html", page)
