"""Commits made on the server: right objects, in quarantine, and no name that hurts on checkout."""

import subprocess
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from openhearth.git import objects, write
from openhearth.git.errors import GitError, ObjectMissing, Refused
from openhearth.git.objects import Person
from openhearth.git.tests.sample import Sample
from openhearth.git.write import Content, NewFile

ADA = Person("Ada Müller", "ada@example.org", datetime(2024, 5, 6, 7, 8, 9, tzinfo=timezone(timedelta(hours=-3.5))))
BO = Person("Bo", "bo@example.org", datetime(2024, 5, 7, tzinfo=UTC))


@pytest.fixture
def repo(tmp_path: Path) -> Sample:
    return Sample(tmp_path / "r.git")


def made(repo: Sample, files: dict[str, Content], *parents: str, message: str = "Do it") -> str:
    quarantine, oid = write.commit_files(
        repo.directory, files=files, parents=parents, author=ADA, committer=BO, message=message
    )
    assert len(quarantine.publish()) == 1
    repo.git("update-ref", "refs/heads/main", oid)
    return oid


def listed(repo: Sample, oid: str) -> dict[str, str]:
    rows = repo.text("ls-tree", "-r", "-z", oid).split("\0")
    return {row.partition("\t")[2]: row.split(" ")[0] for row in rows if row}


def test_a_first_commit(repo: Sample) -> None:
    oid = made(repo, {"README.md": "# Größe\n".encode(), "src/a/b.py": b"x", "run": NewFile(b"#!", 0o100755)})
    assert listed(repo, oid) == {"README.md": "100644", "run": "100755", "src/a/b.py": "100644"}
    assert repo.git("cat-file", "blob", f"{oid}:README.md") == "# Größe\n".encode()
    assert repo.git("cat-file", "commit", oid).decode().split("\n")[1:] == [
        "author Ada Müller <ada@example.org> 1714991889 -0330",
        "committer Bo <bo@example.org> 1715040000 +0000",
        "",
        "Do it",
        "",
    ]
    repo.git("fsck", "--strict", "--full")
    assert objects.commit(repo.directory, oid).author == ADA


def test_the_same_as_git_makes(repo: Sample, tmp_path: Path) -> None:
    names = ["a", "a.b", "a-b", "a/x", "a0", "ab/c/d", "b", "é", "中/文"]
    files: dict[str, Content] = {name: name.encode() for name in names if name != "a"}
    oid = made(repo, files)
    work = tmp_path / "work"
    for name in files:
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_bytes(name.encode())
    subprocess.run(["git", "init", "-q", str(work)], check=True)
    subprocess.run(["git", "-C", str(work), "add", "-A"], check=True)
    tree = subprocess.run(["git", "-C", str(work), "write-tree"], check=True, capture_output=True, text=True)
    assert objects.commit(repo.directory, oid).tree == tree.stdout.strip()


def test_changes_to_a_tree(repo: Sample) -> None:
    base = repo.commit(
        {
            "keep/deep/x": b"1",
            "gone/only": b"1",
            "run": ("100755", b"1"),
            "link": ("120000", b"run"),
            "mod": ("160000", b"1" * 40),
            "turn": b"1",
            "old": ("100664", b"1"),
        }
    )
    oid = made(
        repo,
        {
            "keep/deep/y": b"2",
            "keep/new/z": b"2",
            "gone/only": None,
            "run": b"2",
            "link": b"old",
            "turn": None,
            "turn/into/folder": b"2",
            "old": b"2",
        },
        base,
    )
    assert listed(repo, oid) == {
        "keep/deep/x": "100644",
        "keep/deep/y": "100644",
        "keep/new/z": "100644",
        "run": "100755",
        "link": "120000",
        "mod": "160000",
        "turn/into/folder": "100644",
        "old": "100644",
    }
    assert objects.commit(repo.directory, oid).parents == (base,)
    emptied = made(repo, {"keep/deep/x": None, "keep/deep/y": None}, oid)
    assert "keep/deep/x" not in listed(repo, emptied)
    assert [row.name for row in objects.tree(repo.directory, emptied, "keep")] == ["new"]
    repo.git("fsck", "--full")


def test_everything_may_be_removed_and_merges_may_be_made(repo: Sample) -> None:
    one = repo.commit({"a": b"1"}, branch=None)
    two = repo.commit({"b": b"1"}, branch=None)
    oid = made(repo, {"a": None}, one, two)
    assert listed(repo, oid) == {}
    assert objects.commit(repo.directory, oid).parents == (one, two)
    assert listed(repo, made(repo, {})) == {}


def test_a_great_file(repo: Sample) -> None:
    data = bytes(range(256)) * 20000
    oid = made(repo, {"big": data, "small": b"", "same": data})
    assert repo.git("cat-file", "blob", f"{oid}:big") == data
    assert repo.git("cat-file", "blob", f"{oid}:small") == b""


def test_nothing_is_visible_before_it_is_published(repo: Sample) -> None:
    quarantine, oid = write.commit_files(repo.directory, files={"a": b"1"}, parents=[], author=ADA, message="x")
    assert (quarantine.directory, len(quarantine.packs)) != (None, 0)
    assert quarantine.packs[0].objects == 3
    with pytest.raises(ObjectMissing):
        objects.commit(repo.directory, oid)
    quarantine.discard()
    assert list((repo.directory / "objects").glob("incoming-*")) == []
    assert list((repo.directory / "objects/pack").iterdir()) == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("", "path-empty"),
        ("/etc/passwd", "path-empty"),
        ("a//b", "path-empty"),
        ("a/", "path-empty"),
        ("..", "path-dots"),
        ("a/../b", "path-dots"),
        ("./a", "path-dots"),
        (".git/config", "path-reserved"),
        ("a/.GIT/x", "path-reserved"),
        (".Git", "path-reserved"),
        (".git ", "path-reserved"),
        (".git...", "path-reserved"),
        ("git~1", "path-reserved"),
        ("GIT~2/x", "path-reserved"),
        (".git::$INDEX_ALLOCATION", "path-reserved"),
        (".g\u200cit", "path-reserved"),
        ("\ufeff.git", "path-reserved"),
        ("a\\.git\\config", "path-reserved"),
        ("a\nb", "path-control-character"),
        ("a\0b", "path-control-character"),
        ("a\x7f", "path-control-character"),
        ("a\ud800", "path-control-character"),
        ("a" * 256, "path-too-long"),
        ("/".join(["abc"] * 1100), "path-too-long"),
    ],
)
def test_names_that_are_refused(repo: Sample, path: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        write.commit_files(repo.directory, files={path: b"x"}, parents=[], author=ADA, message="x")
    assert caught.value.code == code
    assert list((repo.directory / "objects").glob("incoming-*")) == []


def test_names_that_look_dangerous_and_are_not(repo: Sample) -> None:
    names = [".gitignore", ".github/x", "git", ".git-x", "..a", "a..", "-f", "~", "git~", "C:", "a b ", "x.git"]
    assert sorted(listed(repo, made(repo, dict.fromkeys(names, b"1")))) == sorted(names)


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"f/x": b"1"}, "parent-is-file"),
        ({"l/x": b"1"}, "parent-is-file"),
        ({"m/x": b"1"}, "parent-is-file"),
        ({"d": b"1"}, "path-is-folder"),
        ({"d": None}, "path-is-folder"),
        ({"m": b"1"}, "path-is-submodule"),
        ({"no": None}, "no-such-path"),
        ({"d/no": None}, "no-such-path"),
        ({"n": b"1", "n/x": b"1"}, "path-conflict"),
        ({"n/x": b"1", "n": b"1"}, "path-conflict"),
        ({"f": b"1"}, "nothing-changed"),
        ({"d/x": b"1"}, "nothing-changed"),
        ({}, "nothing-changed"),
        ({"f": NewFile(b"2", 0o100666)}, "bad-mode"),
        ({".gitmodules": b'[submodule "x"]\n\tpath = x\n\turl = -u./evil\n'}, "object-refused"),
    ],
)
def test_changes_that_are_refused(repo: Sample, files: dict[str, Content], code: str) -> None:
    base = repo.commit({"f": b"1", "d/x": b"1", "l": ("120000", b"f"), "m": ("160000", b"1" * 40)})
    with pytest.raises(Refused) as caught:
        write.commit_files(repo.directory, files=files, parents=[base], author=ADA, message="x")
    assert caught.value.code == code
    assert list((repo.directory / "objects").glob("incoming-*")) == []


def test_an_empty_change_may_be_asked_for(repo: Sample) -> None:
    base = repo.commit({"f": b"1"})
    quarantine, oid = write.commit_files(
        repo.directory, files={}, parents=[base], author=ADA, message="x", allow_empty=True
    )
    quarantine.publish()
    assert objects.commit(repo.directory, oid).tree == objects.commit(repo.directory, base).tree


def test_people_and_messages_cannot_break_the_commit(repo: Sample) -> None:
    sly = Person("Eve\nparent 123 <x>", "e@x>\n<y", datetime(1960, 1, 1))  # noqa: DTZ001  as a caller may
    quarantine, oid = write.commit_files(
        repo.directory, files={"a": b"1"}, parents=[], author=sly, message="\r\n\nOne  \r\n\r\ntwo\0\ud800\r\n\n"
    )
    quarantine.publish()
    assert repo.git("cat-file", "commit", oid).decode().split("\n")[1:] == [
        "author Eve parent 123 x <e@x y> 0 +0000",
        "committer Eve parent 123 x <e@x y> 0 +0000",
        "",
        "One",
        "",
        "two?",
        "",
    ]
    for name, message, code in (("A", " \n\t\n", "empty-message"), (" <>. ", "x", "empty-name")):
        who = Person(name, "a@x", ADA.when)
        with pytest.raises(Refused, match=code):
            write.commit_files(repo.directory, files={"a": b"1"}, parents=[], author=who, message=message)


def test_parents_must_be_commits(repo: Sample) -> None:
    tip = repo.commit({"f": b"1"})
    for parent in ("1" * 40, "main", ""):
        with pytest.raises(ObjectMissing):
            write.commit_files(repo.directory, files={"a": b"1"}, parents=[parent], author=ADA, message="x")
    tree = objects.commit(repo.directory, tip).tree
    with pytest.raises(GitError, match="not-a-commit"):
        write.commit_files(repo.directory, files={"a": b"1"}, parents=[tip, tree], author=ADA, message="x")
