"""The command line. `--help` and `--version` import no Django: commands import what they need."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from gettext import bindtextdomain, textdomain
from gettext import gettext as _
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from openhearth import __version__

if TYPE_CHECKING:
    from types import ModuleType

    from openhearth.kernel.config import Config

ROOT = Path(__file__).resolve().parents[3]
LOCALE = Path(__file__).resolve().parent.parent / "locale"
DEFAULT_DATA = "data"
PASS_ON = {"ignore_unknown_options": True, "help_option_names": []}
VISIBILITY = click.Choice(["public", "internal", "private"])
PORT = click.IntRange(0, 65535)

Command = TypeVar("Command", bound=Callable[..., Any])


def language(environ: dict[str, str] | os._Environ[str] = os.environ) -> str:
    """Return the language of the terminal as Django names it: `zh-hans` or `en`."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if environ.get(name):
            return "zh-hans" if environ[name].lower().startswith("zh") else "en"
    return "en"


def bind_language() -> None:
    """Let `gettext` (ours and click's) answer in the terminal's language, from our own catalogue."""
    if language() != "zh-hans":
        return
    source = LOCALE / "zh_Hans" / "LC_MESSAGES" / "django.po"
    compiled = source.with_suffix(".mo")
    if source.exists() and (not compiled.exists() or compiled.stat().st_mtime_ns < source.stat().st_mtime_ns):
        from openhearth.site import catalogues

        catalogues.compile_stale(Path(os.environ.get("TMPDIR", "/tmp")) / "openhearth-locale")  # noqa: S108
    os.environ["LANGUAGE"] = "zh_Hans"
    bindtextdomain("django", str(LOCALE))
    textdomain("django")


bind_language()


def _keep_data(context: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    """`--data` may stand before or after a command's name; the last one given counts."""
    if value is not None:
        context.find_root().ensure_object(dict)["data"] = value


data_option = click.option(
    "--data",
    metavar="DIR",
    callback=_keep_data,
    expose_value=False,
    help=_("Data directory of the instance (default: ./data)."),
)


def fail(*lines: str, code: int = 1) -> NoReturn:
    """Say on standard error why the command ends, and end it."""
    for line in lines:
        click.echo(line, err=True)
    raise SystemExit(code)


def _data(context: click.Context) -> Path:
    given = context.find_root().ensure_object(dict).get("data")
    return Path(given or os.environ.get("OPENHEARTH_DATA") or DEFAULT_DATA).absolute()


def _config(context: click.Context, **options: object) -> Config:
    """Open the data directory, read the configuration with options over it, make it this process's."""
    from openhearth.kernel import config
    from openhearth.site.data_directory import StartRefused, open_data

    given = {key.replace("__", "."): value for key, value in options.items() if value is not None}
    os.environ["OPENHEARTH_DATA"] = str(_data(context))
    try:
        open_data(_data(context))
        found = config.load(_data(context), os.environ, given)
    except StartRefused as refused:
        fail(str(refused))
    except config.ConfigError as error:
        fail(_("The configuration has faults:"), *error.faults)
    config.install(found)
    return found


def _commands(context: click.Context, module: str = "commands") -> ModuleType:
    """Open the instance's database and return the module with the work of the commands."""
    config = _config(context)
    from openhearth.site import opening
    from openhearth.site.data_directory import StartRefused

    try:
        return opening.commands(config, language(), module)
    except StartRefused as refused:
        fail(str(refused))


class Group(click.Group):
    """Shows commands in the order in which people need them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names in the order of definition."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; where the database fails it, say so in words."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            if "django.db" not in sys.modules:
                raise
            from django.db import InterfaceError, OperationalError

            from openhearth.kernel import config
            from openhearth.site import database

            if not isinstance(error, (OperationalError, InterfaceError)):
                raise
            fail(database.trouble(config.current(), error))


@click.group(
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help=_(
        "OpenHearth: a place for code, its people and its community.\n\n"
        "To begin: run `./hearth serve`, open the address that it shows, and make the first account with "
        "the link beside it. Everything is kept in the data directory; all other commands work while the "
        "server runs."
    ),
)
@click.version_option(__version__, "--version", message="OpenHearth %(version)s")
@data_option
def main() -> None:
    """Run one command."""


@main.command(help=_("Start everything: web, SSH and background work. Ctrl-C stops it."))
@click.option("--host", metavar="HOST", help=_("Address to listen on (default 127.0.0.1)."))
@click.option("--port", type=PORT, metavar="PORT", help=_("Port for browsers and git over HTTP (default 8000)."))
@click.option("--ssh-port", type=PORT, metavar="PORT", help=_("Port for git over SSH (default 8022)."))
@data_option
@click.pass_context
def serve(context: click.Context, host: str | None, port: int | None, ssh_port: int | None) -> None:
    """Start everything."""
    config = _config(context, host=host, port=port, ssh__port=ssh_port)
    from openhearth.site import start
    from openhearth.site.data_directory import StartRefused

    try:
        code = start.serve(config)
    except StartRefused as refused:
        fail(str(refused))
    except KeyboardInterrupt:
        fail(_("Stopped before it had started."), code=130)
    raise SystemExit(code)


@main.command(
    help=_("Run the test suite. What follows goes to pytest: paths from the checkout's top, -k, -x, -n 2."),
    context_settings={**PASS_ON, "allow_interspersed_args": False},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(arguments: tuple[str, ...]) -> None:
    """Run pytest in the checkout."""
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *arguments])  # noqa: S606


@main.group(cls=Group, help=_("Accounts: add, list, new password, disable."))
def user() -> None:
    """Accounts."""


@user.command("add", help=_("Make an account. Without --password it is asked for."))
@click.argument("name")
@click.option("--email", required=True, help=_("Mail address."))
@click.option("--password", help=_("Password; visible to others in the list of processes."))
@click.option("--admin", is_flag=True, help=_("Make it an administrator."))
@data_option
@click.pass_context
def user_add(context: click.Context, name: str, email: str, password: str | None, admin: bool) -> None:
    """Make an account."""
    if password is None:
        password = _ask_password()
    _commands(context).add_user(name=name, email=email, password=password, is_admin=admin)


@user.command("list", help=_("List all accounts."))
@data_option
@click.pass_context
def user_list(context: click.Context) -> None:
    """List accounts."""
    _commands(context).list_users()


@user.command("password", help=_("Give an account a new password and end its sessions."))
@click.argument("name")
@click.option("--password", help=_("Password; visible to others in the list of processes."))
@data_option
@click.pass_context
def user_password(context: click.Context, name: str, password: str | None) -> None:
    """Change a password."""
    if password is None:
        password = _ask_password()
    _commands(context).set_user_password(name=name, password=password)


@user.command("disable", help=_("Suspend an account until an administrator lets it in again."))
@click.argument("name")
@data_option
@click.pass_context
def user_disable(context: click.Context, name: str) -> None:
    """Suspend an account."""
    _commands(context).disable_user(name=name)


def _ask_password() -> str:
    """Ask twice on a terminal; else read one line of standard input."""
    if sys.stdin.isatty():
        asked: str = click.prompt(_("Password"), hide_input=True, confirmation_prompt=_("Once more"))
        return asked
    line = sys.stdin.readline().rstrip("\n")
    if not line:
        raise click.UsageError(_("Give --password, or send the password as one line on standard input."))
    return line


@main.group(cls=Group, help=_("Access tokens: passwords for programs."))
def token() -> None:
    """Access tokens."""


@token.command("add", help=_("Make a token for the account NAME and print only the token."))
@click.argument("name")
@click.option("--scopes", metavar="LIST", help=_("What it may do, such as repo,admin:org (default: everything)."))
@data_option
@click.pass_context
def token_add(context: click.Context, name: str, scopes: str | None) -> None:
    """Make a token."""
    _commands(context).add_token(name=name, scopes=scopes)


@main.group(cls=Group, help=_("SSH keys."))
def key() -> None:
    """SSH keys."""


@key.command("add", help=_("Let the SSH key in FILE (public, such as ~/.ssh/id_ed25519.pub) act as NAME."))
@click.argument("name")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--title", default="", help=_("What the key is called (default: its own comment)."))
@data_option
@click.pass_context
def key_add(context: click.Context, name: str, file: Path, title: str) -> None:
    """Add a key."""
    _commands(context).add_key(name=name, file=file, title=title)


@main.group(cls=Group, help=_("Repositories."))
def repo() -> None:
    """Repositories."""


@repo.command("add", help=_("Make an empty repository."))
@click.argument("address", metavar="OWNER/NAME")
@click.option("--visibility", type=VISIBILITY, default="public", show_default=True, help=_("Who may see it."))
@click.option("--description", default="", help=_("One line on what it is for."))
@data_option
@click.pass_context
def repo_add(context: click.Context, address: str, visibility: str, description: str) -> None:
    """Make a repository."""
    owner, name = _owner_and_name(address)
    _commands(context).add_repository(owner=owner, name=name, visibility=visibility, description=description)


def _owner_and_name(address: str) -> tuple[str, str]:
    owner, slash, name = address.partition("/")
    if not (owner and slash and name) or "/" in name:
        raise click.BadParameter(_("give it as OWNER/NAME, for example lin/hello-world."), param_hint="OWNER/NAME")
    return owner, name


@main.command("import", help=_("Make the repository OWNER/NAME from a git address, a bundle or a folder."))
@click.argument("source", metavar="PATH_OR_URL")
@click.argument("address", metavar="OWNER/NAME")
@click.option("--visibility", type=VISIBILITY, default="public", show_default=True, help=_("Who may see it."))
@data_option
@click.pass_context
def import_repository(context: click.Context, source: str, address: str, visibility: str) -> None:
    """Import a repository."""
    owner, name = _owner_and_name(address)
    _commands(context, "transfers").import_repository(source=source, owner=owner, name=name, visibility=visibility)


@main.command(help=_("Write everything to FILE while the server runs. Keys stay out unless asked for."))
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--with-keys",
    is_flag=True,
    help=_("Put the secret keys in too: who has the file can then pretend to be this instance."),
)
@data_option
@click.pass_context
def backup(context: click.Context, file: Path, with_keys: bool) -> None:
    """Take a backup."""
    _commands(context, "transfers").take_backup(file=file.absolute(), with_keys=with_keys)


@main.command(help=_("Bring back a backup into an empty data directory, and verify it."))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_option
@click.pass_context
def restore(context: click.Context, file: Path) -> None:
    """Restore a backup."""
    from openhearth.site import restoring
    from openhearth.site.data_directory import StartRefused

    try:
        with restoring.emptied(_data(context), file):
            restoring.restore(_config(context), file, language())
    except StartRefused as refused:
        fail(str(refused))


@main.command(help=_("Check every promise of the data; ends with 1 when one is broken, and names what to do."))
@data_option
@click.pass_context
def verify(context: click.Context) -> None:
    """Verify the data."""
    raise SystemExit(_commands(context, "transfers").verify())


@main.command(hidden=True, context_settings=PASS_ON)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@data_option
@click.pass_context
def manage(context: click.Context, arguments: Sequence[str]) -> None:
    """Run a command of Django's."""
    _config(context)
    from openhearth.site import opening

    opening.manage(list(arguments))


@main.command(hidden=True, help=_("Make the pages of docs/reference anew (--check: only compare)."))
@click.option("--check", is_flag=True)
@data_option
@click.pass_context
def reference(context: click.Context, check: bool) -> None:
    """Generate reference pages."""
    _config(context)
    sys.path.insert(0, str(ROOT))
    from tools import reference as pages

    raise SystemExit(pages.main(check=check))


if __name__ == "__main__":
    main(prog_name="hearth")
