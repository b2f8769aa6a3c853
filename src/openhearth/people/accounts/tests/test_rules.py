from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openhearth.people.accounts import rules


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("linyue", ""),
        ("Lin-Yue.2", ""),
        ("a", ""),
        ("a" * 39, ""),
        ("", "empty"),
        ("a" * 40, "too-long"),
        ("a" * 5000, "too-long"),
        ("-lin", "first"),
        (".lin", "first"),
        ("lin yue", "characters"),
        ("林玥", "first"),
        ("lin玥", "characters"),
        ("lin\x00", "characters"),
        ("lin\n", "characters"),
        ("lin\u202eyue", "characters"),
        ("lin-", "last"),
        ("lin--yue", "double"),
        ("lin..yue", "double"),
        ("lin.git", "git-suffix"),
        ("lin.KEYS", "git-suffix"),
        ("Admin", "reserved"),
        ("login", "reserved"),
    ],
)
def test_names_are_judged(name: str, code: str) -> None:
    assert rules.name_fault(name) == code


@given(st.text(max_size=60))
def test_what_is_suggested_is_good(name: str) -> None:
    suggested = rules.suggest(name)
    assert not suggested or not rules.name_fault(suggested)


def test_names_that_look_alike_have_one_skeleton() -> None:
    for one, other in [("paypal", "paypa1"), ("lin-yue", "Lin_Yue"), ("barn", "bam"), ("zoe0", "zoeo")]:
        assert rules.skeleton(one) == rules.skeleton(other)
    assert rules.skeleton("linyue") != rules.skeleton("amara")


@pytest.mark.parametrize("text", ["a\x00b", "a\u202eb", "a\u200bb", "a\nb", "a\ud800b", "\ufeffx", "a\u2028b"])
def test_characters_that_cannot_be_seen_are_named(text: str) -> None:
    assert rules.unseen_character(text).startswith("U+")


@pytest.mark.parametrize("text", ["林玥", "Zoë", "👩‍💻", "a\tb"[:1], "ক্ষ"])
def test_other_characters_pass(text: str) -> None:
    assert rules.unseen_character(text) == ""


def test_line_breaks_pass_where_lines_are_allowed() -> None:
    assert rules.unseen_character("a\r\nb", lines=True) == ""
    assert rules.unseen_character("a\x0bb", lines=True) == "U+000B"


@pytest.mark.parametrize("address", ["/", "/-/settings/profile?a=1&b=2#c", "/linyue/river-bed", "/a//b"])
def test_local_addresses_pass(address: str) -> None:
    assert rules.is_local_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "//evil.example",
        "///evil.example",
        "\\\\evil.example",
        "/\\evil.example",
        "/\\/evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        " /a",
        "/a\r\nSet-Cookie: a=b",
        "/\t/evil.example",
        "/a\x00",
        "evil",
        "/" + "a" * 3000,
    ],
)
def test_other_addresses_are_refused(address: str) -> None:
    assert not rules.is_local_address(address)
