"""Who has a role in a repository."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from openhearth.code.repos import actions, forms, queries
from openhearth.code.repos.models import Collaborator, Repository
from openhearth.code.repos.web.frame import Frame, address, done, frame, see, settings_nav, why_not
from openhearth.kernel.errors import Fault, Invalid, invalid
from openhearth.kernel.policy import engine
from openhearth.people.accounts import queries as accounts
from openhearth.people.accounts.forms import Form, posted
from openhearth.people.accounts.models import Account
from openhearth.web import pages, shell
from openhearth.web.parts import Choice, Nav, Pager
from openhearth.web.requests import Request

PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class Person:
    """One account with its role; `number` is its id, for the forms beside it."""

    account: Account
    href: str
    role: str
    role_name: str
    number: int
    is_me: bool


@dataclass(frozen=True, slots=True)
class AccessPage:
    """The owner, everyone with a role, and the form for one more."""

    repo: Frame
    nav: Nav
    done: str
    form: Form
    people: tuple[Person, ...]
    total: int
    roles: tuple[Choice, ...]
    role_names: dict[str, str]
    pager: Pager
    not_manage: str


def access(request: Request, repository: Repository) -> HttpResponse:
    """Show who has a role; give one, change it, take it away."""
    if request.method != "POST":
        return _page(request, repository, Form({"role": "write"}))
    form = posted(request.POST, "account", "role", "number")
    act = request.POST.get("act", "add")
    try:
        code = _do(request, repository, form, act)
    except Invalid as refused:
        beside = act != "add"  # the fields of the form for one more are not those to correct
        faults = [Fault("", f.code, f.message) if beside else f for f in refused.faults]
        shown = Form({"role": "write"}) if beside else form
        return _page(request, repository, shown.with_faults(faults), status=422)
    if code == "left":
        return see(reverse("settings_repositories"), code)
    if not engine.decide(request.actor.fresh(), "repo.settings", repository).allowed:
        return see(address("repository", repository))  # they have lowered their own role
    return see(address("repo_settings_access", repository), code)


def _do(request: Request, repository: Repository, form: Form, act: str) -> str:
    """Carry one of the page's acts out and return the code of what to say."""
    if act == "remove":
        account = _with_role(repository, form)
        actions.remove_collaborator(actor=request.actor, repository=repository, account=account)
        return "left" if account.pk == request.actor.account_id else "person-removed"
    account = _with_role(repository, form) if act == "change" else _named(request, form)
    actions.set_collaborator(actor=request.actor, repository=repository, account=account, role=form.value("role"))
    return "person-set"


def _with_role(repository: Repository, form: Form) -> Account:
    text = form.value("number")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
    row = queries.collaborators(repository).filter(account_id=number).first()
    if row is None:
        raise invalid("account", "missing", _("Account: it has no role here any more. Load the page again."))
    return row.account


def _named(request: Request, form: Form) -> Account:
    name = form.value("account").strip().removeprefix("@")
    if not name:
        raise invalid("account", "empty", _("Account: type the name of the account that shall get a role."))
    try:
        return accounts.get_account(request.actor, name)
    except engine.Hidden:
        shown = "".join(c if c.isprintable() else "\ufffd" for c in name[:60])
        text = _("Account: there is no account “%(name)s”. Look at the name in its address.")
        raise invalid("account", "missing", text % {"name": shown}) from None


def leave(request: Request, repository: Repository) -> HttpResponse:
    """Give up the own role."""
    actions.remove_collaborator(actor=request.actor, repository=repository, account=request.me)
    return see(reverse("settings_repositories"), "left")


def _page(request: Request, repository: Repository, form: Form, status: int = 200) -> HttpResponse:
    rows = queries.collaborators(repository)
    total = rows.count()
    last = max(1, -(-total // PER_PAGE))
    text = request.GET.get("page", "")
    number = min(max(int(text), 1), last) if text.isascii() and text.isdecimal() and len(text) < 9 else 1
    names = forms.role_names()
    shown = rows[(number - 1) * PER_PAGE : number * PER_PAGE]
    page = AccessPage(
        repo=frame(request, repository),
        nav=settings_nav(repository, "access"),
        done=done(request),
        form=form,
        people=tuple(_person(request, row, names[row.word]) for row in shown),
        total=total + 1,
        roles=forms.role_choices(),
        role_names=names,
        pager=Pager(number, last, address("repo_settings_access", repository)),
        not_manage=why_not(request, "repo.manage_collaborators", repository),
    )
    return pages.render(request, "repos/access.html", page, status=status)


def _person(request: Request, row: Collaborator, role_name: str) -> Person:
    account = row.account
    return Person(
        account=account,
        href=shell.link("profile", name=account.name),
        role=row.word,
        role_name=role_name,
        number=account.pk,
        is_me=account.pk == request.actor.account_id,
    )
