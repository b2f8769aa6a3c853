"""Nothing that people write is run: not on a page, not as a raw file."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Error, Page
from tests.instance import ROOT, Instance, environ
from tests.journeys import hands
from tests.journeys.browser import Watch, visitor
from tests.journeys.hostile import FILES, INVISIBLE, STRINGS

pytestmark = [pytest.mark.browser, pytest.mark.server]

STRANGE = """() => {
    for (const e of document.querySelectorAll('main *'))
        for (const kind of ['mouseover', 'focus', 'toggle', 'error', 'load']) e.dispatchEvent(new Event(kind));
    const found = [], all = [...document.querySelectorAll('*')];
    const say = (what, e) => found.push(what + ': ' + e.outerHTML.slice(0, 160));
    for (const e of all) {
        for (const a of e.attributes) {
            if (/^on/i.test(a.name) || a.name === 'style' || a.name === 'srcdoc') say('attribute ' + a.name, e);
            if (['href', 'src', 'action', 'formaction', 'data', 'xlink:href'].includes(a.name)
                && /^[\\s\\x00-\\x1f]*(javascript|vbscript|data):/i.test(a.value)) say('address', e);
        }
        if (['IFRAME', 'OBJECT', 'EMBED', 'BASE', 'FRAME', 'APPLET', 'STYLE'].includes(e.tagName)) say('element', e);
        if (e.tagName === 'META' && e.httpEquiv) say('element', e);
        if (e.tagName === 'LINK' && new URL(e.href).origin !== location.origin) say('element', e);
        if (e.tagName === 'FORM' && new URL(e.action).origin !== location.origin) say('element', e);
        if (e.localName === 'script' && !/\\/-\\/static\\/hearth/.test(e.src)) say('element', e);
    }
    return [...found, ...window.__csp.map(what => 'content policy: ' + what)];
}"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Instance, dict[str, Any]]]:
    data = tmp_path_factory.mktemp("hostile") / "data"
    instance = Instance(data).wait()
    env = environ(OPENHEARTH_DATA=str(data), DJANGO_SETTINGS_MODULE="openhearth.site.settings")
    made = subprocess.run(
        [sys.executable, "-m", "tests.journeys.hostile_world"],
        env=env,
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=False,
    )
    try:
        assert made.returncode == 0, made.stderr
        yield instance, json.loads(made.stdout)
    finally:
        instance.stop()


@pytest.fixture
def reader(chromium: Browser, place: tuple[Instance, dict[str, Any]]) -> Iterator[tuple[Page, Watch]]:
    """Yield a browser whose reader owns the hostile repository."""
    with visitor(chromium, f"http://127.0.0.1:{place[0].port}") as (page, watch):
        hands.sign_in(page, "p0")
        page.wait_for_url("**/")
        yield page, watch


def serious(watch: Watch) -> list[str]:
    """Leave out that pictures which READMEs ask of their own repository do not exist."""
    missing = re.compile(r"console: Failed to load resource: .* 404 .*/(p0/trap/raw/|favicon\.ico)")
    return [trouble for trouble in watch.take() if not missing.match(trouble)]


def test_no_page_runs_what_people_wrote(reader: tuple[Page, Watch], place: tuple[Instance, dict[str, Any]]) -> None:
    page, watch = reader
    assert len(STRINGS) >= 30
    faults: list[str] = []
    shown = 0
    for url in place[1]["pages"]:
        answer = page.goto(url)
        assert answer
        shown += answer.status == 200
        found = page.evaluate(STRANGE) + serious(watch)
        if answer.status >= 500:
            found.append(f"status {answer.status}")
        faults += [f"{url}: {fault}" for fault in found]
    print(f"\n{len(place[1]['pages'])} pages, {shown} of them shown")
    assert shown > 200
    assert not faults, "\n".join(faults[:40])


def test_no_raw_file_runs(reader: tuple[Page, Watch], place: tuple[Instance, dict[str, Any]]) -> None:
    page, watch = reader
    assert len(place[1]["raw"]) == len(FILES)
    answers: dict[str, Any] = {}
    page.on("response", lambda r: answers.update({r.url.partition("/raw/")[2]: r}) if "/raw/" in r.url else None)
    for url in place[1]["raw"]:
        try:
            page.goto(url)
        except Error as error:
            if "Download is starting" not in error.message and "ERR_ABORTED" not in error.message:
                raise
        else:
            assert page.title() != "ran", url
            kind = page.evaluate("document.contentType")
            assert kind in {"text/plain", "image/png", "image/svg+xml"}, url
        answer = answers[url.partition("/raw/")[2]]
        assert answer.status == 200, url
        headers = answer.headers
        assert headers["x-content-type-options"] == "nosniff", url
        policy = headers["content-security-policy"]
        assert re.search(r"\bsandbox(?! allow-)", policy), f"{url}: {policy}"
        assert "default-src 'none'" in policy, f"{url}: {policy}"
        harmless = headers["content-type"].startswith(("text/plain", "image/", "application/octet-stream"))
        assert harmless or headers.get("content-disposition", "").startswith("attachment"), f"{url} {headers}"
        refused = ("console: Applying inline style", "console: Blocked script execution")
        assert [t for t in serious(watch) if not t.startswith(refused)] == [], url


def test_bidi_and_invisible_characters_are_marked(
    reader: tuple[Page, Watch], place: tuple[Instance, dict[str, Any]]
) -> None:
    """In a file, in its name, in a message, in a ref; the name of a repository with them is refused."""
    page, _watch = reader
    number = STRINGS.index(INVISIBLE)
    base, name = "/p0/trap", quote(INVISIBLE, safe="")
    pages = [u for u in place[1]["pages"] if name in u and "?" not in u]
    pages.append([u for u in place[1]["pages"] if "/commit/" in u][number])
    assert len(pages) == 4
    for url in (*pages, f"{base}/tree/main/names", f"{base}/commits/main", f"{base}/branches", f"{base}/tags"):
        answer = page.goto(url)
        assert answer
        assert answer.status == 200, url
        documents = page.locator(".md")
        if documents.count():  # their words stay as they are; the page warns
            assert page.locator("main .flash.warn").count() == 1, url
            documents.evaluate_all("all => all.forEach(d => d.remove())")
        shown = page.evaluate("document.title + document.body.innerText")
        assert not set(shown) & set("\u202e\u2066\u200b"), url
    page.goto(f"{base}/blob/main/in/{number}/{name}/deep.py")
    assert page.locator("main .flash.warn").count() == 1
    page.goto("/-/new")
    hands.submit(page, "/-/new", name="pa\u202eypal")
    assert page.locator("[role=alert]").count() == 1


def test_the_trap_closes(reader: tuple[Page, Watch]) -> None:
    """What the tests above look for is found where it is put in on purpose."""
    page, watch = reader
    page.goto("/-/explore")
    page.evaluate("""() => { document.querySelector('main').innerHTML +=
        '<img src=x onerror=alert(1)><a href="javascript:alert(1)">x</a><base href="//evil.example/">' }""")
    page.wait_for_timeout(200)
    found = "\n".join(page.evaluate(STRANGE) + watch.take())
    for what in ("attribute onerror", "address", "element: <base", "content policy: script-src"):
        assert what in found
