"""Administrators' pages of accounts: who is here, who waits, how people come in."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from openhearth.kernel.errors import Fault, Invalid
from openhearth.people.accounts import actions, mails, queries
from openhearth.people.accounts.forms import Form, posted
from openhearth.people.accounts.models import Account
from openhearth.people.accounts.web.first import registration_choices
from openhearth.people.accounts.web.frame import admin_nav, done, private, see
from openhearth.web import pages
from openhearth.web.parts import Choice, Nav, Pager, Tab
from openhearth.web.requests import Request

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class ListPage:
    """The list with its search, and the registration mode."""

    nav: Nav
    done: str
    form: Form
    accounts: tuple[Account, ...]
    total: int
    tabs: tuple[Tab, ...]
    state: str
    search: str
    pager: Pager
    mode: str
    modes: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class NewPage:
    """The form for a new account."""

    nav: Nav
    form: Form


@dataclass(frozen=True, slots=True)
class OnePage:
    """One account as administrators see it; `link` is a link for its password, shown this once."""

    nav: Nav
    done: str
    account: Account
    faults: tuple[Fault, ...]
    is_me: bool
    link: str = ""


def people(request: Request) -> HttpResponse:
    """List the accounts, or choose how people come in."""
    if request.method != "POST":
        return _list_page(request, Form())
    form = posted(request.POST, "mode")
    try:
        actions.set_registration(actor=request.actor, mode=form.value("mode"))
    except Invalid as refused:
        return _list_page(request, form.with_faults(refused.faults), status=422)
    return see(reverse("accounts_admin"), "registration")


def _list_page(request: Request, form: Form, status: int = 200) -> HttpResponse:
    search, state = request.GET.get("q", "")[:254], request.GET.get("state", "")
    found = Paginator(queries.search_accounts(search, state), PER_PAGE)
    shown = found.get_page(request.GET.get("page"))
    here = reverse("accounts_admin")
    kept = tuple((name, value) for name, value in (("q", search), ("state", state)) if value)
    page = ListPage(
        nav=admin_nav("people"),
        done=done(request),
        form=form,
        accounts=tuple(shown.object_list),
        total=found.count,
        tabs=_tabs(here),
        state=state or "all",
        search=search,
        pager=Pager(shown.number, found.num_pages, here, kept),
        mode=queries.registration_mode(),
        modes=registration_choices(),
    )
    return pages.render(request, "accounts/admin_list.html", page, status=status)


def _tabs(here: str) -> tuple[Tab, ...]:
    waiting = queries.count_waiting()
    return (
        Tab("all", _("All"), here),
        Tab("pending", _("Waiting"), f"{here}?state=pending", count=waiting),
        Tab("suspended", _("Suspended"), f"{here}?state=suspended"),
        Tab("admin", _("Administrators"), f"{here}?state=admin"),
    )


def new(request: Request) -> HttpResponse:
    """Make an account for somebody; without a password they get a link that sets one."""
    if request.method != "POST":
        return pages.render(request, "accounts/admin_new.html", NewPage(admin_nav("people"), Form()))
    form = posted(request.POST, "name", "email", "password", "is_admin")
    try:
        account = actions.create_account(
            actor=request.actor,
            name=form.value("name").strip(),
            email=form.value("email").strip(),
            password=form.value("password") or None,
            is_admin=form.value("is_admin") == "on",
        )
    except Invalid as refused:
        page = NewPage(admin_nav("people"), form.with_faults(refused.faults))
        return pages.render(request, "accounts/admin_new.html", page, status=422)
    if form.value("password"):
        return see(reverse("accounts_admin_one", kwargs={"name": account.name}), "account")
    return _with_link(request, account)


def _with_link(request: Request, account: Account) -> HttpResponse:
    """Mail a link for the password and show it once, for those whom no mail reaches."""
    key = actions.reset_key(actor=request.actor, account=account)
    if account.email:
        mails.send_welcome(account, key)
    link = queries.public_address() + reverse("account_reset_password_from_key", kwargs={"key": key})
    return private(_one_page(request, account, link=link))


def one(request: Request, account: Account) -> HttpResponse:
    """Show one account; approve, suspend, let in again, make or unmake an administrator, send a link."""
    if request.method != "POST":
        return _one_page(request, account)
    act = request.POST.get("act", "")
    try:
        if act == "link":
            return _with_link(request, account)
        _do(request, account, act)
    except Invalid as refused:
        account.refresh_from_db()
        return _one_page(request, account, faults=refused.faults, status=422)
    return see(reverse("accounts_admin_one", kwargs={"name": account.name}), "account")


def _do(request: Request, account: Account, act: str) -> None:
    states = {
        "approve": Account.State.ACTIVE,
        "readmit": Account.State.ACTIVE,
        "suspend": Account.State.SUSPENDED,
    }
    if act in states:
        was_waiting = account.state == Account.State.PENDING
        actions.set_state(actor=request.actor, account=account, state=states[act])
        if was_waiting and account.is_active:
            mails.send_approved(account)
    elif act in {"make_admin", "unmake_admin"}:
        actions.set_admin(actor=request.actor, account=account, is_admin=act == "make_admin")
    elif act == "end_sessions":
        actions.end_sessions(account, actor=request.actor)
    else:
        raise Invalid(Fault("", "unknown", _("This step is not known. Load the page again.")))


def _one_page(
    request: Request, account: Account, *, faults: tuple[Fault, ...] = (), link: str = "", status: int = 200
) -> HttpResponse:
    is_me = account.pk == request.actor.account_id
    page = OnePage(admin_nav("people"), done(request), account, faults, is_me, link)
    return pages.render(request, "accounts/admin_one.html", page, status=status)
