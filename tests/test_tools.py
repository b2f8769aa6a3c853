"""The generators, each on a copy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tools import new_capability, reference

from openhearth.site.capabilities import CAPABILITIES

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A tree with the package's top and its list of capabilities."""
    package = tmp_path / "src" / "openhearth"
    for folder in ("site", "people", "code"):
        (package / folder).mkdir(parents=True)
        (package / folder / "__init__.py").touch()
    listed = (ROOT / "src/openhearth/site/capabilities.py").read_text()
    (package / "site" / "capabilities.py").write_text(listed)
    return tmp_path


def listed(copy: Path) -> list[str]:
    names: dict[str, tuple[str, ...]] = {}
    exec((copy / "src/openhearth/site/capabilities.py").read_text(), names)  # noqa: S102  a file of our own
    return list(names["CAPABILITIES"])


@pytest.mark.parametrize(("area", "after"), [("people", "openhearth.people."), ("collab", "openhearth.code.")])
def test_a_new_capability_stands_after_its_own_and_lower_areas(copy: Path, area: str, after: str) -> None:
    new_capability.write(copy, area, "polls", "Polls: questions with answers. Nouns: poll, answer.")
    names = listed(copy)
    assert sorted(names) == sorted([*CAPABILITIES, f"openhearth.{area}.polls"])
    place = names.index(f"openhearth.{area}.polls")
    assert names[place - 1].startswith(after)
    assert [name for name in names if name != f"openhearth.{area}.polls"] == list(CAPABILITIES)


def test_a_new_capability_is_in_our_style_and_can_be_loaded(copy: Path) -> None:
    written = new_capability.write(copy, "collab", "polls", "Polls: questions. Nouns: poll.")
    assert (copy / "src/openhearth/collab/polls/migrations/__init__.py") in written
    assert (copy / "src/openhearth/collab/polls/tests/test_polls.py") in written
    config = str(ROOT / "pyproject.toml")
    for command in (["check"], ["format", "--check"]):
        subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--no-cache", "--config", config, "src/openhearth/collab"],
            check=True,
            cwd=copy,
            capture_output=True,
        )
    code = "from openhearth.collab.polls.apps import PollsConfig as C; print(C.name, C.label)"
    (copy / "src" / "openhearth" / "__init__.py").touch()
    said = subprocess.run(
        [sys.executable, "-c", code], check=True, cwd=copy / "src", capture_output=True, text=True, env={"PATH": ""}
    ).stdout
    assert said == "openhearth.collab.polls polls\n"


@pytest.mark.parametrize(
    ("area", "name"), [("nowhere", "polls"), ("people", "Polls"), ("people", "a-b"), ("people", "")]
)
def test_what_is_no_capability_is_refused(copy: Path, area: str, name: str) -> None:
    before = listed(copy)
    with pytest.raises(ValueError, match=r"area|capability"):
        new_capability.write(copy, area, name, "")
    assert listed(copy) == before


def test_one_that_is_there_is_not_overwritten(copy: Path) -> None:
    new_capability.write(copy, "collab", "polls", "Polls.")
    with pytest.raises(ValueError, match="there already"):
        new_capability.write(copy, "collab", "polls", "Polls.")


def test_reference_pages_name_what_they_should() -> None:
    pages = reference.pages()
    assert "| `ssh.port` |" in pages["settings.md"]
    assert "`repo.read`" in pages["permissions.md"]
    assert "`account.created`" in pages["events.md"]
    assert "## ./hearth repo add" in pages["commands.md"]
    assert "`/-/sign-in`" in pages["addresses.md"]
    assert "info/refs" in pages["addresses.md"]
    for text in pages.values():
        assert text.startswith("<!-- Made by")


def test_a_stale_page_is_found_and_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "FOLDER", tmp_path)
    assert reference.main(check=True) == 1
    assert list(tmp_path.iterdir()) == []
    assert reference.main() == 0
    assert reference.main(check=True) == 0
    (tmp_path / "jobs.md").write_text("by hand")
    assert reference.main(check=True) == 1
