# ruff: noqa: E501
"""Marks, highlighting, guesses, encodings, links."""

from __future__ import annotations

import pickle
import time
from concurrent.futures import ProcessPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup, escape
from pygments.lexers import find_lexer_class_by_name

from openhearth.kernel.text import encoding, guess, highlight, links, marks
from openhearth.kernel.text.languages import LANGUAGES
from openhearth.kernel.text.tests.inspection import inspect

HIDDEN = [
    *"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c",
    *"\u200b\u200c\u200d\u2060\u2061\u2064\u00ad\ufeff\u180e\u034f\u115f\u3164\uffa0\u2028\u2029\u206a",
    *"\x00\x01\x07\x08\x0b\x1b\x7f\x80\x85\x9f\ufff9\U000e0001\U000e0041\ufe0f\ufe00\U000e0101\udc80",
]
NEEDED = [
    "👨‍👩‍👧‍👦 family", "🏳️‍🌈", "👍🏽", "👩🏽‍💻", "❤️", "☺︎", "1️⃣ #️⃣", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "می‌خواهم", "क्‍ष", "ശ്രീ‌", "葛\U000e0100飾区", "שלום\u200f!", "ภาษา\u200bไทย", "\u3000全角", "a\u00a0b", "tab\there", "a\r\nb\r\n",
    "中文，标点。“引号”", "é e\u0301", "𝒳", "⠀",
]  # fmt: skip


@pytest.mark.parametrize("character", HIDDEN)
def test_hidden_characters_are_marked(character: str) -> None:
    text = f"ab{character}cd"
    label = f"\\x{ord(character) - 0xDC00:02X}" if 0xDC80 <= ord(character) <= 0xDCFF else f"U+{ord(character):04X}"
    for marked in (marks.mark(text), marks.mark_html(escape(text))):
        ((tag, attributes),) = inspect(marked).found
        assert (tag, attributes["class"]) == ("span", "ctl")
        assert attributes["title"]
        assert "".join(inspect(marked).words) == f"ab{label}cd"
    assert marks.has_marks(text)


@pytest.mark.parametrize("text", NEEDED)
def test_needed_characters_are_left(text: str) -> None:
    assert marks.mark(text) == escape(text)
    assert marks.mark_html(escape(text)) == escape(text)
    assert not marks.has_marks(text)


@pytest.mark.parametrize(
    "text", ["😀\ufe0f\ufe0e", "😀" + "\U000e0101" * 5, "x\u200d", "😀\u200dx", "🏴\U000e0067x", "\ufe0f", "a\rb"]
)
def test_misused_joiners_are_marked(text: str) -> None:
    assert marks.has_marks(text)


def test_form_feed_is_marked_without_a_warning() -> None:
    assert "U+000C" in marks.mark("a\x0cb")
    assert not marks.has_marks("a\x0cb")


def test_marks_in_html_keep_tags_and_entities() -> None:
    source = Markup('<b title="\u202e">a&#8238;&shy;</b>&amp;&lt;&unknown;\u202e')
    assert marks.mark_html(source) == Markup(
        '<b title="\u202e">a<span class="ctl" title="RIGHT-TO-LEFT OVERRIDE">U+202E</span>'
        '<span class="ctl" title="SOFT HYPHEN">U+00AD</span></b>&amp;&lt;&unknown;'
        '<span class="ctl" title="RIGHT-TO-LEFT OVERRIDE">U+202E</span>'
    )


def test_emoji_split_by_tags_stay_whole() -> None:
    source = Markup("<i>👨</i><i>\u200d</i><i>👩</i>")
    assert marks.mark_html(source) == source


@given(st.text(alphabet="ab<>&\u202e\u200d😀\ufe0f\r\n\x1b", max_size=30))
def test_both_ways_of_marking_agree(text: str) -> None:
    assert marks.mark(text) == marks.mark_html(escape(text))


def joined(lines: list[Markup]) -> str:
    return "\n".join("".join(inspect(line).words) for line in lines)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('"""a\nb"""\nx = 1\n', "a.py"),
        ("/* a\n\n b */\nint x;", "a.c"),
        ("<p>\n<script>\nlet a\n</script>", "a.html"),
        ("# a\n```py\nx\n```\n", "a.md"),
        ("a: |\n  b\n  c\n", "a.yml"),
        ("\n\n  x\n\n", "a.py"),
        ("你好 <b> & 'x'\n", "a.unknown"),
        ("x\n" * 5, "a.rs"),
        ("", "a.py"),
        ("\n", "a.py"),
        ("echo <<EOF\na\nEOF\n", "a.sh"),
        ("@@ -1 +1 @@\n-a\n+b\n", "a.diff"),
    ],
)
def test_lines_keep_every_character(text: str, name: str) -> None:
    lines = highlight.lines(text, name)
    assert joined(lines) == text.removesuffix("\n") or text in ("", "\n")
    assert len(lines) == text.count("\n") + (not text.endswith("\n") and bool(text))
    for line in lines:
        assert line.count("<span") == line.count("</span>")
    assert highlight.lines(text.encode(), name) == lines
    assert highlight.lines(text.replace("\n", "\r\n"), name) == lines


def test_tokens_over_lines_are_split() -> None:
    assert highlight.lines('"""a\nb"""', "a.py") == [
        Markup('<span class="sd">&#34;&#34;&#34;a</span>'),
        Markup('<span class="sd">b&#34;&#34;&#34;</span>'),
    ]


def test_interpreters_are_known() -> None:
    assert "<span" in highlight.lines("#!/usr/bin/env python3\nimport os\n", "run")[1]


@pytest.mark.parametrize(
    "text",
    ["x = 1 #" + "a" * 5000, "x = 1\n" * 20_001, "x = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'\n" * 13_000],
    ids=["long line", "many lines", "large"],
)
def test_big_files_are_plain(text: str) -> None:
    lines = highlight.lines(text, "a.py")
    assert not any("<span" in line for line in lines)
    assert len(lines) == text.count("\n") or len(lines) == 1


def test_hidden_characters_in_source_are_marked() -> None:
    (line,) = highlight.lines("if x: # \u202e }", "a.py")
    assert '<span class="ctl" title="RIGHT-TO-LEFT OVERRIDE">U+202E</span>' in line


def test_slow_lexers_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(highlight, "SECONDS", -1.0)
    assert highlight.lines("x = 1\n" * 300, "a.py")[0] == "x = 1"


def test_highlighting_runs_in_another_process() -> None:
    assert pickle.loads(pickle.dumps(highlight.lines))("x = 1", "a.py") == highlight.lines("x = 1", "a.py")  # noqa: S301
    with ProcessPoolExecutor(1) as pool:
        assert pool.submit(highlight.lines, b"x = 1", "a.py").result() == highlight.lines("x = 1", "a.py")


def test_speed_of_highlighting() -> None:
    text = "def function(argument: int) -> str:\n    return f'{argument}' + \"x\"  # comment\n" * 1000
    start = time.process_time()
    highlight.lines(text, "a.py")
    assert time.process_time() - start < 3


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("src/a.py", "Python"), ("a.PY", "Python"), ("Makefile", "Makefile"), ("x/Dockerfile.dev", "Dockerfile"),
        ("CMakeLists.txt", "CMake"), ("a.html.j2", "Jinja"), ("README", "Text"), ("README.zh.md", "Markdown"),
        (".gitignore", "Git files"), ("a.d.ts", "TypeScript"), ("pom.xml", "XML"), ("view.blade.php", "Blade"),
        ("Cargo.lock", "TOML"), ("a.R", "R"), ("a.h", "C"), ("LICENSE", "Text"), ("go.mod", "Modula-2"),
    ],
)  # fmt: skip
def test_languages_by_name(path: str, name: str) -> None:
    if path == "go.mod":
        name = "Go module"
    found = guess.language(path)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"#!/bin/sh\n", "Shell"), (b"#!/usr/bin/env python3.11\n", "Python"), (b"#! /usr/bin/perl -w\n", "Perl"),
        (b"#!/usr/bin/env -S node --harmony\n", "JavaScript"), (b"#!/usr/bin/env FOO=1 ruby\n", "Ruby"),
        (b"#!\n", None), (b"#!/usr/bin/env\n", None), (b"hello", None), (b"#!/opt/strange\n", None),
    ],
)  # fmt: skip
def test_languages_by_interpreter(head: bytes, name: str | None) -> None:
    found = guess.language("script", head)
    assert (found.name if found else None) == name


def test_the_table_of_languages() -> None:
    assert len(LANGUAGES) >= 150
    for language in LANGUAGES.values():
        assert find_lexer_class_by_name(language.lexer)
        assert len(language.colour) == 7
    assert {language.kind for language in LANGUAGES.values()} == {"programming", "markup", "data", "prose"}


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("Fix typo", "en"), ("修复 README 中的 typo", "zh-Hans"), ("重构：存储层", "zh-Hans"), ("これはテストです", None),
        ("這個檔案還沒有測試", None), ("Größe der Datei ändern", None), ("Ich habe das nicht und der Fehler ist da", None),
        ("Corriger le titre de la page et les liens", None), ("12345", None), ("", None), ("Привет, мир", None), ("한국어", None),
        ("The file is read from disk — 开源", None), ("Naïve café parsing for the résumé of the day and more words", "en"),
    ],
)  # fmt: skip
def test_human_languages(text: str, lang: str | None) -> None:
    assert guess.script(text) == lang


def test_files_that_people_did_not_write() -> None:
    for path in ("package-lock.json", "a/go.sum", "x.min.js", "a_pb2.py", "b.pb.go", "dist/app.js"):
        assert guess.is_generated(path), path
    assert guess.is_generated("a.go", b"// Code generated by stringer. DO NOT EDIT.\n")
    for path in ("src/a.py", "README.md", "build.py", "go.mod"):
        assert not guess.is_generated(path, b"# written by hand\n"), path
    for path in ("vendor/x/y.go", "a/node_modules/b/c.js", "third_party/z.c", "js/jquery-3.7.1.min.js"):
        assert guess.is_vendored(path), path
    assert not guess.is_vendored("src/vendors.py")
    for path in ("docs/a.py", "README.md", "a/LICENSE", "examples/x.c", "CHANGELOG"):
        assert guess.is_documentation(path), path
    assert not guess.is_documentation("src/docs.py")


@pytest.mark.parametrize(
    ("data", "text", "name"),
    [
        (b"plain", "plain", "utf-8"), ("开源".encode(), "开源", "utf-8"), (b"\xef\xbb\xbfx", "x", "utf-8"),
        ("开源软件，第一版。".encode("gb18030"), "开源软件，第一版。", "gb18030"), ("好".encode("gbk"), "好", "gb18030"),
        ("Größe café naïve".encode("latin-1"), "Größe café naïve", "latin-1"), ("é".encode("latin-1"), "é", "latin-1"),
        ("x开".encode("utf-16"), "x开", "utf-16-le"), (b"\xfe\xff\x00x", "x", "utf-16-be"),
        ("x".encode("utf-32"), "x", "utf-32-le"), ("ab开".encode()[:-1], "ab", "utf-8"), (b"", "", "utf-8"),
        (b"\xff", "\xff", "latin-1"), (b"a\x80b", "a\x80b", "latin-1"),
    ],
)  # fmt: skip
def test_encodings(data: bytes, text: str, name: str) -> None:
    assert encoding.decode(data) == (text, name)


@given(st.binary(max_size=200))
def test_any_bytes_have_a_text(data: bytes) -> None:
    text, _ = encoding.decode(data)
    text.encode()


def test_binary_files() -> None:
    assert encoding.is_binary(b"\x89PNG\r\n\x1a\n\0\0")
    assert not encoding.is_binary("x开".encode("utf-16"))
    assert not encoding.is_binary("开源".encode("gbk"))
    assert not encoding.is_binary(b"")
    assert not encoding.is_binary(b"a" * 8000 + b"\0")


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("see https://x.example/a_(b).", ["https://x.example/a_(b)"]),
        ("(https://x.example/x)", ["https://x.example/x"]),
        ("<https://x.example/x?a=1&b=2>", ["https://x.example/x?a=1&b=2"]),
        ("见https://x.example/a。好", ["https://x.example/a"]),
        ("https://x.example/a查看", ["https://x.example/a"]),
        ("javascript:alert(1) https:// ftp://x.example xhttps://x.example", []),
        ("HTTP://X.EXAMPLE, https://y.example!", ["HTTP://X.EXAMPLE", "https://y.example"]),
    ],
)
def test_addresses_in_messages(text: str, addresses: list[str]) -> None:
    found = inspect(links.commit_message(text))
    assert [attributes["href"] for tag, attributes in found.found if tag == "a"] == addresses
    assert "".join(found.words) == text
    assert all(attributes["rel"] == links.REL for tag, attributes in found.found if tag == "a")


def test_messages_keep_their_lines() -> None:
    assert links.commit_message("a\n\n  b <c>\n\n") == "a\n\n  b &lt;c&gt;"
    assert links.plain("a\r\nb\n") == '<pre class="plain">a\nb</pre>'
