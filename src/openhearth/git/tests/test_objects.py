"""Objects: what real and odd commits, tags, trees and blobs become."""

import shutil
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from openhearth.git import objects, odb, parse
from openhearth.git.errors import GitError, ObjectMissing
from openhearth.git.tests.sample import Sample

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
MISSING = "1" * 40


@pytest.fixture
def repo(tmp_path: Path) -> Sample:
    made = Sample(tmp_path / "r.git")
    assert made.raw("tree", b"") == EMPTY_TREE
    return made


def hand_made(repo: Sample, author: str, committer: str, text: str = "\nmsg\n", extra: str = "") -> objects.Commit:
    body = f"tree {EMPTY_TREE}\nauthor {author}\ncommitter {committer}\n{extra}{text}"
    return objects.commit(repo.directory, repo.raw("commit", body.encode()))


def test_a_usual_commit(repo: Sample) -> None:
    first = repo.commit({"a": b"1"}, when="1700000000 +0530")
    oid = repo.commit(
        {"a": b"2"}, first, message="Subject goes\non here\n\nBody  \n* x\n\nmore\n", when="1700000100 -0330"
    )
    made = objects.commit(repo.directory, oid)
    assert made.parents == (first,)
    assert made.tree == repo.text("rev-parse", f"{oid}^{{tree}}")
    assert made.subject == repo.text("log", "-1", "--format=%s", oid) == "Subject goes on here"
    assert made.body == repo.text("log", "-1", "--format=%b", oid) == "Body  \n* x\n\nmore"
    assert made.message == "Subject goes\non here\n\nBody  \n* x\n\nmore\n"
    assert (made.author.name, made.author.email) == ("Ada", "ada@example.org")
    assert made.committer.name == "Bo"
    assert made.author.when.utcoffset() == timedelta(hours=-3, minutes=-30)
    assert made.author.when.timestamp() == 1700000100
    assert made.signature is None
    assert [c.oid for c in objects.commits(repo.directory, [oid, first])] == [oid, first]


@pytest.mark.parametrize(
    ("line", "name", "email", "date"),
    [
        ("A B <a@x> 100 +0200", "A B", "a@x", (100, 120)),
        ("<a@x> 100 +0000", "", "a@x", (100, 0)),
        (" <> 100 +0000", "", "", (100, 0)),
        ("A<a@x>100 -0700", "A", "a@x", (100, -420)),
        ("A <a@x>", "A", "a@x", (0, 0)),
        ("A", "A", "", (0, 0)),
        ("", "", "", (0, 0)),
        ("A <a@x 100 +0200", "A", "a@x 100 +0200", (0, 0)),
        ("A <a@x> <b@x> 100 +0200", "A", "a@x", (100, 120)),
        ("A <a@x> -100 +0200", "A", "a@x", (-100, 120)),
        ("A <a@x> 100 +051800", "A", "a@x", (100, 0)),
        ("A <a@x> 100 +0575", "A", "a@x", (100, 375)),
        ("A <a@x> 100 --0100", "A", "a@x", (100, 0)),
        ("A <a@x> 100", "A", "a@x", (100, 0)),
        ("A <a@x> 100 +99999999999999", "A", "a@x", (100, 0)),
    ],
)
def test_odd_people(repo: Sample, line: str, name: str, email: str, date: tuple[int, int]) -> None:
    made = hand_made(repo, line, line)
    for person in (made.author, made.committer):
        assert (person.name, person.email) == (name, email)
        assert person.when == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=date[0])
        assert person.when.utcoffset() == timedelta(minutes=date[1])
    assert made.subject == "msg"


@pytest.mark.parametrize(
    ("seconds", "year"),
    [("99999999999999999999999999", 9999), ("9999999999999", 9999), ("-99999999999999999", 1)],
)
@pytest.mark.parametrize("zone", ["+0000", "+1400", "-2359"])
def test_impossible_dates_are_clamped_and_survive_any_zone(repo: Sample, seconds: str, year: int, zone: str) -> None:
    when = hand_made(repo, f"A <a@x> {seconds} {zone}", "A <a@x> 1 +0000").author.when
    assert when.year == year
    for hours in (-23, 23):
        from_there = when.astimezone(datetime.now(UTC).tzinfo) + timedelta(hours=hours)
        assert from_there.year == year


def test_commits_without_committer_or_message_or_anything(repo: Sample) -> None:
    made = objects.commit(repo.directory, repo.raw("commit", f"tree {EMPTY_TREE}\nauthor A <a@x> 5 +0000\n".encode()))
    assert made.committer == parse.NOBODY
    assert (made.subject, made.body, made.message) == ("", "", "")
    bare = objects.commit(repo.directory, repo.raw("commit", b""))
    assert (bare.tree, bare.parents, bare.author) == ("", (), parse.NOBODY)
    blank = hand_made(repo, "A <a@x> 5 +0000", "A <a@x> 5 +0000", text="\n\n \n\nReal subject\n \nbody\n\n")
    assert (blank.subject, blank.body) == ("Real subject", "body")


def test_encodings(repo: Sample) -> None:
    def message(encoding: str, raw: bytes) -> str:
        head = f"tree {EMPTY_TREE}\nauthor "
        body = head.encode() + raw + b" <a@x> 5 +0000\ncommitter B <b@x> 5 +0000\n"
        body += f"encoding {encoding}\n\n".encode() if encoding else b"\n"
        made = objects.commit(repo.directory, repo.raw("commit", body + raw))
        assert made.author.name == made.subject
        return made.subject

    assert message("ISO-8859-1", b"Ren\xe9") == "René"
    assert message("GBK", "提交".encode("gbk")) == "提交"
    assert message("EUC-JP", "日本".encode("euc-jp")) == "日本"
    assert message("", "日本".encode()) == "日本"
    assert message("", b"Ren\xe9") == "Ren�"
    assert message("utf8", b"Ren\xe9") == "Ren�"
    assert message("no-such-code", "é".encode()) == "é"
    assert message("rot13", b"abc") == "abc"
    assert message("hex", b"00") == "00"


def test_a_signature_is_kept_apart(repo: Sample) -> None:
    extra = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n =x\n -----END PGP SIGNATURE-----\n"
    extra += "mergetag object x\n type y\n"
    made = hand_made(repo, "A <a@x> 5 +0000", "A <a@x> 5 +0000", extra=extra)
    assert made.signature == "-----BEGIN PGP SIGNATURE-----\n\nabc\n=x\n-----END PGP SIGNATURE-----"
    assert made.message == "msg\n"


def test_tags(repo: Sample) -> None:
    commit = repo.commit({"a": b"1"})
    head = f"object {commit}\ntype commit\ntag v1 ü\ntagger T <t@x> 7 +0100\n\nOne\n\ntext\n"
    signature = "-----BEGIN SSH SIGNATURE-----\nabc\n-----END SSH SIGNATURE-----\n"
    oid = repo.raw("tag", (head + signature).encode())
    made = objects.tag(repo.directory, oid)
    assert (made.target, made.target_kind, made.name) == (commit, "commit", "v1 ü")
    assert (made.subject, made.body, made.signature) == ("One", "text", signature)
    assert made.tagger is not None
    assert made.tagger.name == "T"
    old = objects.tag(repo.directory, repo.raw("tag", f"object {oid}\ntype tag\ntag old\n\nx".encode()))
    assert old.tagger is None
    assert objects.peel_to_commit(repo.directory, old.oid) == commit
    with pytest.raises(GitError, match="not-a-tag"):
        objects.tag(repo.directory, commit)
    blob_tag = repo.raw("tag", f"object {repo.blob(b'x')}\ntype blob\ntag b\n\nx".encode())
    with pytest.raises(GitError, match="not-a-commit"):
        objects.peel_to_commit(repo.directory, blob_tag)


def test_trees_are_in_page_order_with_clean_modes(repo: Sample) -> None:
    blob = repo.blob(b"x")
    inner = repo.tree([("100644", blob, "deep")])
    root = repo.tree(
        [
            ("100664", blob, "old-mode"),
            ("100755", blob, "run"),
            ("120000", blob, "link"),
            ("160000", "2" * 40, "module"),
            ("40000", inner, "zfolder"),
            ("40000", inner, "中文"),
            ("100644", blob, b"latin-\xe9"),
            ("100644", blob, "B"),
            ("100644", blob, "a"),
        ]
    )
    commit = repo.commit(root)
    rows = objects.tree(repo.directory, commit)
    assert [(row.name, row.kind, f"{row.mode:o}", row.executable) for row in rows] == [
        ("module", "submodule", "160000", False),
        ("zfolder", "folder", "40000", False),
        ("中文", "folder", "40000", False),
        ("B", "file", "100644", False),
        ("a", "file", "100644", False),
        ("latin-\udce9", "file", "100644", False),
        ("link", "link", "120000", False),
        ("old-mode", "file", "100644", False),
        ("run", "file", "100755", True),
    ]
    assert [row.name for row in objects.tree(repo.directory, commit, "中文")] == ["deep"]
    assert [row.name for row in objects.tree(repo.directory, root, "/zfolder/")] == ["deep"]
    assert objects.entry(repo.directory, commit, "zfolder/deep").oid == blob
    assert objects.entry(repo.directory, commit, "latin-\udce9").oid == blob
    assert objects.tree(repo.directory, EMPTY_TREE) == []


@pytest.mark.parametrize("path", ["no", "f/x", "d/no", "d//x", "d/../f", "\ud800", "a\0b"])
def test_paths_that_do_not_exist(repo: Sample, path: str) -> None:
    commit = repo.commit({"f": b"1", "d/x": b"2"})
    with pytest.raises(GitError, match="no-such-path"):
        objects.entry(repo.directory, commit, path)
    with pytest.raises(GitError, match=r"no-such-path|not-a-folder"):
        objects.tree(repo.directory, commit, path)


def test_a_file_or_a_module_is_no_folder(repo: Sample) -> None:
    commit = repo.commit({"f": b"1", "m": ("160000", b"3" * 40)})
    for path in ("f", "m", "f/x"):
        with pytest.raises(GitError, match="not-a-folder"):
            objects.tree(repo.directory, commit, path)
    with pytest.raises(GitError, match="no-such-path"):
        objects.entry(repo.directory, commit, "")


@pytest.mark.parametrize("oid", [MISSING, "abc", "", "HEAD", "../x", "é" * 40, MISSING.upper() + "\n"])
def test_missing_and_malformed_ids(repo: Sample, oid: str) -> None:
    for ask in (objects.commit, objects.tag, objects.tree, objects.peel_to_commit, objects.blob_size):
        with pytest.raises(ObjectMissing):
            ask(repo.directory, oid)
    with pytest.raises(ObjectMissing):
        objects.blob(repo.directory, oid, max_bytes=10)
    with pytest.raises(ObjectMissing):
        objects.commits(repo.directory, [oid])
    with pytest.raises(GitError, match="not-a-commit"):
        objects.commits(repo.directory, [repo.blob(b"x")])


def test_blobs(repo: Sample) -> None:
    oid = repo.blob(b"hello\n")
    assert objects.blob(repo.directory, oid, max_bytes=100) == objects.Blob(oid, 6, b"hello\n", False, False)
    assert objects.blob(repo.directory, oid, max_bytes=2) == objects.Blob(oid, 6, b"he", True, False)
    assert objects.blob(repo.directory, oid, max_bytes=6).truncated is False
    late = repo.blob(b"x" * 7999 + b"\0")
    later = repo.blob(b"x" * 8000 + b"\0")
    assert objects.blob(repo.directory, late, max_bytes=10).binary is True
    assert objects.blob(repo.directory, later, max_bytes=10).binary is False
    assert b"".join(objects.stream_blob(repo.directory, late)) == b"x" * 7999 + b"\0"
    with pytest.raises(GitError, match="not-a-blob"):
        objects.blob(repo.directory, EMPTY_TREE, max_bytes=10)


def test_a_great_blob_is_never_held(repo: Sample) -> None:
    size = 200 * 1024 * 1024
    made = subprocess.Popen(
        [
            "git",
            "--git-dir",
            str(repo.directory),
            "-c",
            "core.bigFileThreshold=1m",
            "-c",
            "core.compression=1",
            "hash-object",
            "-w",
            "--stdin",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert made.stdin is not None
    assert made.stdout is not None
    with made:
        for _ in range(200):
            made.stdin.write(bytes(1024 * 1024))
        made.stdin.close()
        oid = made.stdout.read().decode().strip()
    code = """
import re, sys
from pathlib import Path
from openhearth.git import objects
where, oid = Path(sys.argv[1]), sys.argv[2]
part = objects.blob(where, oid, max_bytes=2_000_000)
stream = objects.stream_blob(where, oid)
first = sum(len(next(stream)) for _ in range(100))
stream.close()
# Not getrusage: that begins with the peak of the process which started this one.
memory = re.search("VmHWM:\\s+([0-9]+) kB", Path("/proc/self/status").read_text())[1]
print(part.size, len(part.data), part.truncated, part.binary, first > 0, memory)
"""
    out = subprocess.run(
        [sys.executable, "-c", code, str(repo.directory), oid],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(Path(objects.__file__).parents[2])},
    ).stdout.split()
    assert out[:5] == [str(size), "2000000", "True", "True", "True"]
    assert int(out[5]) < 120 * 1024


def test_prefixes_expand_to_commits_only(repo: Sample) -> None:
    oid = repo.commit({"a": b"1"})
    assert objects.expand(repo.directory, oid[:7]) == oid
    assert objects.expand(repo.directory, oid[:9].upper()) == oid
    assert objects.expand(repo.directory, oid) == oid
    assert objects.abbreviate(oid) == oid[:10]
    blob = repo.text("rev-parse", f"{oid}:a")
    for prefix in (blob[:8], blob, "", "abc", "main", oid[:3], MISSING, "0000", "-" + oid[:6], oid + "0"):
        assert objects.expand(repo.directory, prefix) is None


def test_ambiguous_prefixes(repo: Sample) -> None:
    commit = repo.commit({"a": b"1"})
    blobs: list[str] = []
    n = 0
    while not any(blob[:4] == commit[:4] for blob in blobs):
        script = b"".join(b"blob\ndata %d\n%d\n" % (len(str(k)), k) for k in range(n, n + 40000))
        repo.git("-c", "fastimport.unpackLimit=0", "fast-import", "--quiet", "--force", data=script)
        n += 40000
        blobs = repo.text("cat-file", "--batch-all-objects", "--batch-check=%(objectname)").split()
        blobs.remove(commit)
    assert objects.expand(repo.directory, commit[:4]) == commit
    commits = [commit]
    while not any(other[:4] == c[:4] for c in commits for other in commits if other != c):
        script = b"".join(b"commit refs/heads/x\ncommitter B <b@x> %d +0000\ndata 0\n" % k for k in range(n, n + 300))
        n += 300
        repo.git("fast-import", "--quiet", "--force", data=script)
        commits = repo.text("rev-list", "--all").split()
    twins = [c for c in commits if sum(o[:4] == c[:4] for o in commits) > 1]
    assert objects.expand(repo.directory, twins[0][:4]) is None


def test_new_packs_and_folded_packs_are_seen(repo: Sample) -> None:
    first = repo.commit({"a": b"1"})
    assert objects.commit(repo.directory, first).oid == first
    last = first
    for n in range(5):
        last = repo.commit({"a": b"%d" % n, "b/c": b"x%d" % n}, last)
        with pytest.raises(ObjectMissing):
            objects.commit(repo.directory, f"{n}" * 40)
        repo.git("repack", "-dq") if n % 2 else repo.git("repack", "-adq", "--write-midx")
        for oid in repo.text("rev-list", last).split():
            assert [row.name for row in objects.tree(repo.directory, oid)][-1] == "a"


def test_a_repository_made_again_is_seen(tmp_path: Path) -> None:
    where = tmp_path / "r.git"
    with pytest.raises(GitError, match="no-repository"):
        objects.commit(where, MISSING)
    for n in range(3):
        repo = Sample(where)
        oid = repo.commit({f"file{n}": b"%d" % n})
        assert [row.name for row in objects.tree(where, oid)] == [f"file{n}"]
        (where / "keep").write_bytes(b"")
        shutil.rmtree(where)
        with pytest.raises(GitError):
            objects.commit(where, MISSING)
    for n in range(3):
        repo = Sample(where)
        oid = repo.commit({f"other{n}": b"%d" % n})
        assert [row.name for row in objects.tree(where, oid)] == [f"other{n}"]
        shutil.rmtree(where)


def test_each_thread_has_its_own_and_only_so_many(tmp_path: Path) -> None:
    repos = [Sample(tmp_path / f"{n}.git") for n in range(40)]
    tips = [repo.commit({"a": b"1"}) for repo in repos]
    seen: list[set[int]] = []

    def read_all() -> None:
        for repo, tip in zip(repos, tips, strict=True):
            assert objects.commit(repo.directory, tip).subject == "Change"
        seen.append({id(held) for _, held in odb._kept.open.values()})
        assert len(odb._kept.open) == odb._KEPT_PER_THREAD

    threads = [threading.Thread(target=read_all) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 3


def test_trees_that_make_no_sense_end_early(repo: Sample) -> None:
    good = b"100644 a\0" + bytes(20)
    for tail in (b"100644 b\0short", b"junk", b"1006x4 c\0" + bytes(20), b"100644 no-end"):
        assert [row[0] for row in parse.raw_entries(good + tail)] == [b"a"]
