"""The last commit of each entry equals `git log -1 -- path`, whatever the history and the graph look like."""

import random
from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

from openhearth.git import commitgraph, lastcommit
from openhearth.git.commitgraph import murmur3
from openhearth.git.errors import GitError, ObjectMissing, TimedOut
from openhearth.git.tests.sample import Sample

NAMES = ["a", "b.txt", "ü", "中", "x y", 'q"t', "new\nline"]


class Memory:
    """An answer store that counts what it is asked."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], dict[str, str]] = {}
        self.taken: list[str] = []

    def get(self, folder: str, commit: str) -> Mapping[str, str] | None:
        found = self.kept.get((folder, commit))
        if found is not None:
            self.taken.append(commit)
        return found

    def put(self, folder: str, commit: str, answers: Mapping[str, str]) -> None:
        self.kept[folder, commit] = dict(answers)

    def commits(self, folder: str) -> Collection[str]:
        return [commit for where, commit in self.kept if where == folder]


def by_git(repo: Sample, commit: str, folder: str) -> dict[str, str]:
    listed = repo.git("ls-tree", "-z", "--name-only", f"{commit}:{folder}").decode("utf-8", "surrogateescape")
    found = {}
    for name in listed.split("\0")[:-1]:
        path = f"{folder}/{name}" if folder else name
        found[name] = repo.text("log", "-1", "--format=%H", commit, "--", f":(literal){path}")
    return found


def folders_of(repo: Sample, commit: str) -> list[str]:
    listed = repo.git("ls-tree", "-rtdz", commit).decode("utf-8", "surrogateescape")
    rows = [row.partition("\t") for row in listed.split("\0")[:-1]]
    return ["", *(path for facts, _, path in rows if " tree " in facts)]


Files = dict[str, tuple[str, bytes]]


def random_path(rnd: random.Random) -> str:
    return "/".join(rnd.choice(NAMES) for _ in range(rnd.randint(1, 3)))


def change(rnd: random.Random, files: Files, pool: list[bytes]) -> Files:
    """A few edits: new files, changes (also back to earlier content), deletes, moves, permissions, kinds."""
    made = dict(files)
    for _ in range(rnd.randint(0, 3)):
        path = rnd.choice(sorted(made)) if made and rnd.random() < 0.6 else random_path(rnd)
        parts = path.split("/")
        above = {"/".join(parts[:n]) for n in range(1, len(parts))}
        act = rnd.random()
        if act < 0.25:
            made.pop(path, None)
            continue
        made = {p: v for p, v in made.items() if p not in above and not p.startswith(path + "/")}
        if act < 0.35 and made:
            made[path] = made.pop(rnd.choice(sorted(made)))
        elif act < 0.5:
            made[path] = (rnd.choice(["100755", "120000"]), rnd.choice(pool))
        elif act < 0.55:
            made[path] = ("160000", rnd.choice([b"1" * 40, b"2" * 40]))
        else:
            made[path] = ("100644", rnd.choice(pool))
    return made


def merged(rnd: random.Random, sides: list[Files]) -> Files:
    """Mostly one of the sides for each path, sometimes neither."""
    made: Files = {}
    for path in sorted({path for side in sides for path in side}):
        side = rnd.choice(sides) if rnd.random() < 0.7 else sides[0]
        if path in side and not any(path.startswith(p + "/") or p.startswith(path + "/") for p in made):
            made[path] = side[path]
    return change(rnd, made, [b"evil"]) if rnd.random() < 0.3 else made


def random_history(repo: Sample, seed: int, size: int) -> list[str]:
    """Commits on changing content with merges (of three, too), roots, equal and falling dates."""
    rnd = random.Random(seed)
    pool = [b"1", b"2", b"3"]
    states: list[Files] = []
    script: list[bytes] = []
    clock = 1_600_000_000
    for mark in range(1, size + 1):
        clock += rnd.choice([0, 1, 60, -5000]) + 10
        kind = rnd.random()
        parents: list[int] = []
        if states and kind > 0.04:
            recent = range(max(1, mark - 6), mark)
            parents = rnd.sample(recent, min(len(recent), 1 if kind < 0.7 else 2 if kind < 0.95 else 3))
        sides = [states[parent - 1] for parent in parents]
        if len(sides) > 1:
            files = merged(rnd, sides)
        else:
            files = change(rnd, sides[0] if sides else change(rnd, {}, pool), pool)
        states.append(files)
        script.append(fast_import(mark, parents, files, clock))
    repo.git("fast-import", "--quiet", f"--export-marks={repo.directory}/marks", data=b"".join(script))
    rows = (repo.directory / "marks").read_text().splitlines()
    marks = dict(row.split() for row in rows)
    return [marks[f":{mark}"] for mark in range(1, size + 1)]


def fast_import(mark: int, parents: list[int], files: Files, clock: int) -> bytes:
    lines = [f"commit refs/heads/all/{mark}", f"mark :{mark}", f"committer B <b@x> {clock} +0000", "data 0"]
    lines += [f"{'merge' if n else 'from'} :{parent}" for n, parent in enumerate(parents)]
    lines.append("deleteall")
    made = "\n".join(lines).encode() + b"\n"
    for path, (mode, content) in files.items():
        quoted = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        if mode == "160000":
            made += f'M 160000 {content.decode()} "{quoted}"\n'.encode()
        else:
            made += f'M {mode} inline "{quoted}"\ndata {len(content)}\n'.encode() + content + b"\n"
    return made + b"\n"


def write_graph(repo: Sample, how: str, commits: list[str]) -> None:
    if how == "plain":
        repo.git("commit-graph", "write", "--reachable")
    elif how == "filters":
        repo.git("commit-graph", "write", "--reachable", "--changed-paths")
    elif how in {"chain", "part"}:
        steps = (len(commits) // 3, len(commits) * 2 // 3, len(commits)) if how == "chain" else (len(commits) // 2,)
        for n, end in enumerate(steps):
            flags = ["--changed-paths"] if n != 1 else ["--no-changed-paths"]
            known = "\n".join(commits[:end]) + "\n"
            repo.git("commit-graph", "write", "--stdin-commits", "--split=no-merge", *flags, data=known.encode())


@pytest.mark.parametrize("how", ["none", "plain", "filters", "chain", "part"])
@pytest.mark.parametrize("seed", range(6))
def test_equals_git_on_random_histories(tmp_path: Path, seed: int, how: str) -> None:
    repo = Sample(tmp_path / "r.git")
    commits = random_history(repo, seed, 30)
    write_graph(repo, how, commits)
    graph = commitgraph.load(repo.directory)
    layers = {"none": 0, "plain": 1, "filters": 1, "chain": 3, "part": 1}[how]
    assert (0 if graph is None else len(graph.layers)) == layers
    store = Memory()
    for commit in (commits[9], commits[-4], commits[-1]):
        for folder in folders_of(repo, commit):
            expected = by_git(repo, commit, folder)
            assert lastcommit.last_commits(repo.directory, commit, folder) == expected
            assert lastcommit.last_commits(repo.directory, commit, folder, store=store) == expected
            assert lastcommit.last_commits(repo.directory, commit, folder, store=store) == expected


def test_filters_are_used_and_never_lie_about_high_bytes(tmp_path: Path) -> None:
    repo = Sample(tmp_path / "r.git")
    files = {f"{name}/{other}": b"0" for name in ("ü", "d", "中文", "é€") for other in ("ÿ", "f", "数据")}
    tip = repo.commit(files)
    for n, path in enumerate(list(files) * 3):
        files = {**files, path: b"%d" % n}
        tip = repo.commit(files, tip, when=f"{1700000000 + n} +0000")
    repo.git("commit-graph", "write", "--reachable", "--changed-paths")
    graph = commitgraph.load(repo.directory)
    assert graph is not None
    sure = 0
    for commit in repo.text("rev-list", "--max-parents=1", tip).split():
        place = graph.find(bytes.fromhex(commit))
        assert place is not None
        filtered = graph.changed_paths(place)
        assert filtered is not None
        shown = repo.git("diff-tree", "--root", "-r", "-z", "--name-only", "--no-commit-id", commit)
        changed = set(shown.decode().split("\0")[:-1])
        for path in files:
            possible = commitgraph.PathKey(path.encode()).may_be_in(filtered)
            assert possible or path not in changed
            sure += not possible
    assert sure > 300
    for folder in folders_of(repo, tip):
        assert lastcommit.last_commits(repo.directory, tip, folder) == by_git(repo, tip, folder)


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"", 0x00000000),
        (b"Hello world!", 0x627B0C2C),
        (b"The quick brown fox jumps over the lazy dog", 0x2E4FF723),
        (b"\x99\xaa\xbb\xcc\xdd\xee\xff", 0xA183CCFD),
    ],
)
def test_murmur3(data: bytes, value: int) -> None:
    assert murmur3(data, 0, signed=False) == value
    assert (murmur3(data, 0, signed=True) == value) == data.isascii()


def test_the_graph_tells_what_git_tells(tmp_path: Path) -> None:
    repo = Sample(tmp_path / "r.git")
    commits = random_history(repo, 7, 30)
    octopus = repo.commit({"z": b"z"}, *commits[-5:])
    for how in ("filters", "chain"):
        write_graph(repo, how, [*commits, octopus])
        graph = commitgraph.load(repo.directory)
        assert graph is not None
        for line in repo.text("log", "--all", "--format=%H %T %P").splitlines():
            oid, tree, *parents = line.split()
            place = graph.find(bytes.fromhex(oid))
            assert place is not None
            assert graph.oid(place).hex() == oid
            assert graph.tree(place).hex() == tree
            assert [graph.oid(p).hex() for p in graph.parents(place)] == parents
            assert all(graph.level(p) < graph.level(place) for p in graph.parents(place))
        assert graph.find(b"\0" * 20) is None
        assert graph.find(b"\xff" * 20) is None
        (repo.directory / "objects/info/commit-graph").unlink(missing_ok=True)


def test_a_broken_graph_is_ignored(tmp_path: Path) -> None:
    repo = Sample(tmp_path / "r.git")
    tip = repo.commit({"a": b"1"}, repo.commit({"a": b"0"}))
    repo.git("commit-graph", "write", "--reachable", "--changed-paths")
    file = repo.directory / "objects/info/commit-graph"
    whole = file.read_bytes()
    file.chmod(0o644)
    for bad in (b"", b"CGPH", b"XXXX" + whole[4:], whole[:4] + b"\x02" + whole[5:], whole[:60], whole[:1200]):
        file.unlink()
        file.write_bytes(bad)
        assert commitgraph.load(repo.directory) is None
        assert lastcommit.last_commits(repo.directory, tip) == {"a": tip}
    file.unlink()
    file.write_bytes(whole)
    assert commitgraph.load(repo.directory) is not None


def test_stored_answers_end_the_walk(tmp_path: Path) -> None:
    repo = Sample(tmp_path / "r.git")
    files = {f"f{n}": b"0" for n in range(5)}
    tip = repo.commit(files)
    chain = [tip]
    for n in range(30):
        files = {**files, f"f{n % 4}": b"%d" % n}
        tip = repo.commit(files, tip, when=f"{1700000001 + n} +0000")
        chain.append(tip)
    store = Memory()
    lastcommit.last_commits(repo.directory, chain[20], store=store)
    # The stored answer is believed: the walk does not go behind it.
    store.kept["", chain[20]]["f4"] = "e" * 40
    found = lastcommit.last_commits(repo.directory, tip, store=store)
    assert found["f4"] == "e" * 40
    assert {name: oid for name, oid in found.items() if name != "f4"} == {
        name: oid for name, oid in by_git(repo, tip, "").items() if name != "f4"
    }
    assert store.taken == [chain[20]]


def test_an_incomplete_stored_answer_does_no_harm(tmp_path: Path) -> None:
    repo = Sample(tmp_path / "r.git")
    first = repo.commit({"a": b"1", "b": b"1"})
    second = repo.commit({"a": b"2", "b": b"1"}, first)
    store = Memory()
    store.kept["", first] = {"a": first}
    store.kept["", "f" * 40] = {"a": first}
    assert lastcommit.last_commits(repo.directory, second, store=store) == {"a": second, "b": first}


def test_shallow_repositories_end_at_the_cut(tmp_path: Path) -> None:
    repo = Sample(tmp_path / "r.git")
    tip = repo.commit({"a": b"1"})
    for n in range(6):
        tip = repo.commit({"a": b"1", "b": b"%d" % n}, tip, when=f"{1700000001 + n} +0000")
    repo.git("commit-graph", "write", "--reachable", "--changed-paths")
    shallow = Sample(tmp_path / "s.git")
    shallow.git("fetch", "-q", "--depth=3", f"file://{repo.directory}", "main:main")
    assert (shallow.directory / "shallow").exists()
    assert lastcommit.last_commits(shallow.directory, tip) == by_git(shallow, tip, "")
    (repo.directory / "shallow").write_bytes((shallow.directory / "shallow").read_bytes())
    assert lastcommit.last_commits(repo.directory, tip) == by_git(repo, tip, "")


def test_a_borrowing_repository_uses_the_lenders_graph(tmp_path: Path) -> None:
    repo = Sample(tmp_path / "r.git")
    commits = random_history(repo, 3, 20)
    write_graph(repo, "part", commits)
    fork = Sample(tmp_path / "f.git")
    (fork.directory / "objects/info/alternates").write_text(f"{repo.directory}/objects\n")
    graph = commitgraph.load(fork.directory)
    assert graph is not None
    tip = fork.commit({"a": b"new", "d/x": b"new"}, commits[-1])
    for folder in folders_of(fork, tip):
        assert lastcommit.last_commits(fork.directory, tip, folder) == by_git(fork, tip, folder)


def test_odd_trees(tmp_path: Path) -> None:
    repo = Sample(tmp_path / "r.git")
    blob, other = repo.blob(b"1"), repo.blob(b"2")
    inner = repo.tree([("100644", blob, "x")])
    first = repo.commit(repo.tree([("100664", blob, "old"), ("40000", inner, "d")]))
    second = repo.commit(repo.tree([("100644", blob, "old"), ("040000", inner, "d")]), first)
    third = repo.commit(
        repo.tree([("100644", blob, "old"), ("040000", inner, "d"), ("100644", other, b"\xff")]), second
    )
    assert lastcommit.last_commits(repo.directory, second) == {"old": first, "d": first}
    assert lastcommit.last_commits(repo.directory, third) == {"old": first, "d": first, "\udcff": third}
    assert by_git(repo, third, "") == {"old": first, "d": first, "\udcff": third}
    empty = repo.commit("4b825dc642cb6eb9a060e54bf8d69288fbee4904" if repo.raw("tree", b"") else "", third)
    assert lastcommit.last_commits(repo.directory, empty) == {}


def test_errors(tmp_path: Path) -> None:
    repo = Sample(tmp_path / "r.git")
    tip = repo.commit({"a": b"1", "d/x": b"1"})
    for path in ("no", "a", "d/x", "d/no/e"):
        with pytest.raises(GitError, match="no-such-path"):
            lastcommit.last_commits(repo.directory, tip, path)
    with pytest.raises(ObjectMissing):
        lastcommit.last_commits(repo.directory, "1" * 40)
    with pytest.raises(ObjectMissing):
        lastcommit.last_commits(repo.directory, "main")
    with pytest.raises(GitError, match="not-a-commit"):
        lastcommit.last_commits(repo.directory, repo.text("rev-parse", f"{tip}^{{tree}}"))


def test_time_is_bounded(tmp_path: Path) -> None:
    repo = Sample(tmp_path / "r.git")
    script = b"".join(
        b"commit refs/heads/main\ncommitter B <b@x> %d +0000\ndata 0\nM 100644 inline b\ndata 4\n%04d" % (k, k)
        + (b"M 100644 inline a\ndata 1\nx" if k == 0 else b"")
        + b"\n"
        for k in range(2000)
    )
    repo.git("fast-import", "--quiet", data=script)
    tip = repo.text("rev-parse", "main")
    with pytest.raises(TimedOut):
        lastcommit.last_commits(repo.directory, tip, seconds=0)
    assert lastcommit.last_commits(repo.directory, tip) == by_git(repo, tip, "")
