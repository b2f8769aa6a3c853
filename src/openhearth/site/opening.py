"""Opens an instance for a command: data directory, Django, a database that fits this code."""

from __future__ import annotations

import importlib
import os
from types import ModuleType

import django
from django.core.management import execute_from_command_line
from django.utils import translation

from openhearth.kernel import log
from openhearth.kernel.config import Config
from openhearth.site import schema
from openhearth.site.data_directory import open_data


def commands(config: Config, language: str) -> ModuleType:
    """Return `site.commands`, ready to work on this instance. Raises `StartRefused`."""
    open_data(config.data)
    _setup(config)
    translation.activate(language)
    schema.require_current(config)
    return importlib.import_module("openhearth.site.commands")


def manage(arguments: list[str]) -> None:
    """Run one of Django's own commands."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openhearth.site.settings")
    execute_from_command_line(["hearth manage", *arguments])


def _setup(config: Config) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openhearth.site.settings")
    log.setup(config.log.level, config.log.format)
    django.setup()
