from __future__ import annotations

import pytest

from openhearth.code.refs import rules
from openhearth.code.refs.rules import ZERO, Move, Refusal

A, B = "a" * 40, "b" * 40


@pytest.mark.parametrize(
    ("old", "new", "current", "code"),
    [
        (ZERO, A, None, None),
        (ZERO, A, B, "exists"),
        (A, B, A, None),
        (A, B, B, "stale"),
        (A, B, None, "gone"),
        (A, ZERO, A, None),
        (A, ZERO, B, "stale"),
        (A, ZERO, None, "no-such-ref"),
    ],
)
def test_a_move_holds_only_for_what_the_pusher_saw(old, new, current, code):
    refusal = rules.stale(Move("refs/heads/x", old, new), current)
    assert (refusal.code if refusal else None) == code


def test_one_ref_cannot_be_a_folder_of_another():
    moves = [Move("refs/heads/a/b", ZERO, A), Move("refs/heads/c", ZERO, A), Move("refs/heads/d", ZERO, A)]
    found = rules.clashes(moves, ["refs/heads/a", "refs/heads/c/x"])
    assert found == {
        "refs/heads/a/b": Refusal("clash", {"other": "refs/heads/a"}),
        "refs/heads/c": Refusal("clash", {"other": "refs/heads/c/x"}),
    }


def test_a_folder_may_take_the_place_of_a_ref_that_goes_in_the_same_push():
    moves = [Move("refs/heads/a", A, ZERO), Move("refs/heads/a/b", ZERO, A)]
    assert rules.clashes(moves, ["refs/heads/a"]) == {}


def test_two_new_refs_clash_with_each_other():
    moves = [Move("refs/heads/a", ZERO, A), Move("refs/heads/a/b", ZERO, A)]
    assert set(rules.clashes(moves, [])) == {"refs/heads/a", "refs/heads/a/b"}


@pytest.mark.parametrize(
    ("current", "pushed", "default"),
    [
        ("main", ["main", "x"], "main"),
        ("main", ["x", "master"], "master"),
        ("main", ["x", "y"], "x"),
        ("main", [], "main"),
    ],
)
def test_the_first_push_chooses_the_default_branch(current, pushed, default):
    assert rules.default_after_first_push(current, pushed) == default
