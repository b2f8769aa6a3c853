"""A new password by mail, and the link that proves a mail address."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from openhearth.kernel import attempts
from openhearth.kernel.errors import Fault, Invalid
from openhearth.people.accounts import actions, mails
from openhearth.people.accounts.forms import Form, posted
from openhearth.people.accounts.web.actor import client_address
from openhearth.people.accounts.web.frame import private, see
from openhearth.web import pages
from openhearth.web.requests import Request


@dataclass(frozen=True, slots=True)
class ResetPage:
    """Any of the pages on the way to a new password. `name` is the account's, "" for a link that does not work."""

    form: Form
    name: str = ""


@dataclass(frozen=True, slots=True)
class ConfirmPage:
    """The page behind the link that proves a mail address; `email` is "" for a link that does not work."""

    email: str
    name: str


def ask(request: Request) -> HttpResponse:
    """Ask for a mail with a link. The answer is the same whether or not the account exists."""
    if request.method != "POST":
        return pages.render(request, "accounts/reset_ask.html", ResetPage(Form()))
    form = posted(request.POST, "login")
    if not form.value("login").strip():
        text = _("Name or email: type the name or the mail address of your account.")
        return _ask_again(request, form, Fault("login", "empty", text), 422)
    try:
        found = actions.request_reset(login=form.value("login"), address=client_address(request))
    except attempts.TooMany as limited:
        text = _("Too many requests from your address. Try again in %(minutes)d minutes.")
        fault = Fault("", "too-many", text % {"minutes": limited.retry_after // 60 + 1})
        response = _ask_again(request, form, fault, 429)
        response["Retry-After"] = str(limited.retry_after)
        return response
    if found:
        mails.send_reset(*found)
    return see(reverse("account_reset_password_done"))


def _ask_again(request: Request, form: Form, fault: Fault, status: int) -> HttpResponse:
    return pages.render(request, "accounts/reset_ask.html", ResetPage(form.with_faults([fault])), status=status)


def sent(request: Request) -> HttpResponse:
    """Say what happens now, to everyone who asked."""
    return pages.render(request, "accounts/reset_sent.html", ResetPage(Form()))


def choose(request: Request, key: str) -> HttpResponse:
    """Behind the link: choose the new password."""
    account = actions.account_of_reset(key)
    if account is None:
        return private(pages.render(request, "accounts/reset_choose.html", ResetPage(Form()), status=404))
    page = ResetPage(Form(), account.name)
    if request.method != "POST":
        return private(pages.render(request, "accounts/reset_choose.html", page))
    form = posted(request.POST, "password")
    try:
        account = actions.reset_password(key=key, password=form.value("password"))
    except Invalid as refused:
        page = ResetPage(form.with_faults(refused.faults), account.name)
        return private(pages.render(request, "accounts/reset_choose.html", page, status=422))
    mails.send_password_changed(account)
    return see(reverse("account_login"), "reset")


def confirm(request: Request, key: str) -> HttpResponse:
    """Behind the link that proves a mail address: confirm it with a button, since programs open links too."""
    found = actions.email_of_link(key)
    if found is None:
        page = ConfirmPage("", "")
        return private(pages.render(request, "accounts/confirm_email.html", page, status=404))
    account, email = found
    if request.method != "POST":
        return private(pages.render(request, "accounts/confirm_email.html", ConfirmPage(email, account.name)))
    actions.confirm_email(key=key)
    return see(reverse("settings_account" if request.actor.is_signed_in else "account_login"), "confirmed")
