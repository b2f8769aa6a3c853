"""What must be true of the machine and of the program before an instance starts."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from gettext import gettext as _
from typing import Any

from django.apps import AppConfig, apps
from django.core import checks

from openhearth.git import command
from openhearth.git.errors import GitError
from openhearth.site.data_directory import StartRefused

logger = logging.getLogger("openhearth.start")

GIT_AT_LEAST = (2, 39)

LAYERS = (
    *("git", "kernel", "api", "web", "people", "code", "collab", "delivery", "observatory"),
    *("foundation", "federation", "reach", "operate", "transport", "site"),
)


def require_git() -> str:
    """Return git's version. Raises `StartRefused` where git is missing or too old."""
    try:
        said = command.run(None, "version").decode("ascii", "replace")
    except (OSError, GitError) as error:
        raise StartRefused(
            _("OpenHearth needs git %(version)s or newer, and git cannot be run.") % _wanted()
        ) from error
    found = re.search(r"(\d+)\.(\d+)(?:\.\d+)*", said)
    if found is None or (int(found[1]), int(found[2])) < GIT_AT_LEAST:
        raise StartRefused(
            _("OpenHearth needs git %(version)s or newer; this is %(found)s.")
            % {**_wanted(), "found": said.strip().removeprefix("git version ")}
        )
    return found[0]


def _wanted() -> dict[str, str]:
    return {"version": ".".join(map(str, GIT_AT_LEAST))}


def require_sound() -> None:
    """Run all of Django's and our own checks. Raises `StartRefused` with every error; warnings are logged."""
    found = [message for message in checks.run_checks(databases=["default"]) if not message.is_silenced()]
    for message in found:
        if not message.is_serious():
            logger.warning("%s", message)
    errors = [str(message) for message in found if message.is_serious()]
    if errors:
        raise StartRefused("\n".join([_("The program is not sound:"), *errors]))


@checks.register
def relations_point_down(app_configs: Any = None, **_kwargs: Any) -> list[checks.CheckMessage]:  # noqa: ARG001
    """Fail where a model points to one of a higher area: import-linter sees imports, not names in strings."""
    return [
        checks.Error(f"{above} points up to {below}", id="site.E001")
        for above, below in _upward(list(apps.get_app_configs()))
    ]


def _upward(configs: Sequence[AppConfig]) -> Iterator[tuple[str, str]]:
    for config in configs:
        if not config.name.startswith("openhearth."):
            continue
        for model in config.get_models():
            for field in model._meta.get_fields():  # noqa: SLF001
                other = field.related_model if field.is_relation and not field.auto_created else None
                if isinstance(other, type) and _layer(other) > _layer(model):
                    yield f"{model._meta.label}.{field.name}", other._meta.label  # noqa: SLF001


def _layer(model: type) -> int:
    words = model.__module__.split(".")
    return LAYERS.index(words[1]) if words[0] == "openhearth" and words[1] in LAYERS else -1
