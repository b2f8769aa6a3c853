"""Macros of the kit, one by one where a mistake would hide, and all of them on the kit page."""

from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
from django.template import engines
from jinja2 import UndefinedError

from openhearth.kernel.errors import Fault
from openhearth.web import parts
from openhearth.web.avatars import initial, picture
from openhearth.web.tests.conftest import HTML

VOID = {"meta", "link", "input", "hr", "br", "col", "img"}


def shown(source: str, **values) -> str:
    env = engines["jinja2"].env
    return env.from_string("{% import 'kit.html' as k %}" + source).render(values)


class Wellformed(HTMLParser):
    """Checks that tags close in order and ids are unique."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.faults = [], set(), []

    def handle_starttag(self, tag, attrs):
        identity = dict(attrs).get("id")
        if identity in self.ids:
            self.faults.append(f"id {identity} twice")
        if identity:
            self.ids.add(identity)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> at {self.getpos()}")


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("signed_in", [False, True])
def test_kit_page_is_well_formed(client, language, signed_in):
    if signed_in:
        client.cookies["me"] = "1"
    response = client.get("/-/kit", headers={"accept": HTML, "accept-language": language})
    assert response.status_code == 200
    parser = Wellformed()
    parser.feed(response.content.decode())
    assert (parser.faults, parser.open) == ([], [])


def test_undefined_names_fail():
    with pytest.raises(UndefinedError):
        shown("{{ nothing }}")


def test_values_are_escaped_everywhere():
    evil = "\"><script>alert('1')</script>"
    html = shown(
        "{{ k.field('n', evil, evil, evil, evil) }}{{ k.textarea('t', evil, evil) }}{{ k.copy(evil, evil) }}"
        "{{ k.chip(evil, href=evil) }}{{ k.clone(evil, evil, evil) }}{{ k.btn(evil, href=evil, why_not=evil) }}"
        "{{ k.path([c]) }}{{ k.files([f]) }}{{ k.av(evil) }}{{ k.dot(evil) }}{{ k.iconbtn('x', evil, href=evil) }}"
        "{{ k.diff([h], evil) }}{{ k.commands(evil, [evil]) }}{{ k.summary(evil, [fault], {'n': evil}) }}",
        evil=evil,
        c=parts.Crumb(evil, evil),
        f=parts.FileRow(evil, evil, "file", evil, evil, None, evil, evil),
        h=parts.DiffHunk(evil, evil, (parts.DiffLine("+", None, 1, evil),)),
        fault=Fault("n", "x", evil),
    )
    assert "<script" not in html
    assert '"">' not in html


def test_field_leads_screen_readers_to_error_and_hint():
    html = shown("{{ k.field('name', 'Name', 'a b', hint='H', error='E', attrs={'required': true, 'list': none}) }}")
    assert '<label for="name">Name</label>' in html
    assert 'id="name" name="name"' in html
    assert 'aria-invalid="true" aria-describedby="name-error name-hint"' in html
    assert 'id="name-error"' in html
    assert 'id="name-hint"' in html
    assert " required>" in html
    assert "list" not in html


def test_field_without_trouble_says_nothing():
    assert "aria-" not in shown("{{ k.field('name', 'Name') }}")


def test_summary_leads_to_the_fields():
    faults = [Fault("name", "space", "It has a space"), Fault("", "other", "Something else")]
    html = shown("{{ k.summary('Not made', faults, {'name': 'Name'}) }}", faults=faults)
    assert 'role="alert" tabindex="-1" data-focus' in html
    assert '<a href="#name">Name: It has a space</a>' in html
    assert "<li>Something else</li>" in html
    assert shown("{{ k.summary('Not made', []) }}") == ""


def test_fault_of_one_field():
    faults = [Fault("name", "a", "first"), Fault("name", "b", "second"), Fault("other", "c", "third")]
    assert shown("{{ k.fault(faults, 'name') }}", faults=faults) == "first second"
    assert shown("{{ 'none' if not k.fault(faults, 'x') }}", faults=faults) == "none"


def test_refused_act_stays_visible_and_says_why():
    html = shown("{{ k.btn('Merge', 'primary', href='/merge', type='submit', why_not='Two approvals are missing') }}")
    assert 'aria-disabled="true"' in html
    assert "Two approvals are missing" in html
    assert "href" not in html
    assert 'type="button"' in html


@pytest.mark.parametrize(
    ("current", "last", "numbers"),
    [
        (1, 1, [1]),
        (1, 3, [1, 2, 3]),
        (5, 12, [1, 2, 3, 4, 5, 6, 7, None, 12]),
        (6, 12, [1, None, 4, 5, 6, 7, 8, None, 12]),
        (12, 12, [1, None, 10, 11, 12]),
    ],
)
def test_pager_numbers(current, last, numbers):
    assert parts.Pager(current, last, "/x").numbers == numbers


def test_pager_addresses():
    pager = parts.Pager(2, 3, "/explore", (("q", "a b"),))
    assert pager.href(1) == "/explore?q=a+b"
    assert pager.href(3) == "/explore?q=a+b&page=3"
    html = shown("{{ k.pager(p) }}", p=pager)
    assert 'aria-current="page">2</a>' in html
    assert 'rel="prev"' in html
    assert shown("{{ k.pager(p) }}", p=parts.Pager(1, 1, "/x")) == ""


def test_strip_fills_the_bar():
    bars = parts.bars([parts.Share(str(n), 0.125, "") for n in range(8)])
    assert [bar.colour for bar in bars] == ["f1", "f2", "f3", "f4", "f5", "f0", "f0", "f0"]
    assert bars[-1].x + bars[-1].width == pytest.approx(100, abs=0.5)


def test_pictures():
    person = SimpleNamespace(pk=12, name="linyue", shown_name="林玥")
    house = SimpleNamespace(pk=12, name="banyan", shown_name="", is_organisation=True)
    assert (picture(person).initial, picture(person).arch) == ("林", False)
    assert (picture(house).initial, picture(house).arch) == ("B", True)
    assert picture(person).ground == picture(house).ground == 5
    assert picture("Jonas Lind") == picture(" jonas lind")
    assert picture(None).ground == 0
    assert initial("…") == "?"


def test_hidden_characters_show_in_names():
    html = shown("{{ k.path([c]) }}", c=parts.Crumb("a\u202eb"))
    assert "\u202e" not in html
    assert "U+202E" in html


def test_settings_page_has_its_navigation(rf):
    nav = parts.Nav("Account", (parts.NavGroup("", (parts.Tab("keys", "SSH keys", "/k", "key"),)),), "keys")
    env = engines["jinja2"].env
    template = env.from_string(
        "{% extends 'settings_base.html' %}{% block title %}T{% endblock %}{% block settings %}<h1>T</h1>{% endblock %}"
    )
    html = template.render(
        page=SimpleNamespace(nav=nav),
        request=rf.get("/"),
        me=None,
        theme="auto",
        here="/",
        csrf_input="",
        may_register=lambda: False,
        slots=lambda _name: [],
    )
    assert 'aria-label="Account"' in html
    assert 'href="/k" aria-current="page"' in html
