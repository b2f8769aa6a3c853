"""The kit page: every component in every state, for those who build pages and for browser tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace

from django.http import HttpResponse
from markupsafe import Markup

from openhearth.kernel import clock, config
from openhearth.kernel.errors import Fault
from openhearth.web import errors, pages, parts
from openhearth.web.requests import Request

PEOPLE = (
    SimpleNamespace(pk=12, name="linyue", shown_name="林玥"),
    SimpleNamespace(pk=17, name="amara", shown_name=""),
    SimpleNamespace(pk=3, name="banyan", shown_name="榕树开源基金会", is_organisation=True),
    SimpleNamespace(pk=5, name="northlight", shown_name="", is_organisation=True),
)
"""Stand-ins for accounts."""


@dataclass(frozen=True, slots=True)
class KitPage:
    """What the kit page shows: one example for each list that a macro takes."""

    tabs: tuple[parts.Tab, ...]
    nav: parts.Nav
    choices: tuple[parts.Choice, ...]
    licences: tuple[parts.Choice, ...]
    faults: tuple[Fault, ...]
    crumbs: tuple[parts.Crumb, ...]
    files: tuple[parts.FileRow, ...]
    lines: tuple[Markup, ...]
    hunks: tuple[parts.DiffHunk, ...]
    languages: list[parts.Bar]
    pager: parts.Pager
    people: tuple[SimpleNamespace, ...]


def kit_page(request: Request) -> HttpResponse:
    """Show the kit (`/-/kit`)."""
    return pages.render(request, "story.html", _example())


def kit_error(request: Request, status: int) -> HttpResponse:
    """Show one error page as it looks (`/-/kit/error/404`), answered with its status."""
    detail = config.current().public_url if status == 421 else ""
    return errors.respond(request, status if status in errors.KINDS else 404, detail=detail)


def _example() -> KitPage:
    licences = ("Apache-2.0", "MIT", "MulanPSL-2.0")
    return KitPage(
        tabs=(
            parts.Tab("code", "Code", "#code", "code"),
            parts.Tab("branches", "Branches", "#branches", "git-branch", 14),
            parts.Tab("settings", "Settings", "#settings", "gear"),
        ),
        nav=_nav(),
        choices=_choices(),
        licences=tuple(parts.Choice(name, name) for name in licences),
        faults=(Fault("refused", "space", "“river bed” has a space in it. Use river-bed."),),
        crumbs=(parts.Crumb("riverbed", "#"), parts.Crumb("src", "#"), parts.Crumb("lib\u202e.rs")),
        files=_files(),
        lines=_lines(),
        hunks=_hunks(),
        languages=parts.bars(
            [
                parts.Share("Rust", 0.861, "86.1%"),
                parts.Share("Python", 0.094, "9.4%"),
                parts.Share("C", 0.045, "4.5%"),
            ]
        ),
        pager=parts.Pager(current=5, last=12, address="/-/kit"),
        people=PEOPLE,
    )


def _nav() -> parts.Nav:
    access = (
        parts.Tab("keys", "SSH keys", "#", "key"),
        parts.Tab("tokens", "Access tokens", "#", "key-asterisk", 4),
    )
    return parts.Nav(
        "Example settings",
        (
            parts.NavGroup("", (parts.Tab("profile", "Profile", "#", "person"),)),
            parts.NavGroup("Access", access),
        ),
        "tokens",
    )


def _choices() -> tuple[parts.Choice, ...]:
    return (
        parts.Choice("public", "Public", "Anyone, without signing in", "globe"),
        parts.Choice("internal", "Internal", "Everyone with an account here", "organization"),
        parts.Choice("private", "Private", "", "lock", why_not="Set by the organisation"),
    )


def _files() -> tuple[parts.FileRow, ...]:
    now = clock.now()
    keep = "compactor: keep tombstones until every reader has moved on"
    query = "查询：时间范围为空时直接返回，不再打开段文件"
    return (
        parts.FileRow("python", "#", "folder", "bindings: release the GIL", "#", now - timedelta(days=1), "bindings/"),
        parts.FileRow("src", "#", "folder", keep, "#", now - timedelta(hours=3)),
        parts.FileRow("vendor", "#", "submodule", "vendor: newest", "#", now - timedelta(days=200)),
        parts.FileRow("current", "#", "link"),
        parts.FileRow("README.md", "#", "file", query, "#", now - timedelta(days=4), "", "zh-Hans"),
    )


def _lines() -> tuple[Markup, ...]:
    return (
        Markup('<span class="k">fn</span> <span class="nf">run</span>(limit: <span class="kt">u64</span>) {'),
        Markup('    <span class="c1">// 返回时已落盘</span>'),
        Markup(
            '    <span class="k">let</span> name = <span class="s">"wal"</span>; '
            '<span class="ctl" title="RIGHT-TO-LEFT OVERRIDE">U+202E</span>'
        ),
        Markup('    <span class="nd">#[inline]</span> sum(<span class="mi">42</span>)'),
        Markup("}"),
    )


def _hunks() -> tuple[parts.DiffHunk, ...]:
    line = parts.DiffLine
    return (
        parts.DiffHunk(
            "@@ -35,4 +35,5 @@",
            "impl Compactor",
            (
                line(" ", 35, 35, Markup('<span class="k">fn</span> <span class="nf">new</span>() {')),
                line("-", 36, None, Markup('    <span class="k">let</span> keep = <del>false</del>;')),
                line("+", None, 36, Markup('    <span class="k">let</span> keep = <ins>true</ins>;')),
                line("+", None, 37, "    // held while a reader looks"),
                line(" ", 37, 38, "}"),
            ),
        ),
    )
