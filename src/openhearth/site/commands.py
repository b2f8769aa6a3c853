"""The work of the commands that write to an instance: each calls one action and says what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from django.utils.translation import gettext as _

from openhearth.code.repos import actions as repos
from openhearth.kernel.errors import Invalid
from openhearth.kernel.policy.actors import system
from openhearth.kernel.policy.engine import NotAllowed
from openhearth.people.accounts import actions as accounts
from openhearth.people.accounts import queries
from openhearth.people.accounts.models import Account
from openhearth.people.keys import actions as keys
from openhearth.people.tokens import actions as tokens
from openhearth.people.tokens import rules as token_rules

ACTOR = system("command-line")
KEY_BYTES = 64 * 1024


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what an action refuses into lines on standard error: exit 2 for bad input, 1 for the rest."""
    try:
        yield
    except Invalid as error:
        for fault in error.faults:
            click.echo(str(fault.message), err=True)
        raise SystemExit(2) from None
    except NotAllowed as error:
        click.echo(_("Refused: %(reason)s") % {"reason": error.decision.reason}, err=True)
        raise SystemExit(1) from None


def account_named(name: str) -> Account:
    """Return the account, or end the command."""
    found = queries.find_account(name)
    if found is None:
        text = _("There is no account “%(name)s”. `hearth user list` shows all.")
        click.echo(text % {"name": name}, err=True)
        raise SystemExit(2)
    return found


def add_user(*, name: str, email: str, password: str, is_admin: bool) -> None:
    """Make an account; its address counts as proven, since whoever runs this command vouches for it."""
    with refusals():
        account = accounts.create_account(
            actor=ACTOR, name=name, email=email, password=password, is_admin=is_admin, email_verified=True
        )
    click.echo(_("Account %(name)s is made.") % {"name": account.name})


def list_users() -> None:
    """Print a line for each account: name, state, address, whether it administers."""
    for account in queries.visible_accounts(ACTOR):
        marks = "admin" if account.is_admin else ""
        click.echo(f"{account.name}\t{account.state}\t{account.email}\t{marks}".rstrip())


def set_user_password(*, name: str, password: str) -> None:
    """Change a password and end the account's sessions."""
    with refusals():
        accounts.set_password(actor=ACTOR, account=account_named(name), password=password)
    click.echo(_("The password of %(name)s is changed; its sessions are ended.") % {"name": name})


def disable_user(*, name: str) -> None:
    """Suspend an account."""
    with refusals():
        accounts.set_state(actor=ACTOR, account=account_named(name), state=Account.State.SUSPENDED)
    click.echo(_("Account %(name)s is suspended.") % {"name": name})


def add_token(*, name: str, scopes: str | None) -> None:
    """Make a token and print it alone, for scripts. Without `scopes` it may do all that the account may."""
    wanted = token_rules.SCOPES if scopes is None else token_rules.split_scopes(scopes)
    with refusals():
        _token, text = tokens.create_token(
            actor=ACTOR, account=account_named(name), name=_("Made on the command line"), scopes=wanted
        )
    click.echo(text)


def add_key(*, name: str, file: Path, title: str) -> None:
    """Let an SSH key act as an account."""
    with file.open("rb") as source:
        text = source.read(KEY_BYTES).decode("utf-8", "replace")
    with refusals():
        key = keys.add_key(actor=ACTOR, account=account_named(name), text=text, title=title)
    click.echo(_("Key %(fingerprint)s is added to %(name)s.") % {"fingerprint": key.fingerprint, "name": name})


def add_repository(*, owner: str, name: str, visibility: str, description: str) -> None:
    """Make an empty repository."""
    with refusals():
        made = repos.create_repository(
            actor=ACTOR, owner=account_named(owner), name=name, visibility=visibility, description=description
        )
    click.echo(_("Repository %(owner)s/%(name)s is made.") % {"owner": owner, "name": made.name})
