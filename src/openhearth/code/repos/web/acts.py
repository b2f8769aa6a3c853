"""Acts with consequences, each on a page that says them: visibility, archiving, deleting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from openhearth.code.repos import actions, forms
from openhearth.code.repos.models import Repository
from openhearth.code.repos.web.frame import Frame, address, frame, see, settings_nav
from openhearth.kernel import clock, config
from openhearth.kernel.errors import Fault, Invalid
from openhearth.people.accounts.forms import Form, posted
from openhearth.web import pages
from openhearth.web.parts import Choice, Nav
from openhearth.web.requests import Request


@dataclass(frozen=True, slots=True)
class ActPage:
    """One act. `until`: the last moment at which a deletion can be undone, None for never."""

    repo: Frame
    nav: Nav
    form: Form
    repository: Repository
    choices: tuple[Choice, ...] = ()
    until: datetime | None = None


def _page(
    request: Request,
    template: str,
    repository: Repository,
    form: Form,
    *,
    status: int = 200,
    choices: tuple[Choice, ...] = (),
    until: datetime | None = None,
) -> HttpResponse:
    nav = settings_nav(repository, "general")
    page = ActPage(frame(request, repository), nav, form, repository, choices, until)
    return pages.render(request, template, page, status=status)


def visibility(request: Request, repository: Repository) -> HttpResponse:
    """Choose who can see the repository."""
    choices = forms.visibility_choices()
    if request.method != "POST":
        form = Form({"visibility": repository.visibility})
        return _page(request, "repos/visibility.html", repository, form, choices=choices)
    form = posted(request.POST, "visibility")
    try:
        actions.set_visibility(actor=request.actor, repository=repository, visibility=form.value("visibility"))
    except Invalid as refused:
        form = form.with_faults(refused.faults)
        return _page(request, "repos/visibility.html", repository, form, status=422, choices=choices)
    return see(address("repo_settings", repository), "visibility")


def archive(request: Request, repository: Repository) -> HttpResponse:
    """Make the repository read-only, or writable again."""
    if request.method != "POST":
        return _page(request, "repos/archive.html", repository, Form())
    archived = request.POST.get("archived") == "yes"
    actions.archive_repository(actor=request.actor, repository=repository, archived=archived)
    return see(address("repo_settings", repository), "" if archived else "unarchived")


def delete(request: Request, repository: Repository) -> HttpResponse:
    """Delete the repository, once its name has been typed."""
    until = actions.undo_until(clock.now()) if config.current().repositories.undo_days else None
    if request.method != "POST":
        return _page(request, "repos/delete.html", repository, Form(), until=until)
    form = posted(request.POST, "confirm")
    if form.value("confirm").strip() != repository.name:
        text = _("Name: this is not the name of the repository. Type %(name)s, in the same letters.")
        form = form.with_faults([Fault("confirm", "other", text % {"name": repository.name})])
        return _page(request, "repos/delete.html", repository, form, status=422, until=until)
    actions.delete_repository(actor=request.actor, repository=repository)
    return see(reverse("settings_repositories"), "deleted")
