"""Starts real child processes that use the kernel on a data directory of their own."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tomllib
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

SOURCES = Path(__file__).parents[3]
PRELUDE = "import django; django.setup()\n"


def start(data: Path, code: str, *arguments: str) -> subprocess.Popen[str]:
    """Start Python with `code` after Django's set-up; what it prints can be read from `stdout`."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("OPENHEARTH_")}
    environ |= {
        "OPENHEARTH_DATA": str(data),
        "DJANGO_SETTINGS_MODULE": "openhearth.kernel.tests.settings",
        "PYTHONPATH": str(SOURCES),
        "PYTHONWARNINGS": "error",
    }
    return subprocess.Popen(
        [sys.executable, "-c", PRELUDE + code, *arguments],
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def run(data: Path, code: str, *arguments: str) -> str:
    """Run `code` to its end and return what it printed."""
    with start(data, code, *arguments) as child:
        out, _ = child.communicate(timeout=60)
    assert child.returncode == 0, out
    return out.strip()


def migrate(data: Path) -> None:
    """Make the tables."""
    run(
        data,
        "from django.core.management import call_command\n"
        "from openhearth.kernel import store\n"
        "call_command('migrate', verbosity=0)\n"
        "call_command('createcachetable', database='cache', verbosity=0)\n"
        "store.ensure()\n",
    )


def query(data: Path, sql: str) -> list[tuple[Any, ...]]:
    """Run one statement on the children's database, from outside, and return its rows."""
    file = data / "hearth.toml"
    if not file.exists():
        with closing(sqlite3.connect(data / "hearth.sqlite3", timeout=20)) as database, database:
            return database.execute(sql).fetchall()
    url = tomllib.loads(file.read_text("utf-8"))["database"]["url"]
    with psycopg.connect(url) as database:
        cursor = database.execute(sql)
        return cursor.fetchall() if cursor.description else []
