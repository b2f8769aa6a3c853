"""Mails about accounts, each in the language of its reader. Links come from the configured address alone."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.mail import send_mail
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from openhearth.people.accounts import queries
from openhearth.people.accounts.models import Account

_CODES = {"zh": "zh-hans", "en": "en"}


def _language(account: Account) -> str:
    """Return the language to write to an account in: its own, else that of the present request."""
    return _CODES.get(account.language.lower().split("-")[0], translation.get_language() or "en")


def _link(name: str, **arguments: object) -> str:
    return queries.public_address() + reverse(name, kwargs=arguments)


def _send(account: Account, subject: str, *paragraphs: str) -> None:
    hello = _("Hello %(name)s,") % {"name": account.shown_name}
    sign = _("This mail comes from OpenHearth at %(address)s.") % {"address": queries.public_address()}
    text = "\n\n".join([hello, *paragraphs, f"-- \n{sign}"]) + "\n"
    send_mail(" ".join(subject.split()), text, None, [account.email])


def send_reset(account: Account, key: str) -> None:
    """Send the link that sets a new password."""
    with translation.override(_language(account)):
        _send(
            account,
            _("A new password for %(name)s") % {"name": account.name},
            _("somebody, probably you, asked for a new password for the account %(name)s. Choose it here:")
            % {"name": account.name},
            _link("account_reset_password_from_key", key=key),
            _("The link works once and for one hour. If it was not you, do nothing: your password stays as it is."),
        )


def send_welcome(account: Account, key: str) -> None:
    """Send a new account, made by an administrator, the link that sets its first password."""
    with translation.override(_language(account)):
        _send(
            account,
            _("Your account on %(host)s") % {"host": queries.host_name()},
            _("an administrator has made the account %(name)s for you. Choose its password here:")
            % {"name": account.name},
            _link("account_reset_password_from_key", key=key),
            _("The link works once and for one hour. After that, ask for a new one here:"),
            _link("account_reset_password"),
        )


def send_email_link(account: Account, key: str) -> None:
    """Send the link that proves the account's mail address."""
    with translation.override(_language(account)):
        _send(
            account,
            _("Confirm this mail address"),
            _("open this link to confirm that %(email)s belongs to the account %(name)s:")
            % {"email": account.email, "name": account.name},
            _link("account_confirm_email", key=key),
            _("The link works for three days. If you have no account here, do nothing."),
        )


def send_password_changed(account: Account) -> None:
    """Tell the account that it has a new password."""
    if not account.email:
        return
    with translation.override(_language(account)):
        _send(
            account,
            _("Your password was changed"),
            _("the account %(name)s has a new password, and its other sessions were ended.") % {"name": account.name},
            _("If it was not you, set another one at once and look through your keys and tokens:"),
            _link("account_reset_password"),
        )


def send_email_changed(account: Account, before: str) -> None:
    """Tell the address that an account had before that it has another one now."""
    if not before:
        return
    with translation.override(_language(account)):
        old = Account(name=account.name, display_name=account.display_name, email=before, language=account.language)
        _send(
            old,
            _("Your mail address was changed"),
            _("the account %(name)s has another mail address now and no longer writes to this one.")
            % {"name": account.name},
            _("If it was not you, tell an administrator of the instance."),
        )


def send_waiting(administrators: Iterable[Account], newcomer: Account) -> None:
    """Tell the administrators that somebody waits for their yes."""
    for administrator in administrators:
        if not administrator.email:
            continue
        with translation.override(_language(administrator)):
            _send(
                administrator,
                _("%(name)s would like an account") % {"name": newcomer.name},
                _("%(name)s (%(email)s) has signed up and waits for an administrator to let them in:")
                % {"name": newcomer.name, "email": newcomer.email},
                _link("accounts_admin") + "?state=pending",
            )


def send_approved(account: Account) -> None:
    """Tell a newcomer that they can come in."""
    if not account.email:
        return
    with translation.override(_language(account)):
        _send(
            account,
            _("Your account is ready"),
            _("an administrator has let the account %(name)s in. Sign in here:") % {"name": account.name},
            _link("account_login"),
        )
