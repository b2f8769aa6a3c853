"""The values that macros of `templates/kit.html` take where one argument is a list of things."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import urlencode

from markupsafe import Markup

EntryKind = Literal["folder", "file", "link", "submodule"]


@dataclass(frozen=True, slots=True)
class Tab:
    """One link of `tabs`, `subtabs` or `nav`. `id` is compared with the current one."""

    id: str
    text: str
    href: str
    icon: str = ""
    count: int | None = None


@dataclass(frozen=True, slots=True)
class NavGroup:
    """Links of a side navigation under one heading ("" for none)."""

    title: str
    items: tuple[Tab, ...]


@dataclass(frozen=True, slots=True)
class Nav:
    """The side navigation of settings: its name, its groups, the `id` of the current link."""

    label: str
    groups: tuple[NavGroup, ...]
    current: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of `select`, `picks` or `segments`; `note` explains it in a line, `why_not` disables it."""

    value: str
    text: str
    note: str = ""
    icon: str = ""
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Crumb:
    """One part of a path. The last one has no address."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class FileRow:
    """One line of a file table. `folded`: parents shown in front (`bindings/`), where folders were joined.

    `message` and `when` stay empty while the last commit is not known yet.
    """

    name: str
    href: str
    kind: EntryKind
    message: str = ""
    message_href: str = ""
    when: datetime | None = None
    folded: str = ""
    language: str = ""
    """`lang` of the message where it differs from the page, else ""."""


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a unified diff; `text` may carry highlighting and `<ins>`/`<del>` around changed words."""

    kind: Literal[" ", "+", "-"]
    old: int | None
    new: int | None
    text: str | Markup


@dataclass(frozen=True, slots=True)
class DiffHunk:
    """Lines that belong together under their `@@` header."""

    header: str
    function: str
    lines: tuple[DiffLine, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """One part of a `strip`: its name, its share of one, written figure."""

    name: str
    share: float
    figure: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One piece of a strip as drawn: left edge and width in hundredths; `colour` is a class, `f0` for the rest."""

    name: str
    figure: str
    x: float
    width: float
    colour: str


def bars(shares: Sequence[Share]) -> list[Bar]:
    """Lay shares side by side: five colours in their order, further ones in the colour of the rest."""
    drawn, x = [], 0.0
    for index, share in enumerate(shares):
        width = round(share.share * 100, 2)
        drawn.append(
            Bar(
                share.name,
                share.figure,
                round(x, 2),
                max(width - 0.35, 0.3),
                f"f{index + 1 if index < 5 else 0}",
            )
        )
        x += width
    return drawn


@dataclass(frozen=True, slots=True)
class Pager:
    """Where the reader is in a list of numbered pages; `address` has no page of its own, `query` is kept."""

    current: int
    last: int
    address: str
    query: tuple[tuple[str, str], ...] = ()

    def href(self, number: int) -> str:
        """Return the address of a page; the first one has none in its address."""
        pairs = [*self.query, *([("page", str(number))] if number > 1 else [])]
        return f"{self.address}?{urlencode(pairs)}" if pairs else self.address

    @property
    def numbers(self) -> list[int | None]:
        """Return the pages to offer, None for a gap: first, last, and two around the current one."""
        near = {1, self.last, *range(self.current - 2, self.current + 3)}
        offered: list[int | None] = []
        for number in sorted(n for n in near if 1 <= n <= self.last):
            previous = offered[-1] if offered else 0
            if previous is not None and number - previous == 2:
                offered.append(number - 1)
            elif previous is not None and number - previous > 2:
                offered.append(None)
            offered.append(number)
        return offered
