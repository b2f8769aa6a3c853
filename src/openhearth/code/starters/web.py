"""The page on which a repository is made."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from openhearth.code.repos import actions as repos
from openhearth.code.repos import forms
from openhearth.code.repos import queries as repo_queries
from openhearth.code.repos import rules as repo_rules
from openhearth.code.repos.models import Repository
from openhearth.code.starters import actions, rules
from openhearth.kernel import config
from openhearth.kernel.errors import Fault, Invalid, invalid
from openhearth.people.accounts import queries as accounts
from openhearth.people.accounts import rules as account_rules
from openhearth.people.accounts.forms import Form, posted
from openhearth.people.accounts.models import Account
from openhearth.web import pages
from openhearth.web.parts import Choice
from openhearth.web.requests import Request

FIELDS = ("owner", "name", "description", "visibility", "readme", "licence", "gitignore", "default_branch")
MOST_IN_ADDRESS = 400


@dataclass(frozen=True, slots=True)
class Repair:
    """A name that would do, and the address of the form with it."""

    name: str
    href: str


@dataclass(frozen=True, slots=True)
class NewPage:
    """The form. `place` is what stands before the name in the repository's address."""

    form: Form
    place: str
    owners: tuple[Choice, ...]
    visibilities: tuple[Choice, ...]
    licences: tuple[Choice, ...]
    ignored: tuple[Choice, ...]
    repair: Repair | None


def new(request: Request) -> HttpResponse:
    """Show the form, with what the address says filled in, or make the repository."""
    owners = repo_queries.owners_for(request.actor)
    if request.method != "POST":
        return _page(request, owners, Form(_first_values(request)))
    form = posted(request.POST, *FIELDS)
    try:
        repository = _start(request, owners, form)
    except Invalid as refused:
        return _page(request, owners, form.with_faults(_briefly(form, refused.faults)), status=422)
    address = reverse("repository", kwargs={"owner": repository.owner.name, "repo": repository.name})
    response = HttpResponseRedirect(address)
    response.status_code = 303
    return response


def _first_values(request: Request) -> dict[str, str]:
    values = {
        "owner": request.actor.name,
        "visibility": str(Repository.Visibility.PUBLIC),
        "default_branch": config.current().repositories.default_branch,
    }
    given = {field: request.GET[field][:MOST_IN_ADDRESS] for field in FIELDS if field in request.GET}
    return {**values, **given}


def _start(request: Request, owners: list[Account], form: Form) -> Repository:
    key = account_rules.name_key(form.value("owner"))
    owner = next((account for account in owners if account.name_key == key), None)
    if owner is None:
        text = _("Owner: you cannot make repositories there. Choose one of the list.")
        raise invalid("owner", "unknown", text)
    return actions.start_repository(
        actor=request.actor,
        owner=owner,
        name=form.value("name").strip(),
        visibility=form.value("visibility"),
        description=form.value("description"),
        readme=form.value("readme") == "on",
        licence=form.value("licence"),
        gitignore=form.value("gitignore"),
        default_branch=form.value("default_branch").strip(),
    )


def _briefly(form: Form, faults: tuple[Fault, ...]) -> list[Fault]:
    """Leave the better name out of the message: it stands beside it, to be taken with one click."""
    name = form.value("name").strip()
    code = repo_rules.name_fault(name)
    message = repos.name_message(code, name, repair=False) if code else ""
    return [Fault(f.field, f.code, message) if message and f.field == "name" else f for f in faults]


def _repair(owners: list[Account], form: Form) -> Repair | None:
    fault = next((fault for fault in form.faults if fault.field == "name"), None)
    if fault is None:
        return None
    name = form.value("name").strip()
    owner = next((account for account in owners if account.name == form.value("owner")), None)
    if fault.code != "taken":
        better = repo_rules.suggest(name[:1000])
    else:
        better = repo_queries.free_name(owner, name) if owner else ""
    if not better:
        return None
    wrong = {fault.field for fault in form.faults}
    kept = {field: value for field, value in form.values.items() if value and field not in wrong}
    return Repair(better, f"{reverse('repository_new')}?{urlencode({**kept, 'name': better})}")


def _page(request: Request, owners: list[Account], form: Form, status: int = 200) -> HttpResponse:
    chosen = form.value("owner") if any(form.value("owner") == account.name for account in owners) else ""
    place = f"{_host()}/{chosen or request.actor.name}/"
    page = NewPage(
        form=form,
        place=place,
        owners=tuple(Choice(account.name, account.name) for account in owners),
        visibilities=forms.visibility_choices(),
        licences=(Choice("", _("None yet")), *(Choice(name, name) for name in rules.LICENCES)),
        ignored=(Choice("", _("None")), *(Choice(key, text) for key, text in rules.IGNORED.items())),
        repair=_repair(owners, form),
    )
    return pages.render(request, "starters/new.html", page, status=status)


def _host() -> str:
    return urlsplit(accounts.public_address()).netloc
