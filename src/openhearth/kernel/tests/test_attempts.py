from __future__ import annotations

import pytest
from django.core.cache import cache

from openhearth.kernel import lastuse
from openhearth.kernel.attempts import Limit, TooMany, attempt

pytestmark = pytest.mark.django_db(databases="__all__")


def test_so_many_are_let_through_and_forgiven_ones_do_not_count() -> None:
    limit = Limit("test", "somebody", 3, 60)
    for _ in range(5):
        attempt(limit).forgive()
    for _ in range(3):
        attempt(limit)
    with pytest.raises(TooMany) as refused:
        attempt(limit)
    assert 1 <= refused.value.retry_after <= 61
    attempt(Limit("test", "somebody else", 3, 60))
    attempt(Limit("other", "somebody", 3, 60))


def test_a_refused_attempt_counts_against_none_of_its_limits() -> None:
    wide, narrow = Limit("wide", "x", 2, 60), Limit("narrow", "x", 1, 60)
    attempt(narrow)
    for _ in range(5):
        with pytest.raises(TooMany):
            attempt(wide, narrow)
    attempt(wide)
    attempt(wide)
    with pytest.raises(TooMany):
        attempt(wide)


def test_attempts_are_forgotten_after_their_time() -> None:
    limit = Limit("test", "somebody", 1, 60)
    attempt(limit)
    with pytest.raises(TooMany):
        attempt(limit)
    cache.touch(limit.slots()[0], timeout=-1)
    attempt(limit)


@pytest.mark.parametrize("key", ["", "\x00", "é" * 1000, "\ud800"])
def test_keys_of_every_kind_are_borne(key: str) -> None:
    attempt(Limit("test", key, 1, 60))


def test_uses_are_noted_once_a_minute_and_gathered() -> None:
    lastuse.forget_noted()
    lastuse.note("thing", 7)
    lastuse.note("thing", "8")
    lastuse.note("other", 7)
    assert set(lastuse.pending("thing", ["7", "9"])) == {"7"}
    assert [use.item for use in lastuse.gather("thing")] == ["7", "8"]
    assert lastuse.gather("thing") == []
    lastuse.note("thing", 7)
    assert lastuse.gather("thing") == []
    lastuse.forget_noted()
    lastuse.note("thing", 7)
    assert [use.item for use in lastuse.gather("thing")] == ["7"]
    assert lastuse.pending("thing", []) == {}
