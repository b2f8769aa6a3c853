"""Opens an instance for a command: Django, and a database that fits this code."""

from __future__ import annotations

import importlib
import os
from types import ModuleType

import django
from django.core.management import execute_from_command_line
from django.utils import translation

from openhearth.kernel import log
from openhearth.kernel.config import Config
from openhearth.site import database, schema


def commands(config: Config, language: str, module: str = "commands") -> ModuleType:
    """Return `site.commands` or another module beside it, ready to work on this instance.

    Raises `StartRefused`.
    """
    with database.explained(config):
        set_up(config)
        translation.activate(language)
        schema.require_current(config)
    return importlib.import_module(f"openhearth.site.{module}")


def manage(arguments: list[str]) -> None:
    """Run one of Django's own commands."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openhearth.site.settings")
    execute_from_command_line(["hearth manage", *arguments])


def set_up(config: Config) -> None:
    """Prepare Django and the log for this configuration; opens no database."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openhearth.site.settings")
    log.setup(config.log.level, config.log.format)
    django.setup()
