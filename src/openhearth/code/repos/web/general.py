"""The first page of a repository's settings: what it is for, what it is called, and the way to harder acts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse

from openhearth.code.repos import actions
from openhearth.code.repos.models import Repository
from openhearth.code.repos.web.frame import Frame, address, done, frame, see, settings_nav, why_not
from openhearth.kernel import config
from openhearth.kernel.errors import Invalid
from openhearth.people.accounts.forms import Form, posted
from openhearth.web import pages
from openhearth.web.parts import Nav
from openhearth.web.requests import Request


@dataclass(frozen=True, slots=True)
class GeneralPage:
    """The settings. Each `not_…` says why who asks may not do it, "" where they may."""

    repo: Frame
    nav: Nav
    done: str
    form: Form
    repository: Repository
    archived_at: datetime | None
    undo_days: int
    not_describe: str
    not_rename: str
    not_visibility: str
    not_archive: str
    not_delete: str


def _page(request: Request, repository: Repository, form: Form, status: int = 200) -> HttpResponse:
    shown = {"description": repository.description, "name": repository.name, **form.values}
    page = GeneralPage(
        repo=frame(request, repository),
        nav=settings_nav(repository, "general"),
        done=done(request),
        form=Form(shown, form.faults),
        repository=repository,
        archived_at=repository.archived_at,
        undo_days=config.current().repositories.undo_days,
        not_describe=why_not(request, "repo.describe", repository),
        not_rename=why_not(request, "repo.rename", repository),
        not_visibility=why_not(request, "repo.set_visibility", repository),
        not_archive=why_not(request, "repo.archive", repository),
        not_delete=why_not(request, "repo.delete", repository),
    )
    return pages.render(request, "repos/general.html", page, status=status)


def general(request: Request, repository: Repository) -> HttpResponse:
    """Show the settings, or save the description."""
    if request.method != "POST":
        return _page(request, repository, Form())
    form = posted(request.POST, "description")

    def save() -> None:
        actions.describe_repository(actor=request.actor, repository=repository, description=form.value("description"))

    return _saved(request, repository, form, save, "description")


def rename(request: Request, repository: Repository) -> HttpResponse:
    """Give the repository another name."""
    if request.method != "POST":
        return see(address("repo_settings", repository))
    form = posted(request.POST, "name")

    def save() -> None:
        actions.rename_repository(actor=request.actor, repository=repository, name=form.value("name").strip())

    return _saved(request, repository, form, save, "renamed")


def _saved(request: Request, repository: Repository, form: Form, save: Callable[[], None], code: str) -> HttpResponse:
    try:
        save()
    except Invalid as refused:
        return _page(request, repository, form.with_faults(refused.faults), status=422)
    return see(address("repo_settings", repository), code)
