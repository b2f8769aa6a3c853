"""Lines of files and diffs as HTML. Made by hand: a page may hold 20,000 of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _
from markupsafe import Markup, escape

from openhearth.code.browse.rules import words
from openhearth.git.diff import FileDiff, Hunk, Row
from openhearth.kernel.text.marks import mark

MOST_PAIRS = 400
"""Pairs of lines of one file in which changed words are looked for."""


def numbered(lines: Sequence[str], chosen: tuple[int, int] | None) -> Markup:
    """Return the inside of `<pre data-lines>`; `lines` are safe HTML, `chosen` (first, last) are highlighted."""
    first, last = chosen or (0, -1)
    parts = [
        f'<span class="l{" hl" if first <= n <= last else ""}" id="L{n}">'
        f'<a href="#L{n}" data-n="{n}" tabindex="-1" aria-hidden="true"></a>{line}\n</span>'
        for n, line in enumerate(lines, 1)
    ]
    return Markup("".join(parts))  # noqa: S704  # every line was escaped by the highlighter


def unified(file: FileDiff) -> Markup:
    """Return the `<tbody>`s of a unified diff."""
    budget = MOST_PAIRS
    parts: list[str] = []
    for hunk in file.hunks:
        head = f"{escape(hunk.header)} {mark(hunk.function)}"
        parts.append(f'<tbody><tr class="hunk"><td colspan="2"></td><td class="x">{head}</td></tr>\n')
        texts, budget = _with_words(hunk, budget)
        parts += (_row(row, text) for row, text in zip(hunk.rows, texts, strict=True))
        parts.append("</tbody>")
    return Markup("".join(parts))  # noqa: S704  # every text went through `mark`


_CLASSES = {"+": " a", "-": " d"}


def _row(row: Row, text: str) -> str:
    kind = _CLASSES.get(row.kind, "")
    old = f' data-n="{row.old_no}"' if row.old_no is not None else ""
    new = f' data-n="{row.new_no}"' if row.new_no is not None else ""
    sign = f"<i>{row.kind}</i>" if kind else ""
    text += f' <span class="muted">({escape(_("no line end"))})</span>' if row.no_newline else ""
    return (
        f'<tr><td class="ln{kind}"{old}></td><td class="ln{kind}"{new}></td>'
        f'<td class="x{kind}">{sign}{text}</td></tr>\n'
    )


def _with_words(hunk: Hunk, budget: int) -> tuple[list[str], int]:
    """Return the text of each row as HTML, changed words marked in the first `budget` pairs of lines."""
    texts = [""] * len(hunk.rows)
    for run in _runs(hunk.rows):
        removed = [at for at in run if hunk.rows[at].kind == "-"]
        added = [at for at in run if hunk.rows[at].kind == "+"]
        if removed and len(removed) == len(added) and len(removed) <= budget:
            budget -= len(removed)
            for old, new in zip(removed, added, strict=True):
                texts[old], texts[new] = _pair(hunk.rows[old].text, hunk.rows[new].text)
        else:
            for at in run:
                texts[at] = str(mark(hunk.rows[at].text))
    return texts, budget


def _runs(rows: Sequence[Row]) -> Iterator[list[int]]:
    """Yield the places of neighbouring rows: removed lines with the added ones behind them, or unchanged ones."""
    run: list[int] = []
    for at, row in enumerate(rows):
        if run and _breaks(rows[run[-1]].kind, row.kind):
            yield run
            run = []
        run.append(at)
    if run:
        yield run


def _breaks(before: str, after: str) -> bool:
    return before != after and (before, after) != ("-", "+")


def _pair(old: str, new: str) -> tuple[str, str]:
    found = words.changed(old, new)
    if found is None:
        return str(mark(old)), str(mark(new))
    return _around(old, found[0], "del"), _around(new, found[1], "ins")


def _around(text: str, span: tuple[int, int], tag: str) -> str:
    start, end = span
    if start == end:
        return str(mark(text))
    return f"{mark(text[:start])}<{tag}>{mark(text[start:end])}</{tag}>{mark(text[end:])}"
