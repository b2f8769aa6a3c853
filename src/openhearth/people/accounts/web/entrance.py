"""Signing in, signing out, signing up."""

from __future__ import annotations

from dataclasses import dataclass

from allauth.account.internal.flows.logout import logout
from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from openhearth.kernel import attempts
from openhearth.kernel.errors import Fault, Invalid
from openhearth.people.accounts import actions, mails, queries
from openhearth.people.accounts.forms import Form, posted
from openhearth.people.accounts.models import Account, Registration
from openhearth.people.accounts.web.actor import client_address, enter
from openhearth.people.accounts.web.frame import done, next_address, private, see
from openhearth.web import pages
from openhearth.web.requests import Request

SIGN_UPS_PER_HOUR = 20


@dataclass(frozen=True, slots=True)
class SignInPage:
    """The sign-in page. `may_join` shows the way to an account of one's own."""

    form: Form
    next: str
    done: str
    may_join: bool


@dataclass(frozen=True, slots=True)
class SignUpPage:
    """The sign-up page; `mode` is the registration mode, `askable` whom to ask where it is closed."""

    form: Form
    mode: str
    next: str
    askable: tuple[Account, ...] = ()


@dataclass(frozen=True, slots=True)
class WaitingPage:
    """What a newcomer reads whose account an administrator has yet to let in."""

    name: str
    email: str


def sign_in(request: Request) -> HttpResponseBase:
    """Show the form, or sign in with a name or mail address and its password."""
    then = next_address(request)
    if request.actor.is_signed_in:
        return see(then)
    if request.method != "POST":
        return _sign_in_page(request, Form(), then)
    form = posted(request.POST, "login", "password")
    try:
        account, faults = _proven(form, client_address(request))
    except attempts.TooMany as limited:
        text = _(
            "Too many wrong passwords for this name or from your address. Wait %(seconds)d seconds, then try again."
        )
        fault = Fault("", "too-many", text % {"seconds": limited.retry_after})
        response = _sign_in_page(request, form.with_faults([fault]), then, status=429)
        response["Retry-After"] = str(limited.retry_after)
        return response
    if account is None:
        return _sign_in_page(request, form.with_faults(faults), then, status=422)
    return enter(request, account, method="password", then=then)


def _proven(form: Form, address: str) -> tuple[Account | None, list[Fault]]:
    """Return who may come in, else why not. Nothing is told of an account to who does not know its password."""
    login, password = form.value("login"), form.value("password")
    faults = []
    if not login.strip():
        faults.append(Fault("login", "empty", _("Name or email: type the name or the mail address of your account.")))
    if not password:
        faults.append(Fault("password", "empty", _("Password: type the password of your account.")))
    if faults:
        return None, faults
    account = actions.check_password(login=login, password=password, address=address)
    if account is None:
        text = _("Name or password is not right. Check both, or reset the password with “Forgotten?”.")
        return None, [Fault("login", "wrong", text)]
    if account.state == Account.State.PENDING:
        text = _("Your account waits for an administrator to let you in. You get a mail as soon as that is done.")
        return None, [Fault("", "pending", text)]
    if account.state == Account.State.SUSPENDED:
        text = _("Your account is suspended. An administrator of this instance can lift that.")
        return None, [Fault("", "suspended", text)]
    return account, []


def _sign_in_page(request: Request, form: Form, then: str, status: int = 200) -> HttpResponse:
    may_join = queries.registration_mode() != Registration.Mode.CLOSED
    page = SignInPage(form, then, done(request), may_join)
    return private(pages.render(request, "accounts/sign_in.html", page, status=status))


def sign_out(request: Request) -> HttpResponse:
    """End this session."""
    logout(request, show_message=False)
    return see(reverse("account_login"), "signed-out")


def sign_up(request: Request) -> HttpResponseBase:
    """Show the form, or make an account; where an administrator has to let people in, say so."""
    then = next_address(request)
    if request.actor.is_signed_in:
        return see(then)
    mode = queries.registration_mode()
    if mode == Registration.Mode.CLOSED:
        page = SignUpPage(Form(), mode, then, tuple(queries.administrators()))
        return pages.render(request, "accounts/sign_up.html", page, status=403 if request.method == "POST" else 200)
    if request.method != "POST":
        return _sign_up_page(request, Form(), mode, then)
    form = posted(request.POST, "name", "email", "password")
    try:
        account = _made(request, form)
    except Invalid as refused:
        return _sign_up_page(request, form.with_faults(refused.faults), mode, then, status=422)
    except attempts.TooMany as limited:
        text = _("Too many new accounts from your address. Try again in %(minutes)d minutes.")
        fault = Fault("", "too-many", text % {"minutes": limited.retry_after // 60 + 1})
        response = _sign_up_page(request, form.with_faults([fault]), mode, then, status=429)
        response["Retry-After"] = str(limited.retry_after)
        return response
    if account.state == Account.State.PENDING:
        mails.send_waiting(queries.administrators(), account)
        return pages.render(request, "accounts/waiting.html", WaitingPage(account.name, account.email))
    mails.send_email_link(account, actions.email_link(account))
    return enter(request, account, method="sign-up", then=then)


def _made(request: Request, form: Form) -> Account:
    """Make the account of a filled-in form. Raises `Invalid`, and `TooMany` where one address makes too many."""
    limit = attempts.Limit("sign-up", client_address(request), SIGN_UPS_PER_HOUR, 3600)
    attempt = attempts.attempt(limit)
    try:
        return actions.create_account(
            actor=request.actor,
            name=form.value("name").strip(),
            email=form.value("email").strip(),
            password=form.value("password"),
            language="zh-Hans" if (translation.get_language() or "").startswith("zh") else "en",
        )
    except Invalid:
        attempt.forgive()
        raise


def _sign_up_page(request: Request, form: Form, mode: str, then: str, status: int = 200) -> HttpResponse:
    page = SignUpPage(form, mode, then)
    return private(pages.render(request, "accounts/sign_up.html", page, status=status))


def inactive(request: Request) -> HttpResponse:
    """Say that an account may not sign in (where allauth leads such people)."""
    text = _("This account may not sign in now. An administrator of this instance can tell you why.")
    return _sign_in_page(request, Form(faults=(Fault("", "inactive", text),)), "/", status=403)
