"""Every page there is, as its people see it: both languages, both themes, wide and narrow.

The pages come from the route table of the running code. Each is opened in at least two of the eight ways, those
that people see most in all of them. Set OPENHEARTH_TEST_SHOTS=DIR to keep pictures.
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from tests.instance import ROOT, Instance, environ
from tests.journeys.browser import Watch, faults_of, visitor

pytestmark = [pytest.mark.browser, pytest.mark.server]

MAIN = {
    "home",
    "repository",
    "browse_blob",
    "browse_tree",
    "browse_commits",
    "commit",
    "code",
    "empty",
    "repository_new",
}
MAIN |= {"account_login", "repo_settings", "explore"}
NOT_PAGES = {"static_file", "favicon", "robots", "browse_raw", "browse_archive", "profile_keys"}
"""Routes whose answer is a file; `test_files_are_files` says so."""
WAYS = list(itertools.product(("en", "zh-CN"), ("light", "dark"), (1280, 390)))
USUAL = {
    "member": {("en", "light", 1280), ("zh-CN", "dark", 390)},
    "visitor": {("zh-CN", "light", 1280), ("en", "dark", 390)},
}
SHOTS = os.environ.get("OPENHEARTH_TEST_SHOTS", "")
TEXTS = """() => {
    const found = [], code = 'pre, code, .mono, script, style';
    const foreign = e => e.closest('[lang]').lang !== 'zh-Hans' || e.closest(code);
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const text = walk.currentNode.data.trim();
        if (text && !foreign(walk.currentNode.parentElement)) found.push(text);
    }
    for (const e of document.querySelectorAll('[aria-label], [title], [placeholder], [alt]'))
        for (const name of ['aria-label', 'title', 'placeholder', 'alt'])
            if (e.getAttribute(name) && !foreign(e)) found.push(e.getAttribute(name).trim());
    return [document.title, ...found];
}"""


@dataclass
class Place:
    """An instance with something in it, and the addresses of its pages by name."""

    instance: Instance
    world: dict[str, Any]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.instance.port}"

    def session(self, who: str) -> str:
        return self.world["identities"].get(who, {}).get("session", "")

    def pages(self, who: str) -> Iterator[tuple[str, str]]:
        """Yield (name, address) of the pages that an identity is meant to see."""
        administers = who == "site-admin"
        for route in self.world["routes"]:
            if route["kind"] != "page" or "GET" not in route["methods"] or route["name"] in NOT_PAGES:
                continue
            is_administration = route["permission"] in {"site.administer", "account.administer"}
            is_open = route["permission"] in {"site.visit", "repo.read", "account.read"}
            if is_administration == administers and (who != "anonymous" or is_open):
                yield route["name"], route["urls"]["public"]
        if not administers:
            yield from self.world["extra"].items()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    data = tmp_path_factory.mktemp("pages") / "data"
    instance = Instance(data).wait()
    env = environ(OPENHEARTH_DATA=str(data), DJANGO_SETTINGS_MODULE="openhearth.site.settings")
    made = subprocess.run(
        [sys.executable, "-m", "tests.journeys.pages_world"],
        env=env,
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=False,
    )
    try:
        assert made.returncode == 0, made.stderr
        yield Place(instance, json.loads(made.stdout))
    finally:
        instance.stop()


@pytest.fixture(scope="module")
def untranslated() -> re.Pattern[str]:
    """Match a whole text that is an English msgid for which the catalogue has Chinese words."""
    catalogue = (ROOT / "src/openhearth/locale/zh_Hans/LC_MESSAGES/django.po").read_text("utf-8")
    wanted = set()
    for entry in catalogue.split("\n\n"):
        strings = re.findall(r'^(msgid|msgid_plural|msgstr)(?:\[\d\])? ((?:".*"\n?)+)', entry, re.MULTILINE)
        texts = {kind: "".join(json.loads(line) for line in quoted.splitlines()) for kind, quoted in strings}
        for kind in ("msgid", "msgid_plural"):
            english = texts.get(kind, "")
            if re.search(r"[A-Za-z]{3}", english) and english != texts.get("msgstr"):
                wanted.add(english)
    patterns = [".+?".join(map(re.escape, re.split(r"%\(\w+\)[sd]", text))) for text in wanted]
    worth = [p for p in patterns if len(re.findall(r"[A-Za-z]", p.replace(".+?", ""))) >= 3]
    assert len(worth) > 400
    return re.compile("|".join(f"(?:{p})" for p in sorted(worth, key=len, reverse=True)))


def ids(way: tuple[str, str, int]) -> str:
    return f"{way[0]}-{way[1]}-{way[2]}"


@pytest.mark.parametrize("way", WAYS, ids=ids)
@pytest.mark.parametrize("who", ["owner", "site-admin", "anonymous"])
def test_pages_are_sound(
    chromium: Browser, place: Place, untranslated: re.Pattern[str], who: str, way: tuple[str, str, int]
) -> None:
    language, theme, width = way
    usual = way in USUAL["visitor" if who == "anonymous" else "member"]
    visits = [(name, url) for name, url in place.pages(who) if usual or (name in MAIN and who == "owner")]
    if not visits:
        return
    faults: list[str] = []
    with visitor(chromium, place.address, language=language, theme=theme, width=width, session=place.session(who)) as (
        page,
        watch,
    ):
        for name, url in visits:
            found = visit(page, watch, url, language, untranslated)
            if SHOTS:
                page.screenshot(path=f"{SHOTS}/{name.replace(' ', '-')}-{who}-{ids(way)}.png", full_page=True)
            faults += [f"{name} ({url}): {fault}" for fault in found]
    print(f"\n{len(visits)} pages as {who}, {ids(way)}")
    assert not faults, "\n".join(faults)


def visit(page: Page, watch: Watch, url: str, language: str, untranslated: re.Pattern[str]) -> list[str]:
    answer = page.goto(url)
    assert answer, url
    faults = faults_of(page) + watch.take()
    if answer.status >= 500:
        faults.append(f"status {answer.status}")
    if "text/html" not in answer.headers["content-type"]:
        faults.append(answer.headers["content-type"])
    wanted = "zh-Hans" if language.startswith("zh") else "en"
    if page.locator("html").get_attribute("lang") != wanted:
        faults.append(f"lang is not {wanted}")
    if wanted == "zh-Hans" and not url.startswith("/-/kit"):  # the kit's samples are for those who build pages
        texts = dict.fromkeys(page.evaluate(TEXTS))
        faults += [f"untranslated: {text}" for text in texts if untranslated.fullmatch(text)]
    return faults


def test_all_ways_are_used() -> None:
    assert len(WAYS) == 8
    assert all(len(ways) >= 2 for ways in USUAL.values())


@pytest.mark.parametrize("name", sorted(NOT_PAGES))
def test_files_are_files(place: Place, name: str) -> None:
    """What the visits leave out answers with something that is no page."""
    route = next(route for route in place.world["routes"] if route.get("name") == name)
    connection = http.client.HTTPConnection("127.0.0.1", place.instance.port, timeout=30)
    connection.request("GET", route["urls"]["public"])
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status in {200, 302, 404}
    assert answer.status != 200 or "text/html" not in answer.headers["Content-Type"]


def test_a_broken_page_is_noticed(
    chromium: Browser, place: Place, untranslated: re.Pattern[str], tmp_path: Path
) -> None:
    """The same looks at a page spoilt on purpose find each fault, or they prove nothing."""
    with visitor(chromium, place.address, language="zh-CN", session=place.session("owner")) as (page, watch):
        page.goto("/-/settings/keys")
        page.evaluate("""() => { const main = document.querySelector('main');
            main.insertAdjacentHTML('beforeend', '<h1>Two</h1><img src="/-/static/none.png"><button></button>'
                + '<div class="cut">Save description</div><div id="broad">x</div><p onclick="alert(1)"></p>');
            const i = new Image(); i.src = 'https://elsewhere.example/x.png'; main.append(i);
            document.querySelector('#broad').style.width = '3000px'; }""")
        page.wait_for_timeout(200)
        found = "\n".join(faults_of(page) + watch.take())
        assert "2 h1" in found
        assert "button-name" in found
        assert "wider than the window" in found
        assert "content policy" in found
        assert "script-src" in found
        assert any(untranslated.fullmatch(text) for text in page.evaluate(TEXTS))
