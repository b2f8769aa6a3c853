"""The kit page and the error pages in a browser: axe, no sideways scroll, nothing refused by the content policy.

Set OPENHEARTH_TEST_SHOTS=DIR to keep the screenshots.
"""

import os
import threading
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import axe_playwright_python
import pytest
from django.core.handlers.wsgi import WSGIHandler
from playwright.sync_api import sync_playwright

CHROMIUM = "/usr/bin/chromium"
ARGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js"))
RULES = """async () => (await axe.run(document, {
    runOnly: {type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']},
    rules: {'target-size': {enabled: true}},
})).violations.map(v => v.id + ': ' + v.nodes.map(n => n.html.slice(0, 160)).join(' | '))"""
WIDER = """() => document.documentElement.scrollWidth <= document.documentElement.clientWidth ? [] :
    [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)
    .map(e => e.tagName + '.' + e.className).slice(0, 5)"""
SHOTS = os.environ.get("OPENHEARTH_TEST_SHOTS", "")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Chromium is not installed"),
]


@pytest.fixture(scope="module")
def chromium():
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's loop lives in this thread
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_args):
        pass


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


@pytest.fixture
def address():
    """Serve the small instance on a free port of 127.0.0.1."""
    server = make_server("127.0.0.1", 0, WSGIHandler(), server_class=Server, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def visit(chromium, address):
    """Open a page: `visit(path, …)` gives the page and what went wrong on it."""
    contexts = []

    def open_page(path, *, width=1280, theme="light", language="en", signed_in=False, scripts=True):
        context = chromium.new_context(
            base_url=address,
            viewport={"width": width, "height": 800},
            color_scheme=theme,
            locale=language,
            java_script_enabled=scripts,
            reduced_motion="reduce",
            timezone_id="Asia/Shanghai",
        )
        contexts.append(context)
        if signed_in:
            context.add_cookies([{"name": "me", "value": "1", "url": address}])
        page = context.new_page()
        troubles = []
        page.on("console", lambda m: troubles.append(m.text) if _is_trouble(m) else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto(path)
        return page, troubles

    yield open_page
    for context in contexts:
        context.close()


def _is_trouble(message):
    return message.type == "error" and "responded with a status of 404" not in message.text


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("path", ["/-/kit", "/missing/page"])
def test_page_is_sound(visit, path, language, theme, width):
    page, troubles = visit(path, width=width, theme=theme, language=language, signed_in=path == "/-/kit")
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{path.rpartition('/')[2]}-{language}-{theme}-{width}.png", full_page=True)
    page.evaluate(AXE.read_text())
    assert page.evaluate(RULES) == []
    assert page.evaluate(WIDER) == []
    assert troubles == []


def test_open_menus_stay_in_the_window(visit):
    page, _ = visit("/-/kit", width=390, signed_in=True)
    for menu in page.locator("details.menu > summary:visible").all():
        menu.click()
        assert page.evaluate(WIDER) == []
        box = page.locator("details.menu[open] .pop").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


def test_icons_come_from_the_sprite(visit):
    page, _ = visit("/-/kit")
    drawn = page.locator("footer .i use").first.evaluate("use => use.getBBox().width")
    assert drawn > 0


def test_theme_changes_at_once_and_stays(visit):
    page, troubles = visit("/-/kit")
    ground = "() => getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    with page.expect_response("**/-/appearance"):
        page.get_by_role("button", name="Dark", exact=True).click()
    assert page.evaluate(ground) != light
    page.reload()
    assert page.evaluate(ground) != light
    assert page.get_by_role("button", name="Dark", exact=True).get_attribute("aria-pressed") == "true"
    assert troubles == []


def test_language_and_theme_without_scripts(visit):
    page, _ = visit("/-/kit", scripts=False)
    page.get_by_role("button", name="简体中文").click()
    assert page.locator("html").get_attribute("lang") == "zh-Hans"
    page.locator("button[name=theme][value=dark]").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.locator(".menu").first.is_visible()


def test_refused_form_takes_the_focus(visit):
    page, _ = visit("/-/kit")
    assert page.evaluate("document.activeElement.matches('[data-focus]')")
    page.locator("[data-focus] a").click()
    assert page.url.endswith("#refused")


def test_skip_link_comes_first(visit):
    page, _ = visit("/a/b/c")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_menu_closes_by_escape_and_by_a_click_elsewhere(visit):
    page, _ = visit("/-/kit")
    summary = page.get_by_label("Branch main, switch")
    menu = page.locator("details.menu", has=summary)
    summary.click()
    page.keyboard.press("Escape")
    assert menu.get_attribute("open") is None
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    summary.click()
    page.locator("h1").click()
    assert menu.get_attribute("open") is None


def test_lines_are_chosen_by_click_and_shift_click(visit):
    page, _ = visit("/-/kit")
    page.locator("#L2 > a").click()
    page.locator("#L4 > a").click(modifiers=["Shift"])
    assert page.url.endswith("#L2-L4")
    assert page.locator(".l.hl").evaluate_all("all => all.map(l => l.id)") == ["L2", "L3", "L4"]


def test_copies_where_the_browser_has_no_clipboard_of_its_own(visit):
    """As on plain HTTP from another machine, where scripts may not write to the clipboard."""
    page, troubles = visit("/-/kit")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.evaluate("addEventListener('copy', () => { window.copied = document.getSelection().toString() })")
    button = page.locator("[data-copy]:visible").first
    button.click()
    assert page.evaluate("window.copied") == button.get_attribute("data-copy")
    assert page.locator("#say").inner_text() == "Copied"
    assert page.evaluate("document.activeElement.matches('[data-copy]')")
    assert troubles == []


def test_the_browser_tells_its_zone(visit):
    page, _ = visit("/-/kit")
    page.reload()
    assert "Beijing time" in page.locator("time").first.get_attribute("title")
