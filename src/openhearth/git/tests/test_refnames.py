"""Names of refs: every script is welcome, tricks are not."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openhearth.git.refnames import check, clash, is_hidden


@pytest.mark.parametrize(
    "name",
    [
        "refs/heads/main",
        "refs/heads/feature/a-b_c.d+e=f,g#12@x%(y)!{z}",
        "refs/heads/分支/修复-登录",
        "refs/heads/ветка",
        "refs/heads/فرع",
        "refs/heads/é",
        "refs/tags/v1.0.0-rc.1",
        "refs/tags/🚀",
        "refs/notes/commits",
        "refs/heads/deadbeef",
        "refs/heads/" + "a" * 244,
        "refs/heads/HEADLINE",
    ],
)
def test_good_names(name: str) -> None:
    assert check(name) is None


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("refs/heads/-x", "leading-dash"),
        ("refs/heads/--upload-pack=x", "leading-dash"),
        ("refs/heads/a/-b", "leading-dash"),
        ("refs/heads/$(id)", "shell-character"),
        ("refs/heads/`id`", "shell-character"),
        ("refs/heads/;id", "shell-character"),
        ("refs/heads/<svg/onload=x>", "shell-character"),
        ("refs/heads/<svg onload>", "bad-format"),
        ("refs/heads/a|b", "shell-character"),
        ("refs/heads/a&b", "shell-character"),
        ("refs/heads/it's", "shell-character"),
        ("refs/heads/HEAD", "reserved-name"),
        ("refs/tags/FETCH_HEAD", "reserved-name"),
        ("refs/heads/refs/heads/main", "nested-refs"),
        ("refs/heads/refs", "nested-refs"),
        ("refs/heads/" + "a1" * 20, "looks-like-id"),
        ("refs/tags/" + "A1" * 20, "looks-like-id"),
        ("refs/heads/" + "0" * 64, "looks-like-id"),
        ("refs/remotes/x", "internal-namespace"),
        ("refs/pull/1/head", "internal-namespace"),
        ("refs/internal/x", "internal-namespace"),
        ("refs/replace/" + "a" * 40, "internal-namespace"),
        ("refs/stash", "internal-namespace"),
        ("refs/other/x", "unknown-namespace"),
        ("refs/heads", "unknown-namespace"),
        ("HEAD", "unknown-namespace"),
        ("main", "unknown-namespace"),
        ("", "unknown-namespace"),
        ("refs/heads/a\x07", "control-character"),
        ("refs/heads/a\nb", "control-character"),
        ("refs/heads/a\x7f", "control-character"),
        ("refs/heads/a\x85b", "control-character"),
        ("refs/heads/\u202efdp", "invisible-character"),
        ("refs/heads/ma\u200bin", "invisible-character"),
        ("refs/heads/\ufeffmain", "invisible-character"),
        ("refs/heads/\u3164", "invisible-character"),
        ("refs/heads/a\u00a0b", "space"),
        ("refs/heads/a\u2028b", "space"),
        ("refs/heads/e\u0301", "not-normalised"),
        ("refs/heads/\udcff", "not-utf8"),
        ("refs/heads/" + "文" * 90, "too-long"),
        ("refs/heads/", "bad-format"),
        ("refs/heads/a..b", "bad-format"),
        ("refs/heads/.a", "bad-format"),
        ("refs/heads/a/.b", "bad-format"),
        ("refs/heads/a.", "bad-format"),
        ("refs/heads/a.lock", "bad-format"),
        ("refs/heads/a.lock/b", "bad-format"),
        ("refs/heads/a//b", "bad-format"),
        ("refs/heads/a/", "bad-format"),
        ("refs/heads/a b", "bad-format"),
        ("refs/heads/a~b", "bad-format"),
        ("refs/heads/a^b", "bad-format"),
        ("refs/heads/a:b", "bad-format"),
        ("refs/heads/a?b", "bad-format"),
        ("refs/heads/a*b", "bad-format"),
        ("refs/heads/a[b", "bad-format"),
        ("refs/heads/a\\b", "bad-format"),
        ("refs/heads/a@{b", "bad-format"),
        ("refs/heads/@", "bad-format"),
    ],
)
def test_refused_names(name: str, code: str) -> None:
    assert check(name) == code


@given(st.text(alphabet="ab./-@{}~^:?*[\\ lock\x01", max_size=12))
def test_what_we_take_git_takes(tail: str) -> None:
    name = f"refs/heads/{tail}"
    if check(name) is None:
        assert subprocess.run(["git", "check-ref-format", name], check=False).returncode == 0


def test_hidden() -> None:
    assert is_hidden("refs/internal/x")
    assert not is_hidden("refs/pull/1/head")
    assert not is_hidden("refs/heads/refs/internal/x")


def test_clashes() -> None:
    refs = {"refs/heads/a", "refs/heads/b/c"}
    assert clash("refs/heads/a/x", refs, refs) == "refs/heads/a"
    assert clash("refs/heads/b", refs, refs) == "refs/heads/b/c"
    assert clash("refs/heads/ab", refs, refs) is None
    assert clash("refs/heads/a", refs, refs) is None
