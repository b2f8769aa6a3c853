"""The typed configuration of an instance: what can be set, how it is read, where its files lie.

Knows no Django; `site.settings` turns it into Django's settings.
"""

from __future__ import annotations

from openhearth.kernel.config.backends import caches, databases
from openhearth.kernel.config.keys import Config
from openhearth.kernel.config.loading import ConfigError, current, install, load, variable, with_address
from openhearth.kernel.config.paths import Paths, prepare
from openhearth.kernel.config.reference import KeyRow, describe
from openhearth.kernel.config.secrets import sealing_key, secret_key

__all__ = [
    "Config",
    "ConfigError",
    "KeyRow",
    "Paths",
    "caches",
    "current",
    "databases",
    "describe",
    "install",
    "load",
    "prepare",
    "sealing_key",
    "secret_key",
    "variable",
    "with_address",
]
