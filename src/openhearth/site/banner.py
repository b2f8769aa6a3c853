"""What `./hearth serve` says on the terminal when it is ready."""

from __future__ import annotations

import unicodedata
from gettext import gettext as _

from openhearth.kernel.config import Config

LEAST_WIDTH = 48


def text(config: Config, *, has_ssh: bool, first_link: str) -> str:
    """Return the framed lines: where to go, how to stop, and for a new instance how to begin."""
    rows = [(_("Address"), config.url)]
    if has_ssh:
        rows.append(("SSH", f"{config.ssh_url}/OWNER/REPO.git"))
    rows += [(_("Data"), str(config.data)), (_("Stop"), _("Ctrl-C, or kill -TERM"))]
    label_width = max(width(label) for label, _value in rows)
    lines = [padded(label, label_width) + "  " + value for label, value in rows]
    if first_link:
        lines += [
            "",
            _("No account yet. This link makes the administrator (once, within an hour):"),
            first_link,
        ]
    return framed(["OpenHearth", "", *lines])


def framed(lines: list[str]) -> str:
    """Return the lines in a frame as wide as the longest of them."""
    inner = max(LEAST_WIDTH, *(width(line) for line in lines))
    edge = "─" * (inner + 2)
    body = "".join(f"│ {padded(line, inner)} │\n" for line in lines)
    return f"╭{edge}╮\n{body}╰{edge}╯\n"


def padded(value: str, columns: int) -> str:
    """Fill up with blanks to so many columns."""
    return value + " " * (columns - width(value))


def width(value: str) -> int:
    """Return the columns that a terminal gives to the text: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in value)
