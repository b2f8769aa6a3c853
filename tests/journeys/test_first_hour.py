"""The first hour of an instance, from an empty directory to a restored repository, as people live it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.instance import Instance, hearth
from tests.journeys import hands
from tests.journeys.browser import visitor
from tests.journeys.hands import PASSWORD, Shell, commands, path_of, submit

pytestmark = [pytest.mark.browser, pytest.mark.server]


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    instance = Instance(tmp_path / "data").wait()
    yield instance
    instance.stop()


@pytest.mark.parametrize(
    ("language", "scripts"), [("en", True), ("zh-CN", True), ("zh-CN", False)], ids=["en", "zh", "no-scripts"]
)
def test_first_hour(chromium: Browser, instance: Instance, tmp_path: Path, language: str, scripts: bool) -> None:
    address = f"http://127.0.0.1:{instance.port}"
    shell = Shell(tmp_path / "home")
    with visitor(chromium, address, language=language, scripts=scripts) as (page, watch):
        page.set_default_timeout(20_000)
        light_the_fire(page, instance)
        join(page)
        begin_with_a_readme(page)
        begin_with_nothing(page, shell)
        read(page, shell)
        push_by_ssh(page, shell)
        change_the_language(page)
        rename(page, shell, address)
        delete_and_restore(page)
        assert watch.take() == []


def light_the_fire(page: Page, instance: Instance) -> None:
    """The first page leads to the one-time link, and the link to the administrator."""
    page.goto("/")
    shown = page.locator("pre.term").first.inner_text().strip().rstrip("…")
    link = re.search(re.escape(shown) + r"\S+", instance.out.read_text())
    assert link, "the page shows where the link begins, and the server has printed such a link"
    page.goto(link[0])
    submit(page, name="ada", email="ada@example.org", password=PASSWORD, registration="open")
    expect(page.locator("details.me")).to_be_visible()
    assert page.locator("main a[href$='/-/new'], main form[action$='/-/new']").count(), "led to what comes next"
    assert page.goto(link[0]).status != 200, "the link works once"  # type: ignore[union-attr]
    page.goto("/")
    hands.sign_out(page)
    expect(page.locator("details.me")).to_have_count(0)


def join(page: Page) -> None:
    page.goto("/")
    page.locator("main a[href*='/-/sign-up']").first.click()
    submit(page, name="linmu", email="linmu@example.org", password=PASSWORD)
    expect(page.locator("details.me")).to_be_visible()


def begin_with_a_readme(page: Page) -> None:
    page.goto("/")
    page.locator("header details.menu:not(.me) > summary").click()
    page.locator("header details.menu:not(.me) a[href$='/-/new']").click()
    form = page.locator("form[action$='/-/new']")
    form.locator("[name=readme]").check()
    submit(page, "/-/new", name="lantern", description="灯：a small light")
    expect(page).to_have_url(re.compile(r"/linmu/lantern$"))
    expect(page.locator("#readme h1, #readme h2").first).to_contain_text("README.md")
    expect(page.locator(".ftable")).to_contain_text("README.md")


def begin_with_nothing(page: Page, shell: Shell) -> None:
    """The empty repository shows commands; run as they stand, with a token as the password, they push."""
    page.goto("/-/new")
    submit(page, "/-/new", name="riverbed")
    expect(page).to_have_url(re.compile(r"/linmu/riverbed$"))
    lines = commands(page, 1)
    assert lines[0].startswith("git init")
    shell.password("linmu", make_token(page))
    shell.run(*lines)
    page.goto("/linmu/riverbed")
    expect(page.locator(".ftable")).to_contain_text("README.md")
    expect(page.locator("#readme")).to_contain_text("riverbed")


def make_token(page: Page) -> str:
    hands.account_menu(page, "/-/settings")
    page.locator(".nav a[href$='/-/settings/tokens']").click()
    page.locator("main a[href$='/-/settings/tokens/new']").first.click()
    submit(page, "/-/settings/tokens/new", name="desk", scopes="repo")
    token = page.locator(".once input").input_value()
    page.goto("/-/settings/tokens")
    expect(page.locator(".once")).to_have_count(0)
    return token


def read(page: Page, shell: Shell) -> None:
    """A folder, a file in it, its history, a commit of it."""
    shell.run(
        "mkdir -p docs/notes && printf '# 炉火\\n\\n夜里也亮着。\\n' > docs/notes/炉火.md",
        "printf 'def warm(hearth):\\n    return hearth.lit\\n' > hearth.py",
        "git add . && git commit -q -m '加入说明与第一个函数' && git push -q",
        folder="riverbed",
    )
    page.goto("/linmu/riverbed")
    page.locator(".ftable a[href*='/tree/main/docs']").first.click()
    page.locator(".ftable a[href*='/blob/main/docs/notes/']").click()
    expect(page.locator("h1.path")).to_contain_text("炉火.md")
    expect(page.locator(".md")).to_contain_text("夜里也亮着")
    page.locator(".pathbar a[href*='/commits/main/']").click()
    expect(page.locator(".commit")).to_have_count(1)
    page.locator(".commit a.t").click()
    expect(page).to_have_url(re.compile(r"/linmu/riverbed/commit/[0-9a-f]{40}$"))
    expect(page.locator("h1")).to_have_text("加入说明与第一个函数")
    expect(page.locator("section.file")).to_have_count(2)
    page.goto("/linmu/riverbed/blob/main/hearth.py")
    expect(page.locator(".code .l")).to_have_count(2)
    page.locator("nav.tabs a").first.click()
    page.locator("main a[href$='/riverbed/branches']").first.click()
    expect(page.locator("table.branches")).to_contain_text("main")


def push_by_ssh(page: Page, shell: Shell) -> None:
    """The key is given in the browser; host keys and the address are those that pages show."""
    page.goto("/")
    hands.account_menu(page, "/-/settings")
    page.locator(".nav a[href$='/-/settings/keys']").click()
    submit(page, "/-/settings/keys", key=shell.key())
    expect(page.locator(".keyrow")).to_contain_text("linmu@desk")
    page.locator("footer a[href$='/-/ssh']").click()
    shell.know(page.locator("pre.term").last.inner_text())

    page.goto("/-/new")
    submit(page, "/-/new", name="by-ssh")
    page.locator("main .seg a").last.click()
    lines = commands(page, 0)
    assert any("ssh://" in line for line in lines)
    shell.run("git clone -q riverbed mine && cd mine && git remote remove origin")
    shell.run(*lines, folder="mine")
    page.goto("/linmu/by-ssh")
    expect(page.locator(".ftable")).to_contain_text("hearth.py")
    address = page.locator(".clonebox input").last.input_value()
    assert address.startswith("ssh://")
    shell.run(f"git clone -q {address} again && test -f again/hearth.py")


def change_the_language(page: Page) -> None:
    """The switch at the foot leads back to the same page in the other language, and the choice stays."""
    page.goto("/linmu/riverbed/branches?q=ma")
    before = page.locator("html").get_attribute("lang")
    heading = page.locator("h1").inner_text()
    page.locator("footer button[name=lang]").click()
    after = page.locator("html").get_attribute("lang")
    assert {before, after} == {"en", "zh-Hans"}
    assert path_of(page) == "/linmu/riverbed/branches?q=ma"
    assert page.locator("h1").inner_text() != heading
    page.goto("/-/settings/preferences")
    assert page.locator("html").get_attribute("lang") == after
    submit(page, "/-/settings/preferences", language=before or "")
    assert page.locator("html").get_attribute("lang") == before


def rename(page: Page, shell: Shell, address: str) -> None:
    page.goto("/linmu/riverbed")
    page.locator("nav.tabs a[href$='/riverbed/settings']").click()
    submit(page, "/linmu/riverbed/settings", description="What a river leaves")
    expect(page.locator("main [role=status]")).to_be_visible()
    submit(page, "/linmu/riverbed/settings/rename", name="delta")
    expect(page.locator("nav.place")).to_contain_text("delta")
    page.goto("/linmu/riverbed/blob/main/hearth.py")
    assert path_of(page) == "/linmu/delta/blob/main/hearth.py"
    shell.run(f"git ls-remote --exit-code {address}/linmu/riverbed.git main")
    shell.run("git commit -q --allow-empty -m 'After the new name' && git push -q", folder="riverbed")
    page.goto("/linmu/delta")
    expect(page.locator("main .latest, main .files > header")).to_contain_text("After the new name")


def delete_and_restore(page: Page) -> None:
    page.goto("/linmu/delta/settings")
    page.locator("main a[href$='/delta/settings/delete']").click()
    submit(page, "/linmu/delta/settings/delete", confirm="wrong")
    expect(page.locator("[role=alert]")).to_be_visible()
    submit(page, "/linmu/delta/settings/delete", confirm="delta")
    answer = page.goto("/linmu/delta")
    assert answer
    assert answer.status == 404
    page.goto("/-/settings/repositories")
    page.locator("form[action$='/restore'] button").click()
    answer = page.goto("/linmu/delta/blob/main/hearth.py")
    assert answer
    assert answer.status == 200


class Keyboard:
    """Moves with Tab and Enter alone; every stop must be seen."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def to(self, selector: str, most: int = 60) -> None:
        """Press Tab until the focus stands on what the selector names."""
        for _step in range(most):
            self.page.keyboard.press("Tab")
            self.look()
            if self.page.evaluate("s => document.activeElement.matches(s)", selector):
                return
        raise AssertionError(f"{selector} is not reached with {most} presses of Tab on {self.page.url}")

    def look(self) -> None:
        seen = self.page.evaluate("""() => { const e = document.activeElement; if (e === document.body) return '';
            const b = e.getBoundingClientRect(), s = getComputedStyle(e);
            const marked = s.outlineStyle !== 'none' || s.boxShadow !== 'none'
                || !!e.closest('.find, .clone, label.check');
            return b.width > 1 && b.height > 1 && b.bottom > 0 && b.top < innerHeight && marked
                ? '' : e.outerHTML.slice(0, 160) }""")
        assert seen == "", f"the focus cannot be seen on {seen}"

    def enter(self) -> None:
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")


def test_with_the_keyboard_alone(chromium: Browser, instance: Instance, tmp_path: Path) -> None:
    """From the first page through the sign-in to a repository's file, and away again."""
    shell = Shell(tmp_path / "home")
    shell.run(
        "git init -q seed && cd seed && mkdir src && echo 'lit = True' > src/fire.py && echo '# Seed' > README.md"
    )
    shell.run("git add . && git commit -q -m 'Begin'", folder="seed")
    data = ["--data", str(instance.data)]
    assert hearth("user", "add", "ada", "--email", "a@example.org", "--password", PASSWORD, *data).returncode == 0
    imported = hearth("import", str(shell.home / "seed"), "ada/seed", *data)
    assert imported.returncode == 0, imported.stderr
    with visitor(chromium, f"http://127.0.0.1:{instance.port}") as (page, watch):
        keys = Keyboard(page)
        page.goto("/-/sign-in")
        assert page.evaluate("document.activeElement.name") == "login", "the first field has the focus"
        page.keyboard.type("ada")
        keys.to("[name=password]")
        page.keyboard.type(PASSWORD)
        keys.enter()
        keys.to("main a[href='/ada/seed']")
        keys.enter()
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        keys.to(".ftable a[href*='/tree/main/src']")
        keys.enter()
        keys.to(".ftable a[href*='/blob/main/src/fire.py']")
        keys.enter()
        expect(page.locator(".code")).to_contain_text("lit = True")
        keys.to("details.me > summary")
        page.keyboard.press("Enter")
        keys.to("details.me form button")
        keys.enter()
        expect(page.locator("details.me")).to_have_count(0)
        assert watch.take() == []
