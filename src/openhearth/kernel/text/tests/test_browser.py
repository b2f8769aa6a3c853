"""The hostile texts in a real browser: nothing runs, nothing is asked for, although the page has no policy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, sync_playwright

from openhearth.kernel.text import highlight, links, markdown, marks
from openhearth.kernel.text.tests.corpus import CORPUS

CHROMIUM = "/usr/bin/chromium"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Chromium is not installed"),
]
HOST = "http://site.example"


@pytest.fixture(scope="module")
def asked() -> list[str]:
    return []


@pytest.fixture(scope="module")
def page(asked: list[str]) -> Iterator[Page]:
    def answer(route: Route) -> None:
        asked.append(route.request.url)
        if route.request.is_navigation_request():
            route.fulfill(body="<!doctype html><title>x</title><main></main>", content_type="text/html")
        else:
            route.fulfill(status=404)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        made = browser.new_page()
        made.route("**/*", answer)
        yield made
        browser.close()


def run(page: Page, source: str) -> int:
    """Show the HTML, poke everything in it, and count calls of `alert`."""
    page.goto(f"{HOST}/o/r")
    page.evaluate("() => { window.hits = 0; window.alert = () => { window.hits += 1 } }")
    page.evaluate("source => { document.querySelector('main').innerHTML = source }", source)
    return int(
        page.evaluate(
            """async () => {
                for (const element of document.querySelectorAll('main *')) {
                    for (const name of ['mouseover', 'focus', 'toggle', 'pointerenter', 'error', 'load'])
                        element.dispatchEvent(new Event(name));
                    const address = element.getAttribute('href');
                    if (address && /^(javascript|vbscript|data|blob):$/.test(new URL(element.href).protocol))
                        window.hits += 1;
                    if (!(element instanceof HTMLElement)) window.hits += 1;
                }
                await new Promise(done => setTimeout(done, 50));
                return window.hits;
            }"""
        )
    )


def test_the_trap_works(page: Page) -> None:
    assert run(page, "<img src=x onerror=alert(1)>") > 0
    assert run(page, "<a href='java\tscript:alert(1)'>x</a>") > 0
    assert run(page, "<svg></svg>") > 0


@pytest.mark.parametrize("kind", ["markdown", "plain", "code"])
def test_nothing_runs(page: Page, asked: list[str], kind: str) -> None:
    asked.clear()
    for start in range(0, len(CORPUS), 40):
        texts = CORPUS[start : start + 40]
        if kind == "markdown":
            parts = [f"<div>{markdown.render(text)}</div>" for text in texts]
        elif kind == "plain":
            parts = [f"<div title=x>{marks.mark(text)} {links.commit_message(text)}</div>" for text in texts]
        else:
            parts = [f"<pre>{line}</pre>" for text in texts for line in highlight.lines(text, "a.html")]
        assert run(page, "".join(parts)) == 0
    assert {address for address in asked if not address.startswith(f"{HOST}/")} == set()
