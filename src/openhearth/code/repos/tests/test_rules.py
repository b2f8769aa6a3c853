"""Names of repositories, without a database."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openhearth.code.repos import rules

CODES = {
    "": "empty",
    "a" * 101: "too-long",
    ".": "dots",
    "..": "dots",
    "...": "dots",
    "river bed": "characters",
    "a/b": "characters",
    "a\x00": "characters",
    "a\u202e": "characters",
    "a\n": "characters",
    "é": "characters",
    "-a": "first",
    ".git": "suffix",
    "a.GIT": "suffix",
    "a.wiki": "suffix",
    "a.lock": "suffix",
    "a.": "suffix",
}


@pytest.mark.parametrize(("name", "code"), CODES.items())
def test_each_broken_rule_has_its_code(name: str, code: str) -> None:
    assert rules.name_fault(name) == code


@pytest.mark.parametrize("name", ["a", "a" * 100, ".github", "_x", "a..b", "git", "A.b-c_d", "1"])
def test_good_names(name: str) -> None:
    assert rules.name_fault(name) == ""


@given(st.text(max_size=300))
def test_a_suggestion_is_a_good_name_or_nothing(text: str) -> None:
    better = rules.suggest(text)
    assert better == "" or rules.name_fault(better) == ""


def test_a_suggestion_stays_near() -> None:
    assert rules.suggest("river bed") == "river-bed"
    assert rules.suggest("  My Project!.git ") == "My-Project"
    assert rules.suggest("名字") == ""


def test_roles_contain_each_other_in_their_order() -> None:
    assert [role.word for role in sorted(rules.Role)] == ["read", "triage", "write", "maintain", "admin"]
    assert rules.role_of_word("Admin") is rules.Role.ADMIN
    assert rules.role_of_word("owner") is None
