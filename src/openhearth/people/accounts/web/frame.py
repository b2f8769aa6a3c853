"""What the pages of people share: loaders, navigation, messages after a step, the address to go on to."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from openhearth.kernel.policy import engine
from openhearth.kernel.policy.actors import Actor
from openhearth.people.accounts import actions, queries, rules
from openhearth.people.accounts.models import Account, Registration
from openhearth.web import shell
from openhearth.web.parts import Nav, NavGroup, Tab
from openhearth.web.routes import register_loader

DONE: dict[str, str | Promise] = {
    "profile": gettext_lazy("Your profile is saved."),
    "preferences": gettext_lazy("Your choices are saved."),
    "password": gettext_lazy("Your password is changed. Your other sessions have ended."),
    "reset": gettext_lazy("Your new password is set. Sign in with it."),
    "email": gettext_lazy("Your mail address is changed. Open the link in the mail that was sent to it."),
    "email-sent": gettext_lazy("A mail with a link was sent to your address."),
    "confirmed": gettext_lazy("Your mail address is confirmed."),
    "session": gettext_lazy("The session has ended."),
    "sessions": gettext_lazy("All other sessions have ended."),
    "key-added": gettext_lazy("The key is added. A machine that holds it can act as you now."),
    "key-removed": gettext_lazy("The key is removed."),
    "token-revoked": gettext_lazy("The token is revoked. It opens nothing any more."),
    "signed-out": gettext_lazy("You have signed out."),
    "registration": gettext_lazy("How people come in is changed."),
    "account": gettext_lazy("The account is changed."),
}
"""What a page says after the step before it, by the code in `?done=`. Nothing is stored for it."""


def load_me(actor: Actor, arguments: dict[str, Any]) -> Account:
    """Return the account of who asks. Raises `Denied` (`sign-in`) for nobody known."""
    del arguments
    if not actor.is_signed_in or actor.account_id is None:
        raise engine.Denied(engine.Decision(allowed=False, action="account.update", reason="sign-in"))
    known = actor.memo.get(Account)
    return known if isinstance(known, Account) else Account.objects.get(pk=actor.account_id)


def load_account(actor: Actor, arguments: dict[str, Any]) -> Account:
    """Return the account called `name` in the address. Raises `Hidden`."""
    return queries.get_account(actor, arguments.pop("name"))


def register() -> None:
    """Make the loaders `me` and `account` usable in routes, and answer the page shell's questions."""
    register_loader("me", load_me)
    register_loader("account", load_account)
    shell.registration_judged_by(_may_register)
    shell.remember_choices(_remember)


def _may_register(_request: HttpRequest) -> bool:
    return queries.registration_mode() != Registration.Mode.CLOSED


def _remember(request: HttpRequest, choices: dict[str, str]) -> None:
    """Keep the language that a signed-in person chose at the foot of a page; the theme lives in its cookie."""
    me = getattr(request, "me", None)
    if me is not None and "lang" in choices:
        actions.update_account(actor=request.actor, account=me, language=choices["lang"])  # type: ignore[attr-defined]


def done(request: HttpRequest) -> str:
    """Return what to say about the step before, "" for nothing."""
    return str(DONE.get(request.GET.get("done", ""), ""))


def see(address: str, code: str = "") -> HttpResponse:
    """Lead to a page with GET, after a step that is told of there by `code` (`DONE`)."""
    response = HttpResponseRedirect(f"{address}?done={code}" if code else address)
    response.status_code = 303
    return response


def next_address(request: HttpRequest) -> str:
    """Return where the reader wants to go on, "/" where `next` names no page of this instance."""
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    return wanted if rules.is_local_address(wanted) else "/"


def private(response: HttpResponse) -> HttpResponse:
    """Mark an answer whose address or text holds a secret: never stored, its address told to nobody."""
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "same-origin"
    return response


def _tabs(*wanted: tuple[str, str, str, str]) -> tuple[Tab, ...]:
    """Return the links of those pages that this instance has: (id, text, icon, name of the route)."""
    return tuple(Tab(key, text, shell.link(name), icon) for key, text, icon, name in wanted if shell.link(name))


def settings_nav(current: str) -> Nav:
    """Return the navigation beside the settings of a person.

    `current` is profile, preferences, repositories, account, sessions, keys or tokens.
    """
    own = _tabs(
        ("profile", _("Profile"), "person", "settings_profile"),
        ("preferences", _("Appearance and language"), "paintbrush", "settings_preferences"),
        ("repositories", _("Repositories"), "repo", "settings_repositories"),
    )
    access = _tabs(
        ("account", _("Password and mail"), "shield-lock", "settings_account"),
        ("keys", _("SSH keys"), "key", "settings_keys"),
        ("tokens", _("Access tokens"), "key-asterisk", "settings_tokens"),
        ("sessions", _("Sessions"), "device-desktop", "settings_sessions"),
    )
    return Nav(_("Settings"), (NavGroup("", own), NavGroup(_("Access"), access)), current)


def admin_nav(current: str) -> Nav:
    """Return the navigation beside the pages of administrators.

    `current` is overview, people, repositories, settings, jobs, mail or events; pages that do not exist are left out.
    """
    first = _tabs(
        ("overview", _("Overview"), "meter", "administration"),
        ("people", _("People"), "people", "accounts_admin"),
        ("repositories", _("Repositories"), "repo", "admin_repositories"),
        ("settings", _("Settings"), "sliders", "admin_settings"),
    )
    running = _tabs(
        ("jobs", _("Jobs"), "stack", "admin_jobs"),
        ("mail", _("Mail"), "mail", "admin_mail"),
        ("events", _("Events"), "log", "admin_events"),
    )
    groups = [NavGroup("", first)] + ([NavGroup(pgettext("group of pages", "Running"), running)] if running else [])
    return Nav(_("Administration"), tuple(groups), current)
