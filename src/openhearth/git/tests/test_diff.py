"""Differences: what git says, in records, and never more than was asked for."""

import random
from pathlib import Path

import pytest

from openhearth.git import diff, objects
from openhearth.git.diff import Diff, DiffLimits, FileDiff, Row
from openhearth.git.errors import GitError, ObjectMissing
from openhearth.git.tests.sample import Sample


@pytest.fixture
def repo(tmp_path: Path) -> Sample:
    return Sample(tmp_path / "r.git")


def by_path(made: Diff) -> dict[str, FileDiff]:
    return {file.new_path: file for file in made.files}


def show(file: FileDiff) -> list[str]:
    return [f"{row.kind}{row.text}{'$' if row.no_newline else ''}" for hunk in file.hunks for row in hunk.rows]


def test_every_kind_of_change(repo: Sample) -> None:
    old = repo.commit(
        {
            "a": b"1\n2\n",
            "ren": b"a\nb\nc\nd\ne\n",
            "t": b"target",
            "bin": b"\0a",
            "mode": b"q\n",
            "sub": ("160000", b"1" * 40),
            "del": b"bye",
            "empty": b"",
            "both": b"x\n",
            "link": ("120000", b"here"),
        }
    )
    new = repo.commit(
        {
            "a": b"1\n3",
            'ren2 "q"': b"a\nb\nc\nd\nf\n",
            "t": ("120000", b"target2"),
            "bin": b"\0b",
            "mode": ("100755", b"q\n"),
            "sub": ("160000", b"2" * 40),
            "empty2": b"",
            "add": b"hi\n",
            "both": ("100755", b"y\n"),
            "link": ("120000", b"there"),
        },
        old,
    )
    made = diff.commit_diff(repo.directory, new)
    files = by_path(made)
    assert [file.new_path for file in made.files] == sorted(files)
    assert {path: (f.status, f.binary, f.adds, f.dels) for path, f in files.items()} == {
        "a": ("modified", False, 1, 1),
        "add": ("added", False, 1, 0),
        "bin": ("modified", True, 0, 0),
        "both": ("modified", False, 1, 1),
        "del": ("removed", False, 0, 1),
        "empty2": ("renamed", False, 0, 0),
        "link": ("modified", False, 1, 1),
        "mode": ("mode", False, 0, 0),
        'ren2 "q"': ("renamed", False, 1, 1),
        "sub": ("modified", False, 1, 1),
        "t": ("modified", False, 1, 1),
    }
    assert (made.adds, made.dels, made.truncated) == (7, 7, False)
    assert show(files["a"]) == [" 1", "-2", "+3$"]
    assert files["a"].hunks[0].header == "@@ -1,2 +1,2 @@"
    assert files["a"].hunks[0].rows[1:] == (Row("-", 2, None, "2"), Row("+", None, 2, "3", no_newline=True))
    assert show(files["del"]) == ["-bye$"]
    assert show(files["t"]) == ["-target$", "+target2$"]
    assert show(files["link"]) == ["-here$", "+there$"]
    assert show(files["sub"]) == [f"-Subproject commit {'1' * 40}", f"+Subproject commit {'2' * 40}"]
    assert (files["add"].old_mode, files["add"].new_mode, files["add"].old_path) == (0, 0o100644, "add")
    assert (files["mode"].old_mode, files["mode"].new_mode) == (0o100644, 0o100755)
    assert (files['ren2 "q"'].old_path, files['ren2 "q"'].similarity) == ("ren", 80)
    assert files["mode"].hunks == files["bin"].hunks == files["empty2"].hunks == ()
    assert files["bin"].new_oid == objects.entry(repo.directory, new, "bin").oid
    assert files["add"].old_oid is None


@pytest.mark.parametrize(
    "name",
    [
        "new\nline",
        "tab\there",
        'quo"te',
        "back\\slash",
        "中文/文件",
        "latin-\udce9",
        "a b ",
        "diff --git a b/x",
        "\x01\x7f",
        "x\n+++ b/y",
        "-f",
        ":(glob)*",
    ],
)
def test_names(repo: Sample, name: str) -> None:
    old = repo.commit({name: b"1\n", "zz": b"1\n"})
    new = repo.commit({name: b"2\n", "zz": b"2\n"}, old)
    files = by_path(diff.commit_diff(repo.directory, new))
    assert set(files) == {name, "zz"}
    assert show(files[name]) == show(files["zz"]) == ["-1", "+2"]
    moved = repo.commit({name + "é": b"2\n", "zz": b"2\n"}, new)
    (file,) = diff.commit_diff(repo.directory, moved).files
    assert (file.old_path, file.new_path, file.status) == (name, name + "é", "renamed")
    only = diff.between_trees(repo.directory, old, new, paths=[name])
    assert [file.new_path for file in only.files] == [name]


def test_content_that_looks_like_a_patch(repo: Sample) -> None:
    trick = b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n\\ No newline at end of file\n\n \n"
    old = repo.commit({"x": b"0\n", "y": trick + b"one"})
    new = repo.commit({"x": trick, "y": trick + b"two"}, old)
    files = by_path(diff.commit_diff(repo.directory, new))
    assert show(files["x"]) == ["-0", *("+" + line for line in trick.decode().split("\n")[:-1])]
    assert show(files["y"])[-2:] == ["-one$", "+two$"]


def test_text_of_any_bytes(repo: Sample) -> None:
    old = repo.commit({"f": b"caf\xe9\r\n\x0cpage\n\xc3\xa9\n"})
    new = repo.commit({"f": b"caf\xe9s\r\n\x0cpage\n\xc3\xa9\n"}, old)
    (file,) = diff.commit_diff(repo.directory, new).files
    assert show(file) == ["-caf�\r", "+caf�s\r", " \x0cpage", " é"]
    assert file.binary is False


def test_root_and_merge_and_function(repo: Sample) -> None:
    root = repo.commit({"f": b"1\n"}, branch=None)
    (file,) = diff.commit_diff(repo.directory, root).files
    assert (file.status, show(file)) == ("added", ["+1"])
    one = repo.commit({"f": b"1\n", "one": b"1\n"}, root, branch=None)
    two = repo.commit({"f": b"1\n", "two": b"2\n"}, root, branch=None)
    merge = repo.commit({"f": b"1\n", "one": b"1\n", "two": b"2\n"}, one, two)
    assert list(by_path(diff.commit_diff(repo.directory, merge))) == ["two"]
    assert list(by_path(diff.compare(repo.directory, one, merge))) == ["two"]
    assert list(by_path(diff.compare(repo.directory, one, two))) == ["two"]
    assert sorted(by_path(diff.between_trees(repo.directory, one, two))) == ["one", "two"]
    assert diff.commit_diff(repo.directory, repo.commit({"f": b"1\n"}, root)) == Diff((), 0, 0, truncated=False)
    code = b"int main()\n{\n" + b"".join(b"  a%d;\n" % n for n in range(20)) + b"}\n"
    before = repo.commit({"c.c": code}, branch=None)
    after = repo.commit({"c.c": code.replace(b"a9;", b"b9;")}, before, branch=None)
    (file,) = diff.commit_diff(repo.directory, after).files
    assert file.hunks[0].function == "int main()"
    assert file.hunks[0].rows[0].old_no == 9
    with pytest.raises(GitError, match="no-merge-base"):
        diff.compare(repo.directory, root, before)


def test_white_space_can_be_left_out(repo: Sample) -> None:
    old = repo.commit({"a": b"x y\n", "b": b"1\n"})
    new = repo.commit({"a": b"x  y\n", "b": b"2\n"}, old)
    files = by_path(diff.commit_diff(repo.directory, new, ignore_space=True))
    assert (files["a"].hunks, files["a"].too_large) == ((), False)
    assert show(files["b"]) == ["-1", "+2"]


def test_limits_of_one_file(repo: Sample) -> None:
    old = repo.commit({"a": b"0\n", "long": b"", "wide": b"", "z": b"0\n", "huge": b""})
    long, wide = b"x\n" * 50, b"y" * 3000 + b"\n"
    new = repo.commit({"a": b"1\n", "long": long, "wide": wide, "z": b"1\n", "huge": b"h\n" * 9000}, old)
    limits = DiffLimits(file_lines=40, file_bytes=2000, blob_bytes=10_000)
    made = diff.commit_diff(repo.directory, new, limits=limits)
    files = by_path(made)
    assert {path: (f.too_large, f.binary, f.adds) for path, f in files.items()} == {
        "a": (False, False, 1),
        "huge": (True, False, 0),
        "long": (True, False, 50),
        "wide": (True, False, 1),
        "z": (False, False, 1),
    }
    assert files["long"].hunks == files["wide"].hunks == ()
    assert show(files["z"]) == ["-0", "+1"]
    assert made.truncated is False


def test_context_counts_for_a_file(repo: Sample) -> None:
    lines = [b"%d\n" % n for n in range(200)]
    old = repo.commit({"f": b"".join(lines)})
    new = repo.commit({"f": b"".join(b"x\n" if n % 10 == 0 else line for n, line in enumerate(lines))}, old)
    (file,) = diff.commit_diff(repo.directory, new, limits=DiffLimits(file_lines=60)).files
    assert (file.too_large, file.adds, file.hunks) == (True, 20, ())
    (file,) = diff.commit_diff(repo.directory, new, limits=DiffLimits(context=0)).files
    assert len(file.hunks) == 20


@pytest.mark.parametrize("limits", [DiffLimits(lines=25), DiffLimits(bytes=60)])
def test_limits_of_the_whole(repo: Sample, limits: DiffLimits) -> None:
    old = repo.commit({"keep": b""})
    new = repo.commit({f"f{n}": b"line\n" * 10 for n in range(6)} | {"g": b"\0", "h": b""}, old)
    made = diff.commit_diff(repo.directory, new, limits=limits)
    assert made.truncated is True
    assert (made.adds, len(made.files)) == (60, 8)
    shown = [file for file in made.files if file.hunks]
    left = [file for file in made.files if file.too_large]
    assert 1 <= len(shown) <= 3
    assert len(shown) + len(left) == 6
    assert all(file.adds == 10 for file in left)


def test_a_long_list_is_cut(repo: Sample) -> None:
    new = repo.commit({f"f{n:02}": b"1\n" for n in range(30)})
    made = diff.commit_diff(repo.directory, new, limits=DiffLimits(files=7))
    assert [file.new_path for file in made.files] == [f"f{n:02}" for n in range(7)]
    assert (made.truncated, made.adds) == (True, 30)
    assert all(show(file) == ["+1"] for file in made.files)


def test_time_is_bounded(repo: Sample) -> None:
    new = repo.commit({"a": b"1\n", "b": b"2\n"})
    with pytest.raises(GitError, match="timed-out"):
        diff.commit_diff(repo.directory, new, limits=DiffLimits(seconds=0))


def test_errors(repo: Sample) -> None:
    tip = repo.commit({"a": b"1\n"})
    tree = repo.text("rev-parse", f"{tip}^{{tree}}")
    for oid in ("main", "1" * 40, "--all", ""):
        with pytest.raises(ObjectMissing):
            diff.commit_diff(repo.directory, oid)
        with pytest.raises(ObjectMissing):
            diff.compare(repo.directory, tip, oid)
        with pytest.raises(ObjectMissing):
            diff.between_trees(repo.directory, oid, tree)
    with pytest.raises(GitError, match="not-a-commit"):
        diff.commit_diff(repo.directory, tree)


def apply(old: list[str], file: FileDiff) -> list[str]:
    made: list[str] = []
    at = 0
    for hunk in file.hunks:
        first = next((row.old_no for row in hunk.rows if row.old_no is not None), None)
        if first is not None:
            made += old[at : first - 1]
            at = first - 1
        for row in hunk.rows:
            if row.kind != "+":
                assert old[at].rstrip("\n") == row.text
                assert row.old_no == at + 1
                at += 1
            if row.kind != "-":
                made.append(row.text + ("" if row.no_newline else "\n"))
                assert row.new_no == len(made)
    return made + old[at:]


@pytest.mark.parametrize("seed", range(3))
def test_applying_the_rows_gives_the_new_file(repo: Sample, seed: int) -> None:
    rnd = random.Random(seed)

    def text() -> list[str]:
        lines = [
            rnd.choice(["a", "b", "", " ", "+", "-x", "@@", "\\ No", "é"]) + "\n" for _ in range(rnd.randint(1, 40))
        ]
        return [*lines[:-1], lines[-1].strip("\n") or "end"] if rnd.random() < 0.5 else lines

    before = {f"f{n}": text() for n in range(25)}
    after = {
        name: text() if rnd.random() < 0.3 else [x for x in lines if rnd.random() < 0.9]
        for name, lines in before.items()
    }
    after = {name: lines for name, lines in after.items() if lines}
    old = repo.commit({name: "".join(lines).encode() for name, lines in before.items()})
    new = repo.commit({name: "".join(lines).encode() for name, lines in after.items()}, old)
    made = diff.commit_diff(repo.directory, new)
    seen = 0
    for file in made.files:
        if file.status == "modified":
            assert "".join(apply(before[file.old_path], file)) == "".join(after[file.new_path])
            rows = [row.kind for hunk in file.hunks for row in hunk.rows]
            assert (rows.count("+"), rows.count("-")) == (file.adds, file.dels)
            seen += 1
    assert seen > 10
