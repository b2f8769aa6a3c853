"""Small real repositories, made by real git, for the tests of the reading side."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_FIXED = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_AUTHOR_DATE": "1700000000 +0100",
    "GIT_COMMITTER_NAME": "Bo",
    "GIT_COMMITTER_EMAIL": "bo@example.org",
    "GIT_COMMITTER_DATE": "1700000000 +0100",
}


class Sample:
    """A bare repository under a test's directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(directory)], check=True, env=_FIXED, cwd="/")

    def git(self, *args: str, data: bytes = b"", env: Mapping[str, str] | None = None) -> bytes:
        done = subprocess.run(
            ["git", "--git-dir", str(self.directory), "-c", "core.quotePath=false", *args],
            input=data,
            capture_output=True,
            env={**_FIXED, **(env or {})},
            cwd="/",
            check=False,
        )
        assert done.returncode == 0, (args, done.stderr)
        return done.stdout

    def text(self, *args: str, data: bytes = b"") -> str:
        return self.git(*args, data=data).decode("utf-8", "surrogateescape").strip()

    def raw(self, kind: str, data: bytes) -> str:
        """Write an object as it is, however odd."""
        return self.text("hash-object", "-t", kind, "-w", "--literally", "--stdin", data=data)

    def blob(self, data: bytes) -> str:
        return self.text("hash-object", "-w", "--stdin", data=data)

    def tree(self, rows: Sequence[tuple[str, str, bytes | str]]) -> str:
        """Rows of (mode, id, name), sorted as git wants them."""

        def name_of(row: tuple[str, str, bytes | str]) -> bytes:
            return row[2] if isinstance(row[2], bytes) else row[2].encode()

        def key(row: tuple[str, str, bytes | str]) -> bytes:
            return name_of(row) + (b"/" if row[0] in {"40000", "040000"} else b"")

        body = b"".join(
            row[0].encode() + b" " + name_of(row) + b"\0" + bytes.fromhex(row[1]) for row in sorted(rows, key=key)
        )
        return self.raw("tree", body)

    def nested(self, files: Mapping[str, bytes | tuple[str, bytes]]) -> str:
        """A tree of paths; a value is content, or (mode, content or id of a submodule)."""
        rows: list[tuple[str, str, bytes | str]] = []
        folders: dict[str, dict[str, bytes | tuple[str, bytes]]] = {}
        for path, value in files.items():
            head, slash, rest = path.partition("/")
            if slash:
                folders.setdefault(head, {})[rest] = value
                continue
            mode, content = value if isinstance(value, tuple) else ("100644", value)
            oid = content.decode() if mode == "160000" else self.blob(content)
            rows.append((mode, oid, os.fsencode(path)))
        rows.extend(("40000", self.nested(inner), os.fsencode(name)) for name, inner in folders.items())
        return self.tree(rows)

    def commit(
        self,
        files: Mapping[str, bytes | tuple[str, bytes]] | str,
        *parents: str,
        message: str = "Change",
        when: str = "1700000000 +0100",
        branch: str | None = "main",
    ) -> str:
        """A commit of these files (or of a tree's id)."""
        tree = files if isinstance(files, str) else self.nested(files)
        flags = [flag for parent in parents for flag in ("-p", parent)]
        oid = (
            self.git(
                "commit-tree",
                *flags,
                tree,
                data=message.encode(),
                env={"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when},
            )
            .decode()
            .strip()
        )
        if branch is not None:
            self.git("update-ref", f"refs/heads/{branch}", oid)
        return oid
