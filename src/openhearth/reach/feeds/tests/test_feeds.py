from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from openhearth.code.repos import actions as repos
from openhearth.code.repos.models import Collaborator, Repository
from openhearth.kernel import participants
from openhearth.kernel.events.models import EventRow
from openhearth.kernel.jobs import worker
from openhearth.kernel.policy.actors import ANONYMOUS
from openhearth.people.accounts.models import Account
from openhearth.people.accounts.queries import actor_of
from openhearth.people.accounts.tests.people import make_account
from openhearth.reach.feeds import jobs, queries, render, rules
from openhearth.reach.feeds.models import Activity
from openhearth.reach.feeds.rules import Move
from openhearth.reach.feeds.tests.world import Place

pytestmark = pytest.mark.django_db(databases="__all__")

MAIN = "refs/heads/main"


def words(rows: Any) -> list[str]:
    with translation.override("en"):
        return [re.sub(r"<[^>]+>", "", line.text) for line in render.lines(rows)]


@pytest.fixture
def owner() -> Account:
    return make_account("banyan")


@pytest.fixture
def place(owner: Account) -> Place:
    return Place(owner)


def test_a_push_is_kept_with_it_and_counted_later(place: Place) -> None:
    first = place.commit({"a": b"1"})
    second = place.commit({"a": b"2"}, first)
    place.push((MAIN, "", second))
    row = Activity.objects.get()
    assert (row.kind, row.actor, row.repository) == ("push", place.owner, place.row)
    assert words([row]) == ["banyan created the branch main in banyan/riverbed"]
    worker.run_due()
    row.refresh_from_db()
    assert words([row]) == ["banyan pushed 2 commits to the new branch main in banyan/riverbed"]
    third = place.commit({"a": b"3"}, second)
    place.push((MAIN, second, third))
    worker.run_due()
    newest = Activity.objects.order_by("-pk")[:1]
    assert words(newest) == ["banyan pushed 1 commit to main in banyan/riverbed"]
    assert f'href="/banyan/riverbed/commit/{third}"' in render.lines(newest)[0].text


def test_rewriting_branching_and_deleting_have_their_words(place: Place) -> None:
    first = place.commit({"a": b"1"})
    second = place.commit({"a": b"2"}, first)
    other = place.commit({"a": b"3"}, first)
    place.push((MAIN, "", second))
    place.push(("refs/heads/topic", "", second))
    place.push(("refs/heads/topic", second, other))
    place.push(("refs/heads/topic", other, ""))
    place.push(("refs/tags/v1", "", first))
    place.push(("refs/tags/v1", first, second))
    worker.run_due()
    assert words(Activity.objects.order_by("pk")) == [
        "banyan pushed 2 commits to the new branch main in banyan/riverbed",
        "banyan created the branch topic in banyan/riverbed",
        "banyan rewrote topic in banyan/riverbed with 1 commit",
        "banyan deleted the branch topic in banyan/riverbed",
        "banyan added the tag v1 to banyan/riverbed",
        "banyan moved the tag v1 in banyan/riverbed",
    ]


def test_one_push_of_many_refs_is_one_line(place: Place) -> None:
    oid = place.commit({"a": b"1"})
    refs = [(f"refs/tags/v{number}", "", oid) for number in range(12)]
    place.push((MAIN, "", oid), *refs)
    row = Activity.objects.get()
    assert len(row.details["moves"]) == rules.KEPT_MOVES
    (line,) = render.lines([row])
    assert words([row]) == ["banyan pushed 13 branches and tags to banyan/riverbed"]
    assert "main" in line.more[0]
    assert (len(line.more), line.hidden_more) == (3, 10)


def test_only_what_was_moved_is_told(place: Place) -> None:
    oid = place.commit({"a": b"1"})
    place.push((MAIN, "", oid))
    outcome = place.push(("refs/heads/fine", "", oid), (MAIN, "", oid), ("refs/internal/x", "", oid))
    assert outcome.moved == ["refs/heads/fine"]
    newest = Activity.objects.order_by("-pk")[0]
    assert [move.ref for move in rules.read(newest.details["moves"])] == ["refs/heads/fine"]
    place.push(("refs/heads/two", "", oid), (MAIN, "", oid), atomic=True)
    assert Activity.objects.count() == 2


def test_a_push_without_its_activity_does_not_happen(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    oid = place.commit({"a": b"1"})

    def fail(_context: Any) -> None:
        raise RuntimeError("broken")

    name = "openhearth.reach.feeds.actions.record_push"
    monkeypatch.setitem(participants._participants["ref.updating"], name, fail)
    with pytest.raises(RuntimeError):
        place.push((MAIN, "", oid))
    place.row.refresh_from_db()
    assert place.row.refs_version == 0


def test_what_happens_to_repositories_is_told_once(owner: Account) -> None:
    actor = actor_of(owner)
    row = repos.create_repository(actor=actor, owner=owner, name="lantern", visibility="private")
    repos.describe_repository(actor=actor, repository=row, description="CANARY")
    repos.rename_repository(actor=actor, repository=row, name="lamp")
    repos.set_visibility(actor=actor, repository=row, visibility="public")
    repos.archive_repository(actor=actor, repository=row, archived=True)
    worker.run_due()
    for event in EventRow.objects.filter(target_type="repos.repository").exclude(name="refs.pushed"):
        jobs.record_event(event.pk)
    assert words(queries.cut(queries.mine(actor)).rows) == [
        "banyan archived banyan/lamp",
        "banyan made banyan/lamp public",
        "banyan renamed lantern to banyan/lamp",
        "banyan created the repository banyan/lamp",
    ]


def test_rights_are_asked_when_it_is_read(owner: Account) -> None:
    secret = Place(owner, "canary-plans", "private")
    guest = make_account("guest")
    Collaborator.objects.create(repository=secret.row, account=guest, role=30)
    secret.push((MAIN, "", secret.commit({"a": b"1"})), by=guest)
    assert queries.cut(queries.followed(actor_of(guest))).rows
    assert queries.cut(queries.mine(actor_of(guest))).rows
    Collaborator.objects.all().delete()
    for actor in (actor_of(guest), ANONYMOUS, actor_of(make_account("stranger"))):
        assert not queries.visible_activity(actor).exists()
        assert not queries.followed(actor).exists()
    assert not queries.public_of(guest).exists()
    assert queries.cut(queries.followed(actor_of(owner))).rows
    Repository.objects.update(deleted_at=secret.row.created_at)
    assert not queries.cut(queries.followed(actor_of(owner))).rows


def test_one_follows_public_places_one_took_part_in(owner: Account, place: Place) -> None:
    guest, stranger = make_account("guest"), make_account("stranger")
    oid = place.commit({"a": b"1"})
    place.push((MAIN, "", oid))
    assert not queries.followed(actor_of(guest)).exists()
    Collaborator.objects.create(repository=place.row, account=guest, role=30)
    place.push(("refs/heads/topic", "", oid), by=guest)
    Collaborator.objects.all().delete()
    assert queries.followed(actor_of(guest)).count() == 2
    assert not queries.followed(actor_of(stranger)).exists()


def test_pages_of_activity_go_on_without_gap_or_repetition(place: Place) -> None:
    oid = place.commit({"a": b"1"})
    with transaction.atomic():
        for number in range(7):
            place.push((f"refs/heads/b{number}", "", oid))
    Activity.objects.update(at=place.row.created_at)  # all at one moment: the number decides
    rows, seen, before = queries.followed(actor_of(place.owner)), [], None
    while True:
        part = queries.cut(rows, before=before, most=3)
        seen += [row.pk for row in part.rows]
        before = part.older
        if before is None:
            break
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 7


def test_lines_ask_the_database_once(place: Place, django_assert_num_queries: Any) -> None:
    oid = place.commit({"a": b"1"})
    for number in range(9):
        place.push((f"refs/heads/b{number}", "", oid))
    with django_assert_num_queries(1):
        assert len(render.lines(queries.cut(queries.followed(actor_of(place.owner))).rows)) == 9


def test_the_participant_is_one_statement(place: Place) -> None:
    from django.db import connection

    from openhearth.code.refs.actions import PushContext
    from openhearth.reach.feeds import actions

    moves = tuple(Move(f"refs/heads/b{number}", "0" * 40, "a" * 40) for number in range(5000))
    context = PushContext(actor_of(place.owner), place.row, moves, Path(), None, 0, ())  # type: ignore[arg-type]
    with transaction.atomic(), CaptureQueriesContext(connection) as asked:
        actions.record_push(context)
    assert len(asked) == 1


def test_names_of_refs_are_escaped_and_marked(place: Place) -> None:
    details = rules.stored([Move("refs/heads/<b>x\u202e", "0" * 40, "a" * 40)])
    row = Activity(kind="push", repository=place.row, actor=place.owner, details=details, source="x")
    text = render.lines([row])[0].text
    assert "<b>x" not in text
    assert "&lt;b&gt;x" in text
    assert "\u202e" not in re.sub(r"<[^>]+>", "", text)


def test_sentences_exist_in_the_catalogue_form(place: Place) -> None:
    """Each kind of activity has a sentence, so that no row breaks a page."""
    for kind in Activity.Kind:
        details = rules.stored([Move(MAIN, "0" * 40, "a" * 40)]) if kind == "push" else {"old": "x", "new": "y"}
        row = Activity(kind=kind, repository=place.row, actor=None, details=details, source=str(kind))
        assert words([row])[0].startswith("The instance ")


def test_a_suspended_actor_is_named_without_a_link(place: Place) -> None:
    place.push((MAIN, "", place.commit({"a": b"1"})))
    place.owner.state = "suspended"
    place.owner.save()
    assert 'href="/banyan"' not in render.lines(Activity.objects.select_related("actor"))[0].text
