from __future__ import annotations

import pytest
from django.db import transaction

from openhearth.code.browse import jobs
from openhearth.code.browse.queries import stored
from openhearth.code.refs.events import RefsPushed
from openhearth.git import lastcommit
from openhearth.kernel.events.emit import emit
from openhearth.kernel.events.models import EventRow
from openhearth.kernel.events.subscriptions import jobs_for
from openhearth.kernel.policy.actors import system

pytestmark = pytest.mark.django_db(databases=["default", "cache"])


def pushed(place, oid: str) -> int:
    with transaction.atomic():
        emit(
            RefsPushed(place.row.pk, place.row.refs_version, (("refs/heads/main", "0" * 40, oid),)),
            actor=system("test"),
            target=place.row,
        )
    return EventRow.objects.latest("pk").pk


def test_a_push_makes_the_answers_that_pages_need(place):
    oid = place.commit({"a/b/c/deep.txt": b"1", "top.py": b"print()\n"})
    assert "code.browse.warm" in jobs_for(RefsPushed.name)
    jobs.warm_pages(pushed(place, oid))
    answers = stored.Answers(place.row)
    assert [answers.get(folder, oid) for folder in ("", "a", "a/b")] == [
        {"a": oid, "top.py": oid},
        {"b": oid},
        {"c": oid},
    ]
    assert answers.get("a/b/c", oid) is None


def test_the_next_push_goes_on_from_there(place):
    first = place.commit({"a": b"1", "b": b"1"})
    jobs.warm_pages(pushed(place, first))
    second = place.commit({"a": b"1", "b": b"2"}, first)
    jobs.warm_pages(pushed(place, second))
    answers = stored.Answers(place.row)
    assert list(answers.commits("")) == [second, first]
    assert (
        answers.get("", second)
        == lastcommit.last_commits(place.sample.directory, second, "")
        == {"a": first, "b": second}
    )


def test_a_deleted_repository_is_left_alone(place):
    oid = place.commit({"a": b"1"})
    event = pushed(place, oid)
    place.row.deleted_at = place.row.pushed_at
    place.row.save()
    jobs.warm_pages(event)
    assert stored.Answers(place.row).get("", oid) is None


def test_stored_answers_keep_any_name():
    answers = {"caf\udce9": "1" * 40, "a b": "2" * 40, "中": "3" * 40}
    assert stored.unpack(stored.pack(answers)) == answers
    assert stored.unpack(stored.pack({})) == {}
