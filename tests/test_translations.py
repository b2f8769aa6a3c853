"""The catalogues are whole and right, the tool notices where they are not, and Chinese pages are Chinese."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import pytest
from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from django.urls import reverse
from django.utils import translation
from tools import translations

from openhearth.code.starters import rules as starters
from openhearth.kernel import config
from openhearth.kernel.policy.actors import anonymous
from openhearth.people.accounts.tests.people import browser
from openhearth.transport import messages
from openhearth.transport.threads import in_thread

HAN = re.compile(f"[{translations.HAN}]")


# --- the catalogues ---


@pytest.fixture(scope="module")
def template() -> Catalog:
    return translations.sources()


def test_no_text_is_missing_or_wrong() -> None:
    assert translations.check() == []


def test_texts_of_libraries_are_theirs() -> None:
    for library, texts in translations.ELSEWHERE.items():
        folder = Path(importlib.import_module(library).__file__ or "").parent
        methods = [("**.py", "python")]
        theirs = {found[2] for found in extract_from_dir(folder, methods, {}, translations.KEYWORDS)}
        assert set(texts) - theirs == set(), library


def _drop(catalog: Catalog, key: str) -> None:
    catalog.delete(key)


def _empty(catalog: Catalog, key: str) -> None:
    catalog[key].string = ""


def _doubt(catalog: Catalog, key: str) -> None:
    catalog[key].flags.add("fuzzy")


def _invent(catalog: Catalog, _key: str) -> None:
    catalog.add("A text that no page has", "没有页面用到的文字")


def _say(text: str | tuple[str, ...]) -> Callable[[Catalog, str], None]:
    def say(catalog: Catalog, key: str) -> None:
        catalog[key].string = text

    return say


PLAIN, NAMED, PLURAL, SENTENCE = (
    "Sign in",
    "A new password for %(name)s",
    "%(shown)s branch",
    "This mail comes from OpenHearth at %(address)s.",
)
FAULTS: list[tuple[str, Callable[[Catalog, str], None], str]] = [
    (PLAIN, _drop, "missing"),
    (PLAIN, _empty, "missing"),
    (PLAIN, _doubt, "fuzzy"),
    (PLAIN, _invent, "obsolete: 'A text that no page has'"),
    (NAMED, _say("为 %(who)s 设置新密码"), "placeholders %(who)s instead of %(name)s"),
    (NAMED, _say("设置新密码"), "placeholders none instead of %(name)s"),
    (NAMED, _say("为 %(name)d 设置新密码"), "placeholders %(name)d instead of %(name)s"),
    (NAMED, _say("为 %(name)s 设置 100% 的新密码"), "percent signs"),
    (PLURAL, _say(("%(shown)s 个分支", "%(shown)s 个分支")), "2 of 1 plural forms"),
    (PLURAL, _say(""), "missing"),
    (PLAIN, _say("请您登录"), "“您” instead of “你”"),
    (PLAIN, _say("登陆"), "“登陆” instead of “登录”"),
    (PLAIN, _say("登录."), "half-width sign"),
    (PLAIN, _say("登录,注册"), "half-width sign"),
    (PLAIN, _say("登录(SSH)"), "half-width sign"),
    (PLAIN, _say("登录Git"), "no space between Han and Latin"),
    (NAMED, _say("为%(name)s设置新密码"), "no space between Han and Latin"),
    (PLAIN, _say("登录 ，注册"), "space beside a full-width sign"),
    (PLAIN, _say("登 录"), "space between Han"),
    (PLAIN, _say("登錄"), "“錄” is not a simplified character"),
    (PLAIN, _say("登录。"), "ends with 。"),
    (SENTENCE, _say("此邮件由 %(address)s 的开炉发出"), "ends without 。"),
    (PLAIN, _say("Sign in"), "not translated"),
    (PLAIN, _say("“登录"), "without its other half"),
    (PLAIN, _say("登录\n注册"), "another number of lines"),
]


@pytest.fixture
def few() -> Catalog:
    """A template of four texts, each of another kind."""
    catalog = Catalog()
    for text in (PLAIN, NAMED, SENTENCE, (PLURAL, "%(shown)s branches")):
        catalog.add(text, locations=[("page.html", 0)])
    return catalog


@pytest.fixture
def good(few: Catalog) -> Catalog:
    """Their translations, as they should be."""
    catalog = translations.merged(few, Catalog(locale="zh_Hans"), translations.CHINESE)
    catalog[PLAIN].string = "登录"
    catalog[NAMED].string = "为 %(name)s 设置新密码"
    catalog[SENTENCE].string = "此邮件由 %(address)s 的开炉发出。"
    catalog[PLURAL].string = ("%(shown)s 个分支",)
    assert translations.faults(few, catalog, translations.CHINESE) == []
    return catalog


@pytest.mark.parametrize(("key", "change", "fault"), FAULTS)
def test_a_fault_in_the_chinese_catalogue_is_named(
    few: Catalog, good: Catalog, key: str, change: Callable[[Catalog, str], None], fault: str
) -> None:
    change(good, key)
    found = translations.faults(few, good, translations.CHINESE)
    assert any(fault in line for line in found), found
    assert all(repr(key) in line or "obsolete" in line for line in found), found


@pytest.mark.parametrize(
    ("key", "text", "fault"),
    [
        (PLAIN, "Log in", "differs from its source"),
        (PLURAL, ("%(shown)s branch",), "1 of 2 plural forms"),
        (PLURAL, ("%(shown)s branch", ""), "1 of 2 plural forms"),
    ],
)
def test_a_fault_in_the_english_catalogue_is_named(few: Catalog, key: str, text: Any, fault: str) -> None:
    catalog = translations.merged(few, Catalog(locale="en"), translations.SOURCE)
    assert translations.faults(few, catalog, translations.SOURCE) == []
    catalog[key].string = text
    assert any(fault in line and repr(key) in line for line in translations.faults(few, catalog, translations.SOURCE))


def test_an_entry_taken_out_of_the_catalogue_is_missed(template: Catalog) -> None:
    catalog = translations.load(translations.CHINESE)
    before = translations.faults(template, catalog, translations.CHINESE)
    catalog.delete(PLAIN)
    after = translations.faults(template, catalog, translations.CHINESE)
    assert [line for line in after if line not in before] == [
        f"zh_Hans: missing: {PLAIN!r} ({template[PLAIN].locations[0][0]})"
    ]


# --- the tool ---

PAGE = """{{ _('Sign in') }} {{ ngettext('%(num)d branch', '%(num)d branches', n) }}
{% trans name=x %}Hello   {{ name }},
  it works.{% endtrans %} {{ pgettext('verb', 'Open') }}"""
CODE = """from django.utils.translation import gettext as _, gettext_lazy, pgettext, ngettext_lazy
LABELS = {"a": gettext_lazy("Label"), "b": ngettext_lazy("%(n)d row", "%(n)d rows", 2)}
def faults():
    return [text_fault("title", _("Title"), "x", 3), _("%(a)s and "
        "%(b)s") % {}]
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(translations, "ELSEWHERE", {})
    for name, text in {
        "talk/templates/talk/page.html": PAGE,
        "talk/web.py": CODE,
        "web/static/talk.js": "button.textContent = gettext('Copied');",
        "talk/tests/test_web.py": "_('Only a test says this')",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_texts_are_found_in_templates_python_and_javascript(package: Path) -> None:
    assert [(entry.id, entry.context) for entry in translations.entries(translations.sources(package))] == [
        (("%(num)d branch", "%(num)d branches"), None),
        ("Hello   %(name)s, it works.", None),
        ("Open", "verb"),
        ("Sign in", None),
        ("%(a)s and %(b)s", None),
        (("%(n)d row", "%(n)d rows"), None),
        ("Label", None),
        ("Title", None),
        ("Copied", None),
    ]


def test_an_update_keeps_what_is_translated_and_changes_nothing_twice(package: Path) -> None:
    translations.update(package)
    catalog = translations.load(translations.CHINESE, package)
    catalog["Label"].string = "标记"
    file = translations.path(translations.CHINESE, package)
    file.write_bytes(translations.written(catalog, translations.CHINESE))
    code = package / "talk/web.py"
    code.write_text("\n\n" + CODE.replace('_("Title")', '_("Heading")'))
    translations.update(package)
    once = file.read_bytes()
    translations.update(package)
    assert file.read_bytes() == once
    kept = translations.load(translations.CHINESE, package)
    assert kept["Label"].string == "标记"
    assert kept.get("Title") is None
    assert kept["Heading"].string == ""
    assert not re.search(rb"^#: .*:\d", once, re.MULTILINE)
    assert translations.load(translations.SOURCE, package)["%(num)d branch"].string == (
        "%(num)d branch",
        "%(num)d branches",
    )


def test_the_program_checks_without_writing_and_says_what_is_wrong(
    package: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def check() -> list[str]:
        return checked(package)

    checked = translations.check
    monkeypatch.setattr(translations, "check", check)
    assert translations.main(["--check"]) == 1
    assert "zh_Hans: missing: 'Sign in' (talk/templates/talk/page.html)" in capsys.readouterr().out
    assert not translations.path(translations.CHINESE, package).exists()


# --- what git clients are told ---


async def test_git_is_answered_in_the_language_that_it_asks_for() -> None:
    def said() -> tuple[str, str]:
        return translation.gettext("Sign in"), messages.refusal("too-long", {})

    chinese = ("登录", "引用名超过 255 字节")
    with translation.override("zh-hans"):
        assert await in_thread(said) == chinese
        with messages.language_of(anonymous()):
            assert said() == chinese
        with messages.language_of(anonymous("en")):
            assert said() == ("Sign in", "the ref name is longer than 255 bytes")
    assert await in_thread(said) == ("Sign in", "the ref name is longer than 255 bytes")


# --- the pages ---


class Texts(HTMLParser):
    """Collects what a person sees or hears of a page in the page's own language."""

    SILENT = {"script", "style", "code", "pre", "svg", "template", "time", "kbd"}
    VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: set[str] = set()
        self.open: list[bool] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        foreign = tag != "html" and given.get("lang", "zh-Hans") != "zh-Hans"
        if not foreign and not any(self.open):
            names = ["title", "aria-label", "placeholder", "alt", *(["value"] if given.get("type") == "submit" else [])]
            self.found.update(" ".join((given.get(name) or "").split()) for name in names)
        if tag not in self.VOID:
            shown_as_written = "md" in (given.get("class") or "").split()
            self.open.append(foreign or shown_as_written or tag in self.SILENT)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if not any(self.open):
            self.found.add(" ".join(data.split()))


def english(text: str) -> bool:
    return bool(re.search("[A-Za-z]{2}", text)) and not HAN.search(text)


@pytest.fixture(scope="module")
def untranslated(template: Catalog) -> Callable[[str], bool]:
    """Say whether a text is one of the sources, with anything in its placeholders."""
    patterns = []
    chinese = translations.load(translations.CHINESE)
    for entry in translations.entries(template):
        forms = translations._forms_of_source(entry)
        there = chinese.get(forms[0], entry.context)
        if there is None or there.string not in {forms[0], forms[:1]}:
            patterns += [_pattern(form) for form in forms if re.search("[A-Za-z]", form)]
    known = re.compile("|".join(f"(?:{pattern})" for pattern in patterns))
    return lambda text: bool(known.fullmatch(text))


def _pattern(source: str) -> str:
    parts = translations.PLACEHOLDER.split(" ".join(source.split()).replace("%%", "%"))
    return ".+?".join(re.escape(part) for part in parts[:: translations.PLACEHOLDER.groups + 1])


OPEN = ["home", "explore", "account_login", "account_signup", "account_reset_password", "about", "ssh_keys"]
OWN = [
    "home", "explore", "repository_new", "settings_profile", "settings_account", "settings_preferences",
    "settings_keys", "settings_tokens", "settings_token_new", "settings_sessions", "settings_repositories",
    "administration", "accounts_admin", "accounts_admin_new", "admin_jobs", "admin_mail", "admin_repositories",
    "admin_settings",
]  # fmt: skip
OF_REPOSITORY = [
    "repository", "browse_branches", "browse_tags", "repo_settings", "repo_settings_access",
    "repo_settings_branches", "repo_settings_visibility", "repo_settings_archive", "repo_settings_delete",
]  # fmt: skip
CONTENT = re.compile(
    r"(OpenHearth|linyue|web ×|(https?|ssh)://|127\.0\.0\.1|SHA256:|OPENHEARTH_).*|.*\briverbed\b.*|Lin Yue( ·)?|Begin"
    r"|hello|/nobody.*|/-/kit.*"
    r"|English|SSH|HTTPS?|Git|\.gitignore|README(\.zh)?\.md|main|src|tests|[a-z]+[:_][a-z_]+|repo|user"
    r"|[\w.+-]+@[\w.-]+|[0-9a-f]{7,40}|[\d.,]+ [KMGT]B|UTC|Linux|Firefox.*"
)
"""What stays as it is: names, addresses, figures, scopes, content."""


@pytest.fixture
def world(data: Path) -> Any:
    config.prepare(data)
    importlib.import_module("openhearth.code.refs.queries")._views.clear()
    return importlib.import_module("openhearth.code.starters.tests.world")


def read(client: Any, address: str) -> set[str]:
    response = client.get(address)
    page = b"".join(response) if response.streaming else response.content
    assert b'<html lang="zh-Hans"' in page, (address, response.status_code)
    return Texts(page.decode()).found


def addresses(world: Any) -> Iterator[tuple[Any, str]]:
    visitor, owner = browser(), browser(world.account("linyue", is_admin=True))
    full, empty = world.repository("riverbed"), world.repository("riverbed-empty")
    oid = world.commit(full)
    for client in (visitor, owner):
        client.defaults["HTTP_ACCEPT_LANGUAGE"] = "zh-CN"
    yield from ((visitor, reverse(name)) for name in OPEN)
    yield from ((owner, reverse(name)) for name in OWN)
    yield visitor, "/linyue"
    yield visitor, "/nobody/nothing"
    yield from (
        (visitor, f"/linyue/riverbed/{rest}") for rest in ("blob/main/README.md", "commits/main", f"commit/{oid}")
    )
    yield visitor, "/linyue/riverbed-empty"
    yield owner, reverse("repository", kwargs={"owner": "linyue", "repo": empty.name})
    yield from ((visitor, reverse("kit_error", kwargs={"status": status})) for status in (400, 403, 404, 413, 429, 500))
    yield from ((owner, reverse(name, kwargs={"owner": "linyue", "repo": full.name})) for name in OF_REPOSITORY)


@pytest.mark.django_db
def test_no_english_is_left_on_chinese_pages(world: Any, untranslated: Callable[[str], bool]) -> None:
    names = {*available_timezones(), *starters.LICENCES, *starters.IGNORED.values()}
    left, strange = [], []
    for client, address in addresses(world):
        for text in sorted(read(client, address)):
            if english(text) and untranslated(text):
                left.append((address, text))
            elif english(text) and text not in names and not CONTENT.fullmatch(text):
                strange.append((address, text))
    assert left == []
    assert strange == []


@pytest.mark.django_db
def test_english_pages_would_be_noticed(untranslated: Callable[[str], bool]) -> None:
    page = browser().get(reverse("account_login"), headers={"accept-language": "en"})
    left = {text for text in Texts(page.content.decode()).found if english(text) and untranslated(text)}
    assert {"Sign in to OpenHearth", "Password", "Skip to content"} <= left
