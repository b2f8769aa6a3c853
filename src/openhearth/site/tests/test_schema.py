"""Bringing the database up, with the tables of this very test run."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from django.apps import apps

from openhearth.kernel import config
from openhearth.kernel.jobs.models import Job
from openhearth.people.accounts.models import Account
from openhearth.site import schema
from openhearth.site.checks import _layer, _upward, require_git


def test_migrations_of_other_code_are_told_apart() -> None:
    first, second, future = ("accounts", "0001"), ("accounts", "0002"), ("accounts", "9999")
    found = schema.compare({first, future}, {first, second}, {first, second})
    assert found == schema.State(missing=(second,), unknown=(future,), is_new=False)
    assert schema.compare(set(), {first}, {first}).is_new


def test_a_snapshot_is_a_whole_database_and_few_are_kept(data: Path) -> None:
    settings = config.load(data, {})
    assert schema.snapshot(settings) is None, "there is nothing yet"
    with closing(sqlite3.connect(settings.paths.database)) as database:
        database.execute("CREATE TABLE things (name TEXT)")
        database.execute("INSERT INTO things VALUES ('kept')")
        database.commit()
    folder = data / "snapshots"
    folder.mkdir()
    for year in (2001, 2002, 2003):
        (folder / f"before-update-{year}0101T000000.sqlite3").touch()
    made = schema.snapshot(settings)
    assert made is not None
    with closing(sqlite3.connect(made)) as copy:
        assert copy.execute("SELECT name FROM things").fetchall() == [("kept",)]
    kept = sorted(path.name for path in folder.iterdir())
    assert len(kept) == schema.SNAPSHOTS_KEPT
    assert made.name in kept
    assert not [name for name in kept if "2001" in name]


def test_git_is_there_and_new_enough() -> None:
    assert require_git()[0] in "23456789"


def test_relations_point_down() -> None:
    assert _layer(Account) > _layer(Job)
    assert list(_upward(list(apps.get_app_configs()))) == []
