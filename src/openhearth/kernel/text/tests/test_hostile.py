# ruff: noqa: E501
"""Hostile texts through Markdown, marks, links and highlighting."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import escape

from openhearth.kernel.text import highlight, links, markdown, marks
from openhearth.kernel.text.tests.corpus import CORPUS
from openhearth.kernel.text.tests.inspection import faults, inspect


class Site:
    def link(self, url: str) -> str:
        return f"/o/r/blob/main/{url}"

    def image(self, url: str) -> str:
        return url if ":" in url else f"/o/r/raw/main/{url}"


class Trusting:
    """A context that gives back whatever it gets: the pipeline must not rely on it."""

    def link(self, url: str) -> str:
        return url

    def image(self, url: str) -> str:
        return url


def test_the_corpus_is_large() -> None:
    assert len(CORPUS) >= 200


def test_the_oracle_can_fail() -> None:
    assert faults("<script>x</script>") == ["tag script"]
    assert faults("<p onclick=x>") == ["attribute onclick"]
    assert faults("<a href=' java\tscript:x'>") != []
    assert faults("<img src=//x.example/a.png>") != []
    assert faults("<img src=https://x.example/a.png>") != []
    assert faults("<p id=x>") != []
    assert faults("<!-- x -->") != []


@pytest.mark.parametrize("text", CORPUS)
def test_markdown(text: str) -> None:
    for context in (Site(), Trusting()):
        for wrapped in (text, f"- {text}", f"> {text}", f"**{text}**", f"<details>{text}</details>"):
            assert faults(markdown.render(wrapped, context=context)) == []


@pytest.mark.parametrize("text", CORPUS)
def test_texts_without_markup(text: str) -> None:
    assert {tag for tag, _ in inspect(marks.mark(text)).found} <= {"span"}
    assert {tag for tag, _ in inspect(marks.mark_html(escape(text))).found} <= {"span"}
    assert {tag for tag, _ in inspect(links.commit_message(text)).found} <= {"span", "a"}
    for source in (marks.mark(text), links.commit_message(text), links.plain(text)):
        assert faults(source) == []


@pytest.mark.parametrize("name", ["a.html", "a.py", "a.md", "a.js", "a.php", "a.unknown", "a.diff", "a.j2"])
def test_code(name: str) -> None:
    for text in CORPUS:
        for line in highlight.lines(text, name):
            found = inspect(line)
            assert found.faults == []
            assert {tag for tag, _ in found.found} <= {"span"}
            assert {key for _, attributes in found.found for key in attributes} <= {"class", "title"}


_FRAGMENTS = st.sampled_from(
    [
        "<", ">", "</", "/>", "<!--", "-->", "<![CDATA[", "]]>", '"', "'", "`", "\n", "\n\n", " ", "=", "&", ";", "&#60;",
        "script", "style", "svg", "math", "img", "src=x", "onerror=alert(1)", "href=", "javascript:", "a", "p", "b",
        "table", "td", "select", "template", "noscript", "textarea", "title", "[", "](", ")", "![", "|", "---", "#", "*",
        "_", "$", "```", "    ", "\x00", "\u202e", "id=x", "class=ctl", "pre", "code", "li", "ul", "form", "input",
    ]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(_FRAGMENTS, max_size=40).map("".join))
def test_any_mixture(text: str) -> None:
    assert faults(markdown.render(text, context=Site())) == []
    assert faults(marks.mark(text)) == []
    marked = marks.mark_html(markdown.render(text))
    assert faults(marked) == []


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_any_text(text: str) -> None:
    assert faults(markdown.render(text)) == []
    assert faults(marks.mark(text)) == []
    if not marks.has_marks(text) and "\f" not in text:
        assert marks.mark(text) == escape(text)


LONG = {
    "brackets": "[" * 200_000,
    "stars": "*a " * 60_000,
    "quotes": "> " * 100_000,
    "open blocks": "<div>" * 40_000,
    "open formatting": "<p><b>" * 30_000,
    "formatting in every paragraph": "<p>"
    + "".join(f"<b id={n}>" for n in range(1000))
    + "</p>\n"
    + "<p>a</p>" * 20_000,
    "open lists": "<ul><li>" * 25_000,
    "open cells": "<table><tr><td>" * 13_000,
    "open comments": "<!--" * 50_000,
    "open quotes": "<a x='" * 30_000,
    "open instructions": "<?" * 100_000,
    "mail addresses": "a@b.example " * 20_000,
    "headings": "# a\n" * 30_000,
    "nested strong": "*" * 90_000 + "a" + "*" * 90_000,
    "footnotes": "".join(f"[^{n}]" for n in range(5000)) + "\n\n" + "".join(f"[^{n}]: a\n" for n in range(5000)),
    "wide table": "|" + "a|" * 5000 + "\n|" + "-|" * 5000 + "\n" + "|\n" * 5000,
    "code": "```python\n" + "x = '1'\n" * 20_000 + "```",
}


@pytest.mark.parametrize("name", LONG)
def test_long_texts_are_bounded(name: str) -> None:
    start = time.process_time()
    source = markdown.render(LONG[name])
    assert time.process_time() - start < 15  # quadratic would be minutes
    assert len(source) < 40 * len(LONG[name])


def test_texts_over_the_limit_are_plain() -> None:
    source = markdown.render("# a\n" * 300_000)
    assert source.startswith('<pre class="plain"># a\n')


def test_depth_is_bounded() -> None:
    deep = depth = 0
    for tag in markdown.render("<div>" * 5000 + "x").split("<"):
        depth += 1 if tag.startswith("div") else -1 if tag.startswith("/div") else 0
        deep = max(deep, depth)
    assert 50 <= deep <= 100
    assert depth == 0
