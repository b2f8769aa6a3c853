"""The work of the commands that write to an instance: each calls one action and says what came of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from openhearth.code.repos import actions as repos
from openhearth.federation.importers import actions as importers
from openhearth.kernel.errors import Invalid
from openhearth.kernel.policy.actors import system
from openhearth.kernel.policy.engine import NotAllowed
from openhearth.operate.backup import queries as backups
from openhearth.operate.verify import queries as checks
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


class Bar:
    """A line on a terminal that shows how far the work is; silent elsewhere."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._last = ""

    def show(self, what: str, percent: int) -> None:
        """Draw the bar anew where it changed."""
        filled = min(percent, 100) * 30 // 100
        line = f"\r{what[:28]:<28} {'█' * filled}{'·' * (30 - filled)} {percent:3d} %"
        if self._shown and line != self._last:
            self._last = line
            sys.stderr.write(line)
            sys.stderr.flush()

    def steps(self, what: str) -> Callable[[int, int], None]:
        """Return a function of (done, all) that draws."""
        return lambda done, total: self.show(what, done * 100 // total if total else 100)

    def end(self) -> None:
        """Leave the line."""
        if self._last:
            sys.stderr.write("\n")


def import_repository(*, source: str, owner: str, name: str, visibility: str) -> None:
    """Make a repository from elsewhere and say what was taken and what was left."""
    bar = Bar()
    try:
        with refusals():
            made = importers.import_repository(
                actor=ACTOR,
                source=source,
                owner=account_named(owner),
                name=name,
                visibility=visibility,
                progress=bar.show,
            )
    finally:
        bar.end()
    for ref, code in sorted(made.skipped.items()):
        click.echo(_("Left out: %(ref)s (%(why)s)") % {"ref": ref, "why": code}, err=True)
    text = ngettext("%(name)s is imported with %(count)d ref.", "%(name)s is imported with %(count)d refs.", made.refs)
    click.echo(text % {"name": made.repository.full_name, "count": made.refs})


def take_backup(*, file: Path, with_keys: bool) -> None:
    """Write a backup and say what is in it."""
    bar = Bar()
    try:
        manifest = backups.write_archive(file, with_secrets=with_keys, progress=bar.steps(_("Packs")))
    except FileExistsError:
        click.echo(_("%(file)s exists already. Choose another name.") % {"file": file}, err=True)
        raise SystemExit(2) from None
    except OSError as error:
        text = _("The backup could not be written: %(why)s. Nothing was left behind.")
        click.echo(text % {"why": f"{error.strerror} ({error.filename})"}, err=True)
        raise SystemExit(1) from None
    finally:
        bar.end()
    text = _("%(file)s holds %(repositories)d repositories with %(refs)d refs.")
    click.echo(text % {"file": file, "repositories": manifest.repositories, "refs": manifest.refs})
    if not with_keys:
        click.echo(_("The instance's secret keys are not in it; a restored instance makes new ones."))


def verify() -> int:
    """Check everything; print what is broken with what to do; return the exit status."""
    bar = Bar()
    summary = checks.verify(bar.steps(_("Repositories")))
    bar.end()
    for finding in summary.findings:
        click.echo(f"{finding.code}: {finding.where}: {finding.detail}\n  {checks.advice(finding.code)}")
    text = _(
        "%(repositories)d repositories, %(refs)d refs, %(packs)d packs, %(bytes)d bytes looked at: %(faults)d faults."
    )
    facts = {"repositories": summary.repositories, "refs": summary.refs, "packs": summary.packs}
    click.echo(text % {**facts, "bytes": summary.bytes, "faults": len(summary.findings)})
    return 1 if summary.findings else 0
