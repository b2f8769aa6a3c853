"""The documents hold together: links lead somewhere, keys and commands are told of, every page can be found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import click
import pytest
from babel.messages.pofile import read_po

from openhearth.kernel.config import describe
from openhearth.site import cli

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
INDEX = DOCS / "README.md"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
PROSE = [page for page in PAGES if DOCS / "reference" not in page.parents]
TRANSLATED = sorted([*(DOCS / "start").glob("*.md"), *(DOCS / "use").glob("*.md")])
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
LINK = re.compile(r"!?\[[^\]\n]*\]\(([^)\s]+)\)")


def test_the_rooms_of_the_documentation_are_there() -> None:
    assert {page.parent.name for page in PAGES} >= {"start", "use", "operate", "develop", "decisions", "reference"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_lead_to_a_file_and_a_heading(page: Path) -> None:
    wrong = []
    for link in links(page):
        target, _hash, heading = link.partition("#")
        file = (page.parent / unquote(target)).resolve() if target else page
        if not file.is_relative_to(ROOT) or not file.exists() or (heading and heading not in headings(file)):
            wrong.append(link)
    assert wrong == []


def test_every_file_can_be_reached_from_the_index() -> None:
    seen: set[Path] = set()
    waiting = [INDEX]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        if page.suffix == ".md" and page.exists():
            waiting += [(page.parent / unquote(link.partition("#")[0])).resolve() for link in links(page)]
    assert [str(file.relative_to(ROOT)) for file in files(DOCS) if file not in seen] == []


def test_every_page_for_users_is_there_in_both_languages_and_leads_to_the_other() -> None:
    names = {page.name for page in TRANSLATED}
    for page in TRANSLATED:
        stem = page.name.removesuffix(".md").removesuffix(".zh-Hans")
        other = f"{stem}.md" if page.name.endswith(".zh-Hans.md") else f"{stem}.zh-Hans.md"
        assert other in names
        assert other in links(page)


def test_both_languages_have_the_same_sections() -> None:
    for page in TRANSLATED:
        if not page.name.endswith(".zh-Hans.md"):
            other = page.with_name(page.name.removesuffix(".md") + ".zh-Hans.md")
            assert outline(page) == outline(other), page.name


def test_every_configuration_key_is_explained() -> None:
    told = text_of([DOCS / "operate"])
    assert [row.key for row in describe() if f"`{row.key}`" not in told] == []


def test_no_page_names_a_configuration_key_that_is_none() -> None:
    sections = {row.key.partition(".")[0] for row in describe() if "." in row.key}
    known = {row.key for row in describe()}
    written = set(re.findall(rf"`((?:{'|'.join(sections)})\.[a-z_]+)`", text_of([DOCS / "operate", DOCS / "use"])))
    assert written - known == set()


def test_every_command_is_shown() -> None:
    told = text_of(PROSE)
    assert [name for name in commands(cli.main) if f"./hearth {name}" not in told] == []


def test_no_page_shows_a_command_that_is_none() -> None:
    known = {*commands(cli.main, hidden=True)}
    first = {name.split()[0] for name in known}
    shown = set(re.findall(r"\./hearth ([a-z]+(?: [a-z]+)?)", text_of(PAGES)))
    assert [words for words in shown if words.split()[0] not in first] == []
    groups = {name.split()[0] for name in known if " " in name}
    assert [words for words in shown if words.split()[0] in groups and " " in words and words not in known] == []


@pytest.mark.parametrize(("name", "language"), [("pushing.md", "en"), ("pushing.zh-Hans.md", "zh_Hans")])
def test_quoted_messages_are_those_that_people_get(name: str, language: str) -> None:
    cells = re.findall(r"^\| (`.+?) \| ", text(DOCS / "use" / name), re.MULTILINE)
    quoted = [words for cell in cells for words in re.findall(r"`([^`]+)`", cell)]
    said = [re.sub(r"%\(\w+\)[sd]", "…", words) for words in messages(language)]
    others = {"Permission denied (publickey)", "warning: redirecting to …"}
    assert len(quoted) > 20
    assert [q for q in quoted if q not in others and not any(s.startswith(q.rstrip("…")) for s in said)] == []


def messages(language: str) -> Iterator[str]:
    with (ROOT / f"src/openhearth/locale/{language}/LC_MESSAGES/django.po").open("rb") as source:
        for message in read_po(source):
            told = message.id if language == "en" else message.string
            yield from [told] if isinstance(told, str) else told


@cache
def text(page: Path) -> str:
    return page.read_text("utf-8")


def text_of(places: list[Path]) -> str:
    pages = [page for place in places for page in (sorted(place.rglob("*.md")) if place.is_dir() else [place])]
    return "\n".join(text(page) for page in pages)


def links(page: Path) -> list[str]:
    """Return the links of a page to files of this repository."""
    found = LINK.findall(CODE.sub("", text(page)))
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def headings(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as Markdown renderers make them."""
    plain = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text(page), flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).strip().replace(" ", "-") for title in plain}


def outline(page: Path) -> list[str]:
    """Return the depth of every heading, and of every block of code and table row its mark."""
    marks = []
    inside = False
    for line in text(page).splitlines():
        if line.startswith("```"):
            inside = not inside
            marks.append("code" if inside else "end")
        elif not inside and (found := re.match(r"#+ |\|", line)):
            marks.append(found[0].strip())
    return marks


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def commands(command: click.Command, before: str = "", *, hidden: bool = False) -> Iterator[str]:
    """Yield the words of every command: `user add`, `serve`."""
    if not isinstance(command, click.Group):
        yield before
        return
    for name, below in command.commands.items():
        if hidden or not below.hidden:
            yield from commands(below, f"{before} {name}".strip(), hidden=hidden)
