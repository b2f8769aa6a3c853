"""What the look promises: legible colours, equal dark blocks, small files, nothing inline, no unknown icon."""

import re
from pathlib import Path

import pytest

from openhearth.web.assets import FOLDER, assets
from openhearth.web.icons import icon, names
from openhearth.web.tests.contrast import EYES, contrast, distance, tokens

SOURCE = Path(__file__).resolve().parents[2]
CSS = (FOLDER / "hearth.css").read_text()
LIGHT = tokens(CSS, ":root{")
DARK = tokens(CSS, ":root[data-theme=dark]{")
THEMES = {"light": LIGHT, "dark": DARK}
for _theme in THEMES.values():
    _theme["on-solid"] = _theme["surface"]

PLAIN = ("bg", "surface", "inset", "hover")
CODE = ("surface", "inset", "add", "add-w", "del", "del-w", "mark")
PAIRS = [
    ("text", (*PLAIN, "press"), 4.5),
    ("muted", (*PLAIN, "press"), 4.5),
    ("link", (*PLAIN, "info-soft"), 4.5),
    ("ember-text", (*PLAIN, "ember-soft"), 4.5),
    *((name, (*PLAIN[:3], f"{name}-soft"), 4.5) for name in ("ok", "warn", "bad", "done")),
    ("on-ember", ("ember", "ember-2"), 4.5),
    ("on-solid", ("ok", "bad", "done", "muted"), 4.5),
    ("edge", PLAIN, 3),
    ("focus", PLAIN[:3], 3),
    ("ember", PLAIN[:2], 3),
    *((name, PLAIN[:3], 4.5) for name in ("add-b", "del-b")),
    *((f"c-{name}", CODE, 4.5) for name in ("com", "key", "str", "num", "fun", "type", "attr", "op")),
    ("text", CODE, 4.5),
]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("colour", "grounds", "least"), PAIRS)
def test_contrast(theme, colour, grounds, least):
    values = THEMES[theme]
    weak = {ground: contrast(values[colour], values[ground]) for ground in grounds}
    assert {ground: found for ground, found in weak.items() if found < least} == {}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("pair", [("add", "del"), ("add-w", "del-w"), ("add-b", "del-b")])
@pytest.mark.parametrize("eye", EYES)
def test_added_and_removed_differ_to_every_eye(theme, pair, eye):
    assert distance(*(THEMES[theme][name] for name in pair), eye) > 2.5


def test_both_dark_blocks_are_equal():
    assert tokens(CSS, ":root[data-theme=auto]{") == {k: v for k, v in DARK.items() if k != "on-solid"}


def test_only_the_core_names_colours():
    for name in ("code.css", "prose.css", "story.css"):
        assert not re.search(r"#[0-9a-f]{3,8}\b|rgb|hsl", (FOLDER / name).read_text()), name


def test_budgets():
    sheets = [assets()[name] for name in ("hearth.css", "code.css", "prose.css")]
    assert sum(len(sheet.data) for sheet in sheets) <= 40_000
    assert len(assets()["hearth.js"].data) <= 4_000
    assert len(assets()["icons.svg"].packed) <= 30_000


def test_nothing_newer_than_the_floor():
    """Chromium 108, Firefox 110, Safari 16."""
    for file in FOLDER.glob("*.css"):
        assert not re.search(r"light-dark\(|color-mix\(|oklch\(|@container|@scope|&[ .:]", file.read_text()), file.name


@pytest.mark.parametrize("name", ["hearth.css", "code.css", "prose.css", "story.css"])
def test_braces_balance(name):
    text = (FOLDER / name).read_text()
    assert text.count("{") == text.count("}")


def templates():
    return sorted(SOURCE.rglob("templates/**/*.html")) + sorted(SOURCE.rglob("templates/**/*.txt"))


@pytest.mark.parametrize("file", templates(), ids=lambda file: str(file.relative_to(SOURCE)))
def test_nothing_inline(file):
    text = file.read_text()
    assert not re.search(r"""\sstyle\s*=|<style|\son[a-z]+\s*=\s*["']|javascript:""", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", text)


@pytest.mark.parametrize("file", templates(), ids=lambda file: str(file.relative_to(SOURCE)))
def test_every_named_icon_exists(file):
    text = file.read_text()
    used = set(re.findall(r"\bicon\(\s*'([a-z0-9-]+)'", text))
    used |= set(re.findall(r"\biconbtn\(\s*'([a-z0-9-]+)'", text))
    used |= set(re.findall(r"icon_name='([a-z0-9-]+)'", text))
    assert {name for name in used if f"{name}-16" not in names()} == set()


def test_unknown_icon_says_how_to_add_it():
    with pytest.raises(LookupError, match=r"tools/icons\.py no-such-icon-16"):
        icon("no-such-icon")


def test_icon_is_decoration():
    drawn = icon("repo", cls='a"b')
    assert 'aria-hidden="true"' in drawn
    assert 'class="i a&#34;b"' in drawn
    assert drawn.endswith('#repo-16"/></svg>')
    assert '#law-24"' in icon("law", 24)


def test_sprite_keeps_its_licence():
    assert b"MIT License" in assets()["icons.svg"].data
    assert "Permission is hereby granted" in (FOLDER / "icons.LICENSE").read_text()
