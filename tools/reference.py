"""Makes the pages of docs/reference from the program itself: settings, permissions, events, jobs, commands, routes.

`./hearth reference` writes them, `./hearth reference --check` fails where one is not current.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import click
import django

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "reference"
NOTE = "<!-- Made by `./hearth reference`; changes by hand are lost. -->"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a Markdown table."""
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    return lines + [f"| {' | '.join(_cell(part) for part in row)} |" for row in rows]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def code(text: str) -> str:
    """Return the text as code, nothing for nothing."""
    return f"`{text}`" if text else ""


def settings() -> list[str]:
    """Every key of the configuration."""
    describe = importlib.import_module("openhearth.kernel.config").describe
    rows = [(code(row.key), row.type, code(row.default), row.meaning, code(row.variable)) for row in describe()]
    return [
        "# Settings",
        "",
        "Keys of `hearth.toml` in the data directory. Each can be set by an environment variable too, which wins.",
        "",
        *table(("Key", "Type", "Default", "Meaning", "Variable"), rows),
    ]


def permissions() -> list[str]:
    """Who may do what."""
    policy = importlib.import_module("openhearth.kernel.policy.rows")
    lines = ["# Permissions", "", "Who may do what, for every action. Doors hold no rules of their own."]
    for name, kind in sorted(policy.TABLE.kinds.items()):
        rows = [row for action, row in sorted(policy.TABLE.rows.items()) if action.split(".")[0] == name]
        lines += ["", f"## {name}", ""]
        lines += table(("Action", "Open to", "What it does", "Token scope", "When"), map(_right, rows))
        lines += ["", *(f"- {code(word)}: {relation.notes}" for word, relation in sorted(kind.relations.items()))]
    common = sorted(policy.COMMON.items())
    return [*lines, "", "## everywhere", "", *(f"- {code(word)}: {relation.notes}" for word, relation in common)]


def _right(row: Any) -> tuple[str, ...]:
    scope = code(row.scope)
    if row.public_scope is not None and row.public_scope != row.scope:
        scope += f" (public: {code(row.public_scope) or 'none'})"
    return code(row.action), ", ".join(row.relations), row.notes, scope, code(row.when)


def events() -> list[str]:
    """Every kind of fact."""
    describe = importlib.import_module("openhearth.kernel.events.facts").describe
    jobs_for = importlib.import_module("openhearth.kernel.events.subscriptions").jobs_for
    rows = [
        (
            code(kind.name),
            kind.meaning.split("\n\n")[0],
            ", ".join(f"{code(name)} {type_}" for name, type_ in kind.fields),
            ", ".join(code(job) for job in jobs_for(kind.name)),
        )
        for kind in describe()
    ]
    return [
        "# Events",
        "",
        "Facts that actions record, in the transaction of the change. They are never changed or deleted.",
        "",
        *table(("Event", "What happened", "Fields", "Jobs it starts"), rows),
    ]


def jobs() -> list[str]:
    """Every job of the queue."""
    registry = importlib.import_module("openhearth.kernel.jobs.registry")
    periodic = registry.periodic()
    rows = []
    for name in sorted(registry.names()):
        every = f"every {periodic[name]} s" if name in periodic else ""
        rows.append((code(name), registry.find(name).meaning, every))
    return ["# Jobs", "", "Work in the background.", "", *table(("Job", "What it does", "When"), rows)]


def routes() -> list[str]:
    """Every address with the right that it asks for."""
    declared_routes = importlib.import_module("openhearth.web.routes").declared_routes
    native = importlib.import_module("openhearth.site.web_process").native_routes()
    rows = []
    for pattern, route in declared_routes():
        declared = getattr(route.callback, "declared", None)
        permission = code(declared.permission) if declared else ""
        methods = " ".join(declared.methods) if declared else ""
        rows.append((code("/" + pattern.removeprefix("^")), methods, permission))
    rows += [(code(route.pattern), " ".join(sorted(route.methods)), code(route.permission)) for route in native]
    lines = ["# Addresses", "", "In the order in which they are tried; the native ones, at the end, come first."]
    return [*lines, "", *table(("Address", "Methods", "Permission"), rows)]


def commands() -> list[str]:
    """Every command with its options."""
    cli = importlib.import_module("openhearth.site.cli")
    lines = ["# Commands", "", "Each takes `--data DIR`, before or after its name."]
    for path, command in _walk(cli.main, ("./hearth",)):
        context = click.Context(command, info_name=" ".join(path))
        lines += ["", f"## {' '.join(path)}", "", command.help or "", ""]
        rows = []
        for parameter in command.get_params(context):
            record = parameter.get_help_record(context)
            if record and parameter.param_type_name == "option" and parameter.name not in {"help", "data"}:
                rows.append((code(record[0]), record[1]))
        usage = f"{' '.join(path)} {' '.join(command.collect_usage_pieces(context))}"
        lines += [f"    {usage}", *([""] if rows else []), *(table(("Option", "Meaning"), rows) if rows else [])]
    return lines


def _walk(command: click.Command, path: tuple[str, ...]) -> Iterable[tuple[tuple[str, ...], click.Command]]:
    if not isinstance(command, click.Group):
        yield path, command
        return
    for name, below in command.commands.items():
        if not below.hidden:
            yield from _walk(below, (*path, name))


PAGES: dict[str, Callable[[], list[str]]] = {
    "settings.md": settings,
    "permissions.md": permissions,
    "events.md": events,
    "jobs.md": jobs,
    "addresses.md": routes,
    "commands.md": commands,
}


def pages() -> dict[str, str]:
    """Return the text of every page by its file name."""
    os.environ["LANGUAGE"] = "en"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openhearth.site.settings")
    django.setup()
    return {name: "\n".join([NOTE, "", *make()]).rstrip() + "\n" for name, make in PAGES.items()}


def main(*, check: bool = False) -> int:
    """Write the pages that changed; with `check`, only name them. Returns the exit code."""
    stale = []
    for name, text in pages().items():
        path = FOLDER / name
        if path.exists() and path.read_text("utf-8") == text:
            continue
        stale.append(name)
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    for name in stale:
        print(f"docs/reference/{name}: {'not current; run ./hearth reference' if check else 'written'}")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
