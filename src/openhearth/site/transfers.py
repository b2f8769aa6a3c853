"""The work of the commands that carry data: import, backup, verify. Apart, for what they import takes its time."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from openhearth.federation.importers import actions as importers
from openhearth.operate.backup import queries as backups
from openhearth.operate.verify import queries as checks
from openhearth.site.commands import ACTOR, account_named, refusals


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
