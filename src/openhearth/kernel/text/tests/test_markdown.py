"""What Markdown becomes: golden pieces that any parser behind the adapter must give."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from openhearth.kernel.text import markdown
from openhearth.kernel.text.markdown import render


class Site:
    def link(self, url: str) -> str:
        return f"/o/r/blob/main/{url.lstrip('/')}"

    def image(self, url: str) -> str:
        return url if ":" in url else f"/o/r/raw/main/{url.lstrip('/')}"


def page(text: str, **more: str) -> BeautifulSoup:
    return BeautifulSoup(render(text, context=Site(), **more), "html.parser")


def test_blocks() -> None:
    soup = page("# A\n\n| a | b |\n|:-:|--:|\n| 1 | **2** |\n\n~~x~~\n\n1. a\n2. b\n")
    assert [cell.get("align") for cell in soup.find_all("th")] == ["center", "right"]
    assert soup.find("strong").text == "2"
    assert soup.find("del").text == "x"
    assert [item.text for item in soup.ol.find_all("li")] == ["a", "b"]


def test_front_matter_is_skipped() -> None:
    assert render("---\ntitle: x\n---\n\nhello") == "<p>hello</p>\n"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("# Hello *World*!", "hello-world"),
        ("# 快速开始", "快速开始"),
        ("# `a_b` and C++ (x)", "a_b-and-c-x"),
        ("Setext\n===", "setext"),
        ('<h2 id="own">x</h2>', "own"),
        ("<h2>raw words</h2>", "raw-words"),
    ],
)
def test_headings_have_ids(text: str, name: str) -> None:
    heading = page(text).find(["h1", "h2"])
    assert heading["id"] == f"user-content-{name}"
    anchor = heading.find("a", class_="anchor")
    assert anchor["href"] == f"#user-content-{name}"
    assert anchor["aria-label"].startswith(("Link to", "链接到"))


def test_equal_headings_are_numbered() -> None:
    soup = page("# A\n# A\n# A\n[x](#a-1)")
    assert [heading["id"] for heading in soup.find_all("h1")] == [
        "user-content-a",
        "user-content-a-1",
        "user-content-a-2",
    ]
    assert soup.find("p").a["href"] == "#user-content-a-1"


def test_scopes_keep_ids_apart() -> None:
    soup = page('# A\n\n[x](#a) <a name="b">y</a>[^1]\n\n[^1]: z', scope="c12")
    ids = [tag["id"] for tag in soup.find_all(id=True)] + [soup.find(attrs={"name": True})["name"]]
    assert len(ids) == 4
    assert all(name.startswith("user-content-c12-") for name in ids)
    for link in soup.select("a[href^='#']"):
        assert soup.find(id=link["href"][1:]) is not None
    with pytest.raises(ValueError, match="scope"):
        render("x", scope='"><script>')


def test_links() -> None:
    soup = page(
        "[a](docs/a.md#b) [b](/LICENSE) [c](https://x.example/) [d](//x.example/) [e](mailto:a@b.example) [f](#)"
    )
    assert [link["href"] for link in soup.find_all("a")] == [
        "/o/r/blob/main/docs/a.md#b",
        "/o/r/blob/main/LICENSE",
        "https://x.example/",
        "//x.example/",
        "mailto:a@b.example",
        "#",
    ]
    assert all(link["rel"] == ["nofollow", "ugc", "noopener"] for link in soup.find_all("a"))


def test_autolinks() -> None:
    soup = page("see https://x.example/a?b=1&c=2, www.x.example and a@b.example.")
    assert [link["href"] for link in soup.find_all("a")] == [
        "https://x.example/a?b=1&c=2",
        "http://www.x.example",
        "mailto:a@b.example",
    ]


def test_images() -> None:
    soup = page('![logo](img/logo.png "t")\n\n<img src="/a.png" width="120" height="50%" align="right" style="x">')
    first, second = soup.find_all("img")
    assert (first["src"], first["alt"], first["title"]) == ("/o/r/raw/main/img/logo.png", "logo", "t")
    assert (second["src"], second["width"], second["height"], second["align"]) == (
        "/o/r/raw/main/a.png",
        "120",
        "50%",
        "right",
    )
    assert second.get("style") is None


def test_remote_images_never_load() -> None:
    soup = page(
        "![build](https://ci.example/badge.svg) [![go](https://ci.example/b.svg)](https://ci.example/)\n\n"
        "<picture><source srcset='https://x.example/d.png'><img src='//x.example/shot.png'></picture>"
    )
    assert soup.find("img") is None
    assert soup.find("a", class_="remote-image").text == "build"
    assert soup.find("a", href="https://ci.example/").text == "go"
    assert "shot.png" in soup.text
    assert "srcset" not in str(soup)


def test_details_and_alignment() -> None:
    soup = page('<details open><summary>More</summary>\n\n**x**\n\n</details>\n<p align="center" id="q">y</p>')
    assert soup.details.summary.text == "More"
    assert soup.details.strong.text == "x"
    assert (soup.find("p", align="center")["id"]) == "user-content-q"


def test_tasks() -> None:
    soup = page("- [x] a\n- [ ] b\n- c\n\n1. [ ] loose\n\n2. d")
    assert [item.get("class") for item in soup.find_all("li")] == [["task"], ["task"], None, ["task"], None]
    assert [box.has_attr("checked") for box in soup.find_all("input")] == [True, False, False]
    assert all(box.has_attr("disabled") and box["aria-label"] for box in soup.find_all("input"))


def test_alerts() -> None:
    kinds = {"NOTE": "info", "TIP": "ok", "IMPORTANT": "done", "WARNING": "warn", "CAUTION": "bad"}
    for kind, tone in kinds.items():
        soup = page(f"> [!{kind}]\n> body")
        assert soup.div["class"] == ["alert", tone]
        assert soup.div.b.text == kind.capitalize()
        assert soup.div.p.text == "body"


def test_code_is_coloured() -> None:
    soup = page('```python\ndef f():\n    """a\n    b"""\n```\n\n```nonsense\n<b>\n```\n\n    x < y\n')
    first, second, third = soup.find_all("pre")
    assert first.code["data-lang"] == "python"
    assert [span["class"] for span in first.find_all("span")][:2] == [["k"], ["nf"]]
    assert first.text == 'def f():\n    """a\n    b"""\n'
    assert second.text == "<b>\n"
    assert third.text == "x < y\n"
    assert all(block["tabindex"] == "0" for block in (first, second, third))


def test_hidden_characters_in_code_are_marked() -> None:
    soup = page("`a\u202eb` \u202e\n\n```js\nx\u200b\n```")
    assert [mark.text for mark in soup.find_all("span", class_="ctl")] == ["U+202E", "U+200B"]


def test_math_is_left_as_text() -> None:
    soup = page("$a<b$ and $`c`$\n\n```math\nx^2\n```\n\nIt costs $5 and $6.")
    assert [math.text.strip() for math in soup.select(".math")][:2] == ["a<b", "c"]
    assert soup.find("pre", class_="math").text.strip() == "x^2"
    assert "It costs $5 and $6." in soup.text


def test_footnotes() -> None:
    soup = page("a[^x]\n\n[^x]: note")
    assert soup.find("sup", class_="footnote-ref").a["href"] == "#user-content-fn-x"
    assert soup.find("section", class_="footnotes")["aria-label"] == "Footnotes"
    assert soup.find("li", id="user-content-fn-x").a["href"] == "#user-content-fnref-x"


def test_emphasis_between_chinese_words() -> None:
    assert page("这是**“重点”**内容").strong.text == "“重点”"


def test_every_text_has_an_answer() -> None:
    assert render("") == ""
    assert render("\udcff \ud800 \0") == "<p>? ? \ufffd</p>\n"


def test_the_parser_can_be_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown, "parse", lambda text: f"<h1>{text}</h1><script>x</script>")
    assert render("A").startswith('<h1 id="user-content-a">A<a class="anchor"')
    assert "script" not in render("A")
