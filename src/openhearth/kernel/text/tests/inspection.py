"""The oracle: reads HTML as a parser does and says what is wrong with it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from openhearth.kernel.text.languages import words
from openhearth.kernel.text.sanitise import SCHEMES, TAGS, is_local_image

ATTRIBUTES = words("""
    href src alt title id name class align valign dir lang width height loading type checked disabled
    start reversed value colspan rowspan scope open datetime rel aria-label aria-hidden data-math-style
    data-lang tabindex
""")


class Inspector(HTMLParser):
    def __init__(self, prefix: str) -> None:
        super().__init__(convert_charrefs=True)
        self.prefix = prefix
        self.faults: list[str] = []
        self.words: list[str] = []
        self.found: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in TAGS:
            self.faults.append(f"tag {tag}")
        for name, value in attrs:
            self.judge(tag, name, value or "")

    def judge(self, tag: str, name: str, value: str) -> None:
        if name not in ATTRIBUTES:
            self.faults.append(f"attribute {name}")
        elif name == "href":
            plain = re.sub(r"[\t\r\n]|^[\x00-\x20]+", "", value).lower()  # what browsers take out
            scheme = re.match(r"([a-z][a-z0-9+.-]*):", plain)
            if scheme and scheme[1] not in SCHEMES:
                self.faults.append(f"href {value}")
        elif name == "src" and (tag != "img" or not is_local_image(value)):
            self.faults.append(f"src {value}")
        elif name in ("id", "name") and not value.startswith(self.prefix):
            self.faults.append(f"{name} {value}")
        elif name == "type" and tag == "input" and value != "checkbox":
            self.faults.append(f"type {value}")

    handle_startendtag = handle_starttag

    def handle_comment(self, data: str) -> None:
        self.faults.append(f"comment {data}")

    def handle_decl(self, decl: str) -> None:
        self.faults.append(f"declaration {decl}")

    def handle_pi(self, data: str) -> None:
        self.faults.append(f"instruction {data}")

    def unknown_decl(self, data: str) -> None:
        self.faults.append(f"declaration {data}")

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def inspect(source: str, prefix: str = "user-content-") -> Inspector:
    inspector = Inspector(prefix)
    inspector.feed(source)
    inspector.close()
    return inspector


def faults(source: str, prefix: str = "user-content-") -> list[str]:
    return inspect(source, prefix).faults
