"""An instance with two accounts, and a git that knows nothing of this machine's settings."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.instance import Instance, hearth


class Git:
    """Runs the git client in a folder."""

    def __init__(self, folder: Path, **more: str) -> None:
        self.folder = folder
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_AUTHOR_NAME": "Lin",
            "GIT_AUTHOR_EMAIL": "lin@example.org",
            "GIT_COMMITTER_NAME": "Lin",
            "GIT_COMMITTER_EMAIL": "lin@example.org",
            "LC_ALL": "C.UTF-8",
            **more,
        }

    def run(self, *args: str, ok: bool = True, stdin: bytes | None = None) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["git", *args], cwd=self.folder, env=self.env, input=stdin, capture_output=True, timeout=300, check=False
        )
        told = subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
        )
        if ok:
            assert told.returncode == 0, f"git {' '.join(args)}\n{told.stderr}"
        return told

    def __call__(self, *args: str, **more: bytes | None) -> str:
        return self.run(*args, **more).stdout.strip()

    def at(self, name: str) -> Git:
        return Git(self.folder / name, **{k: v for k, v in self.env.items() if k != "HOME"})


class Place:
    """The running instance, its accounts and their ways in."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.tokens: dict[str, str] = {}
        for name in ("lin", "eve"):
            self.cli(
                "user", "add", name, "--email", f"{name}@example.org", "--password", f"horse {name} battery staple"
            )
            self.tokens[name] = self.cli("token", "add", name, "--scopes", "repo").strip()

    def cli(self, *args: str, ok: bool = True) -> str:
        done = hearth(*args, "--data", str(self.instance.data))
        if ok:
            assert done.returncode == 0, done.stderr
        return done.stdout

    def http(self, path: str, who: str | None = "lin") -> str:
        user = f"{who}:{self.tokens[who]}@" if who else ""
        return f"http://{user}127.0.0.1:{self.instance.port}/{path}.git"

    def ssh(self, path: str) -> str:
        return f"ssh://git@127.0.0.1:{self.instance.state()['ssh']['port']}/{path}.git"

    def key(self, who: str, folder: Path) -> dict[str, str]:
        """Give an account a new key and return the environment in which git uses it."""
        path = folder / f"key-{who}"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
        self.cli("key", "add", who, f"{path}.pub")
        options = "-o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
        return {"GIT_SSH_COMMAND": f"ssh -F /dev/null -i {path} {options}"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    instance = Instance(tmp_path_factory.mktemp("wire") / "data").wait()
    try:
        yield Place(instance)
    finally:
        instance.stop()


@pytest.fixture
def git(tmp_path: Path) -> Git:
    return Git(tmp_path)


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with merges, tags of tags, notes, Chinese names and 300 commits."""
    folder = tmp_path_factory.mktemp("history")
    git = Git(folder)
    git("init", "-q", "-b", "main", "work")
    work = git.at("work")
    lines = []
    for number in range(300):
        text = f"line {number}\n" * (number % 7 + 1)
        lines += [
            "commit refs/heads/main",
            f"mark :{number + 1}",
            f"committer 林月 <lin@example.org> {1700000000 + number * 60} +0800",
            f"data {len(f'提交 {number}'.encode())}",
            f"提交 {number}",
            *([f"from :{number}"] if number else []),
            f"M 100644 inline 文件夹/文件-{number % 20}.txt",
            f"data {len(text.encode())}",
            text,
        ]
    lines += ["reset refs/heads/topic", "from :200", ""]
    work("fast-import", "--quiet", stdin="\n".join(lines).encode())
    work("checkout", "-q", "topic")
    (work.folder / "topic.txt").write_text("topic\n")
    work("add", ".")
    work("commit", "-qm", "On a branch")
    work("checkout", "-q", "main")
    work("merge", "-q", "--no-ff", "-m", "Merge topic", "topic")
    work("tag", "light")
    work("tag", "-a", "v1", "-m", "First")
    work("tag", "-a", "v1-again", "-m", "A tag of a tag", "v1")
    work("notes", "add", "-m", "noted")
    return work.folder
