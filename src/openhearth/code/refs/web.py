"""The default branch in the settings of a repository: a page of its own, and a part of the first one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from markupsafe import Markup

from openhearth.code.refs import actions, queries
from openhearth.code.repos.models import Repository
from openhearth.code.repos.web.frame import Frame, address, done, frame, see, settings_nav, why_not
from openhearth.kernel import slots
from openhearth.kernel.errors import Invalid
from openhearth.people.accounts.forms import Form, posted
from openhearth.web import pages
from openhearth.web.parts import Choice, Nav
from openhearth.web.requests import Request

MOST_IN_LIST = 1000
"""Branches in the list; where there are more, the name is typed."""


@dataclass(frozen=True, slots=True)
class BranchForm:
    """The form: `choices` is empty where there are too many branches for a list, or none at all."""

    href: str
    form: Form
    choices: tuple[Choice, ...]
    count: int
    not_set: str


@dataclass(frozen=True, slots=True)
class BranchesPage:
    """The form on its own page."""

    repo: Frame
    nav: Nav
    done: str
    branch: BranchForm


def register() -> None:
    """Put the form among the settings of a repository."""
    slots.fill("repo.settings", _part, order=10)


def _part(context: Mapping[str, Any]) -> Markup:
    request, repository = context["request"], context["repository"]
    values = pages.context(request, _form(request, repository, Form()))
    return Markup(pages.text("refs/default_branch.html", values))  # noqa: S704  rendered by a template that escapes


def _form(request: Request, repository: Repository, form: Form) -> BranchForm:
    names = queries.branch_names(repository)
    choices = [Choice(name, name) for name in names] if len(names) <= MOST_IN_LIST else []
    if choices and repository.default_branch not in names:
        gone = _("%(name)s (there is no such branch)") % {"name": repository.default_branch}
        choices.insert(0, Choice(repository.default_branch, gone, why_not=gone))
    return BranchForm(
        href=address("repo_settings_branches", repository),
        form=Form({"default_branch": repository.default_branch, **form.values}, form.faults),
        choices=tuple(choices),
        count=len(names),
        not_set=why_not(request, "repo.set_default_branch", repository),
    )


def branches(request: Request, repository: Repository) -> HttpResponse:
    """Show or choose the default branch."""
    if request.method != "POST":
        return _page(request, repository, Form())
    form = posted(request.POST, "default_branch")
    try:
        actions.choose_default_branch(actor=request.actor, repository=repository, branch=form.value("default_branch"))
    except Invalid as refused:
        return _page(request, repository, form.with_faults(refused.faults), status=422)
    return see(address("repo_settings", repository), "branch")


def _page(request: Request, repository: Repository, form: Form, status: int = 200) -> HttpResponse:
    page = BranchesPage(
        frame(request, repository),
        settings_nav(repository, "branches"),
        done(request),
        _form(request, repository, form),
    )
    return pages.render(request, "refs/branches.html", page, status=status)
