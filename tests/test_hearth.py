"""The `hearth` script in a checkout of its own, with a lock of one small wheel: no network is needed."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SYSTEM = "/usr/bin:/bin"
CLI = """
import json, os, sys
import smallthing
print(json.dumps({"arguments": sys.argv[1:], "prefix": sys.prefix, "thing": smallthing.NUMBER, "cwd": os.getcwd()}))
"""


def wheel(folder: Path, number: int) -> str:
    """Make a wheel named smallthing; returns its line for a lock."""
    path = folder / f"smallthing-{number}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("smallthing.py", f"NUMBER = {number}\n")
        info = f"smallthing-{number}.dist-info"
        made.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: smallthing\nVersion: {number}\n")
        made.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        made.writestr(f"{info}/RECORD", f"smallthing.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return f"smallthing=={number} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


class Checkout:
    """A checkout in a folder with a space in its name."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a checkout"
        self.wheels = folder / "wheels"
        site = self.root / "src" / "openhearth" / "site"
        site.mkdir(parents=True)
        self.wheels.mkdir()
        (self.root / "requirements").mkdir()
        (site.parent / "__init__.py").touch()
        (site / "__init__.py").touch()
        (site / "cli.py").write_text(CLI)
        shutil.copy(ROOT / "hearth", self.root / "hearth")
        self.lock(1)
        python = Path(sys.executable).resolve().parent
        self.path = f"{python}:{SYSTEM}"

    def lock(self, number: int) -> None:
        for name in ("core", "dev"):
            (self.root / "requirements" / f"{name}.txt").write_text(wheel(self.wheels, number))

    @property
    def environ(self) -> dict[str, str]:
        offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels), "PIP_CONFIG_FILE": os.devnull}
        return {"PATH": self.path, "HOME": str(self.root), "LANG": "C.UTF-8", **offline}

    def start(self, *arguments: str, program: str | None = None, cwd: Path | None = None) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [program or str(self.root / "hearth"), *arguments],
            env=self.environ,
            cwd=cwd or "/",
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *arguments: str, program: str | None = None, cwd: Path | None = None) -> tuple[int, str, str]:
        process = self.start(*arguments, program=program, cwd=cwd)
        out, err = process.communicate(timeout=240)
        return process.returncode, out, err


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout whose first use has happened, by two at once."""
    checkout = Checkout(tmp_path_factory.mktemp("prepared"))
    both = [checkout.start("one", "two words"), checkout.start("--data", "x", "three")]
    said = [process.communicate(timeout=240) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert '"arguments": ["one", "two words"]' in said[0][0]
    assert f'"prefix": "{checkout.root}/.venv"' in said[1][0]
    assert sum("installing" in err for _out, err in said) == 1, "one installs, the other waits"
    return checkout


def test_a_later_use_installs_nothing(prepared: Checkout) -> None:
    code, out, err = prepared.run("again")
    assert (code, err) == (0, "")
    assert '"thing": 1' in out


def test_it_works_through_links_and_from_elsewhere(prepared: Checkout, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "first").symlink_to(prepared.root / "hearth")
    (tmp_path / "bin" / "hearth").symlink_to("../first")
    code, out, err = prepared.run("x", program=str(tmp_path / "bin" / "hearth"), cwd=tmp_path)
    assert (code, err) == (0, "")
    assert f'"cwd": "{tmp_path}"' in out, "relative paths mean the caller's directory"
    assert prepared.run("x", program="./hearth", cwd=prepared.root)[0] == 0


def test_a_half_made_environment_is_not_taken_for_a_whole_one(prepared: Checkout) -> None:
    (prepared.root / ".venv" / "core.lock").unlink()
    (prepared.root / ".venv" / "dev.lock").unlink(missing_ok=True)
    code, out, err = prepared.run("x")
    assert code == 0
    assert "installing" in err
    assert '"thing": 1' in out


def test_a_new_lock_is_followed(prepared: Checkout) -> None:
    prepared.lock(2)
    try:
        code, out, _err = prepared.run("x")
        assert code == 0
        assert '"thing": 2' in out
    finally:
        prepared.lock(1)


def test_a_wrong_hash_installs_nothing(prepared: Checkout) -> None:
    lock = prepared.root / "requirements" / "core.txt"
    before = lock.read_text()
    lock.write_text("smallthing==1 --hash=sha256:" + "0" * 64 + "\n")
    try:
        code, out, err = prepared.run("x")
        assert code == 1
        assert out == ""
        assert "could not be installed" in err
    finally:
        lock.write_text(before)


def fake(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


TOOLS = ("sh", "cmp", "cp", "mv", "rm", "readlink")


def poor(checkout: Checkout, folder: Path) -> Path:
    """Give the checkout a PATH with the least that a machine has, and no git or Python."""
    folder.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found
        (folder / tool).symlink_to(found)
    checkout.path = str(folder)
    return folder


def test_a_machine_without_git_is_told(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    poor(checkout, tmp_path / "bin")
    code, _out, err = checkout.run("x")
    assert code == 1
    assert "no git" in err
    assert "apt-get install git" in err
    assert "dnf" in err
    assert "brew" in err


@pytest.mark.parametrize(("version", "fine"), [("2.38.9", False), ("1.9.1", False), ("2.39.0", True), ("3.0", True)])
def test_git_must_be_new_enough(tmp_path: Path, version: str, fine: bool) -> None:
    checkout = Checkout(tmp_path)
    fake(poor(checkout, tmp_path / "bin"), "git", f'echo "git version {version} (Apple Git-1)"')
    code, _out, err = checkout.run("x")
    assert code == 1
    assert ("Python" in err) is fine, "with a good git, Python is missed next"
    assert (version in err) is not fine


def test_an_old_python_is_named_and_a_newer_one_found(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    folder = poor(checkout, tmp_path / "bin")
    fake(folder, "git", "echo git version 2.40.0")
    fake(folder, "python3", "exit 1")
    code, _out, err = checkout.run("x")
    assert code == 1
    assert "Found: python3." in err
    (folder / "python3.12").symlink_to(Path(sys.executable).resolve())
    code, out, err = checkout.run("x")
    assert code == 0, err
    assert '"thing": 1' in out


def test_a_python_without_venv_is_named(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    folder = poor(checkout, tmp_path / "bin")
    fake(folder, "git", "echo git version 2.40.0")
    fake(folder, "python3", 'case "$2" in *ensurepip*) exit 1;; esac; exit 0')
    code, _out, err = checkout.run("x")
    assert code == 1
    assert "without its venv module" in err
    assert "python3-venv" in err


def test_the_development_set_holds_the_core_set() -> None:
    def pins(name: str) -> set[str]:
        lines = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
        return {line.split(" ")[0] for line in lines if "==" in line and not line.startswith((" ", "#"))}

    assert pins("core") <= pins("dev")
