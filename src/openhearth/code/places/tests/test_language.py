from __future__ import annotations

from pathlib import Path

import pytest

from openhearth.code.browse.tests.hearth import Place
from openhearth.code.places import actions
from openhearth.code.places.models import MainLanguage
from openhearth.kernel import config, store
from openhearth.kernel.policy.actors import system
from openhearth.people.accounts.tests.people import make_account

pytestmark = pytest.mark.django_db(databases="__all__")


def test_the_main_language_follows_the_default_branch(data: Path) -> None:
    config.prepare(data)
    store.ensure()
    place = Place(make_account("banyan"), "measured")
    actor = system("tests")
    assert actions.note_language(actor=actor, repository=place.row) == ""
    first = place.commit({"a.py": b"print(1)\n" * 9, "b.rs": b"fn main() {}\n"})
    place.branch("main", first)
    assert actions.note_language(actor=actor, repository=place.row) == "Python"
    place.branch("main", place.commit({"b.rs": b"fn main() {}\n"}, first))
    assert actions.note_language(actor=actor, repository=place.row) == "Rust"
    assert MainLanguage.objects.get().name == "Rust"
    place.branch("main", place.commit({"README.md": b"words\n"}, first))
    assert actions.note_language(actor=actor, repository=place.row) == ""
    assert not MainLanguage.objects.exists()
