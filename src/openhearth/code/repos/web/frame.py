"""What the pages about a repository share: loaders, the frame around them, navigation, messages after a step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from openhearth.code.repos import queries
from openhearth.code.repos.models import Repository
from openhearth.kernel.policy import engine
from openhearth.kernel.policy.actors import Actor
from openhearth.people.accounts.models import Account
from openhearth.web import errors, shell
from openhearth.web.parts import Nav, NavGroup, Tab
from openhearth.web.requests import Request
from openhearth.web.routes import Moved, register_loader

DONE: dict[str, str | Promise] = {
    "description": gettext_lazy("The description is saved."),
    "branch": gettext_lazy("The default branch is changed. New clones begin with it."),
    "renamed": gettext_lazy("The repository has its new name. The old address leads here."),
    "visibility": gettext_lazy("Who can see the repository is changed."),
    "unarchived": gettext_lazy("The repository can be written to again."),
    "person-set": gettext_lazy("The role is given."),
    "person-removed": gettext_lazy("The role is taken away."),
    "left": gettext_lazy("You have given up your role."),
    "deleted": gettext_lazy("The repository is deleted."),
    "restored": gettext_lazy("The repository is back, with everything it held and everyone who had a role."),
}
"""What a page says after the step before it, by the code in `?done=`. Nothing is stored for it."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around every page of a repository; `repos/frame.html` draws it."""

    owner: Account
    name: str
    full_name: str
    owner_href: str
    home: str
    visibility: str
    visibility_label: str
    archived: bool
    tabs: tuple[Tab, ...]


def _load(actor: Actor, arguments: dict[str, Any]) -> Repository:
    repository, moved = queries.load_repository(actor, arguments)
    if moved:
        raise Moved({"owner": repository.owner.name, "repo": repository.name})
    return repository


def _load_deleted(actor: Actor, arguments: dict[str, Any]) -> Repository:
    return queries.deleted_repository(actor, arguments.pop("number"))


def register() -> None:
    """Make the loaders `repository` (by `owner` and `repo`) and `deleted_repository` (by `number`) usable in routes."""
    register_loader("repository", _load)
    register_loader("deleted_repository", _load_deleted)


def address(name: str, repository: Repository) -> str:
    """Return the address of a page about a repository."""
    return reverse(name, kwargs={"owner": repository.owner.name, "repo": repository.name})


def _link(name: str, repository: Repository) -> str:
    return shell.link(name, owner=repository.owner.name, repo=repository.name)


def frame(request: Request, repository: Repository) -> Frame:
    """Return the frame of the pages about a repository."""
    home = _link("repository", repository)
    tabs = [Tab("code", _("Code"), home, "code")]
    if engine.decide(request.actor, "repo.settings", repository).allowed:
        tabs.append(Tab("settings", _("Settings"), _link("repo_settings", repository), "gear"))
    return Frame(
        owner=repository.owner,
        name=repository.name,
        full_name=repository.full_name,
        owner_href=shell.link("profile", name=repository.owner.name),
        home=home,
        visibility=repository.visibility,
        visibility_label=str(Repository.Visibility(repository.visibility).label),
        archived=repository.archived_at is not None,
        tabs=tuple(tabs),
    )


def settings_nav(repository: Repository, current: str) -> Nav:
    """Return the navigation beside the settings. `current` is general, access or branches."""
    people = queries.collaborators(repository).count() + 1
    wanted = (
        ("general", _("General"), "gear", "repo_settings", None),
        ("access", pgettext("repository", "People"), "people", "repo_settings_access", people),
        ("branches", _("Branches"), "git-branch", "repo_settings_branches", None),
    )
    tabs = [
        Tab(key, text, _link(name, repository), icon, count)
        for key, text, icon, name, count in wanted
        if _link(name, repository)
    ]
    return Nav(_("Settings of the repository"), (NavGroup("", tuple(tabs)),), current)


def why_not(request: Request, action: str, repository: Repository) -> str:
    """Return why who asks may not do something, "" where they may."""
    decision = engine.decide(request.actor, action, repository)
    return "" if decision.allowed else str(errors.REASONS.get(decision.reason, errors.KINDS[403].body))


def done(request: HttpRequest) -> str:
    """Return what to say about the step before, "" for nothing."""
    return str(DONE.get(request.GET.get("done", ""), ""))


def see(where: str, code: str = "") -> HttpResponse:
    """Lead to a page with GET, after a step that is told of there by `code` (`DONE`)."""
    response = HttpResponseRedirect(f"{where}?done={code}" if code else where)
    response.status_code = 303
    return response
