"""Chromium as the tests drive it, and what it tells about a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Playwright, Request

CHROMIUM = "/usr/bin/chromium"
ARGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js")).read_text("utf-8")
RULES = """async () => (await axe.run(document, {
    resultTypes: ['violations'],
    runOnly: {type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']},
    rules: {'target-size': {enabled: true}},
})).violations.map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 200)).join(' | '))"""
WIDER = """() => document.documentElement.scrollWidth <= document.documentElement.clientWidth ? [] :
    [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)
    .map(e => e.tagName + '.' + e.className).slice(0, 5)"""
LISTEN = """window.__csp = []; document.addEventListener('securitypolicyviolation',
    e => window.__csp.push(e.violatedDirective + ' ' + e.blockedURI));"""


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)


@dataclass
class Watch:
    """Gathers what a visit must not show: errors, refusals of the content policy, foreign requests, dialogs."""

    address: str
    context: BrowserContext
    troubles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.on("console", self.console)
        self.context.on("weberror", lambda error: self.troubles.append(f"error: {error.error}"))
        self.context.on("request", self.request)
        self.context.on("dialog", self.dialog)
        self.context.add_init_script(LISTEN)

    def console(self, message: ConsoleMessage) -> None:
        """Keep errors, but not the one that Chromium writes for the page's own status."""
        answered = re.search(r"responded with a status of (40\d|422|5\d\d)", message.text)
        own = (
            message.page is not None and message.location.get("url", "").split("#")[0] == message.page.url.split("#")[0]
        )
        if message.type == "error" and not (answered and own):
            self.troubles.append(f"console: {message.text} {message.location.get('url', '')}")

    def request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.address}/", "data:", "blob:", "about:")):
            self.troubles.append(f"foreign request: {request.url}")

    def dialog(self, dialog: Dialog) -> None:
        self.troubles.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def take(self) -> list[str]:
        found, self.troubles = self.troubles, []
        return found


@contextmanager
def visitor(
    browser: Browser,
    address: str,
    *,
    language: str = "en",
    theme: str = "light",
    width: int = 1280,
    scripts: bool = True,
    session: str = "",
    **more: Any,
) -> Iterator[tuple[Page, Watch]]:
    """Open a browser of one person: a page, and what goes wrong on it."""
    context = browser.new_context(
        base_url=address,
        viewport={"width": width, "height": 800},
        color_scheme=theme,
        locale=language,
        java_script_enabled=scripts,
        reduced_motion="reduce",
        timezone_id="Asia/Shanghai",
        **more,
    )
    context.set_default_timeout(20_000)
    watch = Watch(address, context)
    if session:
        context.add_cookies([{"name": "session", "value": session, "url": address}])
    try:
        yield context.new_page(), watch
    finally:
        context.close()


def faults_of(page: Page) -> list[str]:
    """Return what axe, the width, the outline and the content policy say of the page that is open."""
    page.evaluate(AXE)
    faults = list(page.evaluate(RULES))
    faults += [f"wider than the window: {name}" for name in page.evaluate(WIDER)]
    headings = page.locator("h1:not(.md *)").count()  # documents bring their own
    if headings != 1:
        faults.append(f"{headings} h1")
    faults += [f"content policy: {what}" for what in page.evaluate("window.__csp")]
    return faults
