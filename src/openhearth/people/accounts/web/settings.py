"""A person's own settings: profile, preferences, password and mail, sessions."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import available_timezones

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from openhearth.kernel import attempts
from openhearth.kernel.errors import Fault, Invalid
from openhearth.people.accounts import actions, mails, queries
from openhearth.people.accounts.forms import Form, posted
from openhearth.people.accounts.models import Account
from openhearth.people.accounts.web.actor import client_address, keep_session
from openhearth.people.accounts.web.frame import done, see, settings_nav
from openhearth.people.sessions import actions as sessions
from openhearth.people.sessions.queries import Place, current_id, places
from openhearth.web import appearance, pages
from openhearth.web.parts import Choice, Nav
from openhearth.web.requests import Request

LINKS_PER_HOUR = 5
PROFILE = ("display_name", "bio", "location", "website")


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """Profile or preferences."""

    nav: Nav
    form: Form
    done: str
    account: Account
    languages: tuple[Choice, ...] = ()
    zones: tuple[Choice, ...] = ()
    themes: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class AccountPage:
    """Name, mail address and password. `which` says whose form was refused: `email` or `password`."""

    nav: Nav
    form: Form
    done: str
    account: Account
    is_proven: bool
    which: str = ""


@dataclass(frozen=True, slots=True)
class SessionsPage:
    """Where the person is signed in."""

    nav: Nav
    done: str
    places: list[Place]


def begin(request: Request, account: Account) -> HttpResponse:
    """Lead to the first page of the settings."""
    del request, account
    return see(reverse("settings_profile"))


def profile(request: Request, account: Account) -> HttpResponse:
    """Show or change what the person says of themselves."""
    if request.method != "POST":
        shown = {name: str(getattr(account, name)) for name in PROFILE}
        shown["show_email"] = "on" if account.show_email else ""
        page = SettingsPage(settings_nav("profile"), Form(shown), done(request), account)
        return pages.render(request, "accounts/profile.html", page)
    form = posted(request.POST, *PROFILE, "show_email")
    values = {name: form.value(name).replace("\r\n", "\n") for name in PROFILE}
    try:
        show = form.value("show_email") == "on"
        actions.update_account(actor=request.actor, account=account, show_email=show, **values)
    except Invalid as refused:
        page = SettingsPage(settings_nav("profile"), form.with_faults(refused.faults), "", account)
        return pages.render(request, "accounts/profile.html", page, status=422)
    return see(reverse("settings_profile"), "profile")


def preferences(request: Request, account: Account) -> HttpResponse:
    """Show or change language, time zone and theme. The theme is a choice of this browser and lives in its cookie."""
    if request.method != "POST":
        shown = {"language": account.language, "time_zone": account.time_zone, "theme": request.theme}
        return _preferences_page(request, account, Form(shown))
    form = posted(request.POST, "language", "time_zone", "theme")
    theme = form.value("theme")
    if theme and theme not in appearance.THEMES:
        fault = Fault("theme", "unknown", _("Theme: choose light, dark or as the system."))
        return _preferences_page(request, account, form.with_faults([fault]), status=422)
    language, zone = form.value("language"), form.value("time_zone")
    try:
        actions.update_account(actor=request.actor, account=account, language=language, time_zone=zone)
    except Invalid as refused:
        return _preferences_page(request, account, form.with_faults(refused.faults), status=422)
    response = see(reverse("settings_preferences"), "preferences")
    for name, value in (("theme", theme), ("lang", language)):
        if value:
            response.set_cookie(
                name, value, max_age=appearance.YEAR, secure=request.is_secure(), httponly=True, samesite="Lax"
            )
    if not language:
        response.delete_cookie("lang")
    return response


def _preferences_page(request: Request, account: Account, form: Form, status: int = 200) -> HttpResponse:
    languages = (Choice("", _("That of the browser")), Choice("en", "English"), Choice("zh-Hans", "简体中文"))
    zones = (Choice("", _("That of the browser")), *(Choice(name, name) for name in sorted(available_timezones())))
    themes = (
        Choice("light", _("Light"), icon="sun"),
        Choice("dark", _("Dark"), icon="moon"),
        Choice("auto", _("As the system"), icon="device-desktop"),
    )
    page = SettingsPage(settings_nav("preferences"), form, done(request), account, languages, zones, themes)
    return pages.render(request, "accounts/preferences.html", page, status=status)


def account_page(request: Request, account: Account) -> HttpResponse:
    """Show the name; change mail address or password, which the present password has to prove."""
    if request.method != "POST":
        return _account_page(request, account, Form({"email": account.email}))
    which = request.POST.get("form", "")
    try:
        if which == "password":
            return _change_password(request, account)
        if which == "email-link":
            return _send_link(account)
        return _change_email(request, account)
    except Invalid as refused:
        form = posted(request.POST, "email", "password", "current").with_faults(refused.faults)
        return _account_page(request, account, form, which=which or "email", status=422)
    except attempts.TooMany as limited:
        text = _("Current password: too many wrong ones. Wait %(seconds)d seconds, then try again.")
        faults = [Fault("current", "too-many", text % {"seconds": limited.retry_after})]
        form = posted(request.POST, "email", "password", "current").with_faults(faults)
        response = _account_page(request, account, form, which=which or "email", status=429)
        response["Retry-After"] = str(limited.retry_after)
        return response


def _account_page(request: Request, account: Account, form: Form, which: str = "", status: int = 200) -> HttpResponse:
    if "email" not in form.values or which == "password":
        form = Form({**form.values, "email": account.email}, form.faults)
    page = AccountPage(settings_nav("account"), form, done(request), account, queries.email_is_proven(account), which)
    return pages.render(request, "accounts/account.html", page, status=status)


def _change_password(request: Request, account: Account) -> HttpResponse:
    actions.change_password(
        actor=request.actor,
        account=account,
        current=request.POST.get("current", ""),
        password=request.POST.get("password", ""),
        address=client_address(request),
        keep_session=current_id(request.session),
    )
    keep_session(request, account)
    mails.send_password_changed(account)
    return see(reverse("settings_account"), "password")


def _change_email(request: Request, account: Account) -> HttpResponse:
    before = account.email
    actions.change_email(
        actor=request.actor,
        account=account,
        email=request.POST.get("email", ""),
        current=request.POST.get("current", ""),
        address=client_address(request),
    )
    if before.casefold() != account.email.casefold():
        mails.send_email_changed(account, before)
    mails.send_email_link(account, actions.email_link(account))
    return see(reverse("settings_account"), "email")


def _send_link(account: Account) -> HttpResponse:
    try:
        attempts.attempt(attempts.Limit("email-link", str(account.pk), LINKS_PER_HOUR, 3600))
    except attempts.TooMany:
        text = _("Email: several mails with a link were sent already. Look into your mailbox, or try again in an hour.")
        raise Invalid(Fault("email", "too-many", text)) from None
    if account.email:
        mails.send_email_link(account, actions.email_link(account))
    return see(reverse("settings_account"), "email-sent")


def sessions_page(request: Request, account: Account) -> HttpResponse:
    """Show where the person is signed in; end one of these sessions, or all but this one."""
    current = current_id(request.session)
    here = reverse("settings_sessions")
    if request.method != "POST":
        page = SessionsPage(settings_nav("sessions"), done(request), places(account.pk, current))
        return pages.render(request, "accounts/sessions.html", page)
    public_id = request.POST.get("session", "")
    if public_id:
        sessions.end_session(actor=request.actor, account=account, public_id=public_id[:36])
        return see(here, "session")
    sessions.end_others(actor=request.actor, account=account, keep=current)
    return see(here, "sessions")
