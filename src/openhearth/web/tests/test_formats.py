from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from openhearth.kernel import clock
from openhearth.web import formats

NOW = datetime(2026, 11, 24, 14, 42, tzinfo=UTC)


@pytest.fixture(autouse=True)
def stopped_clock():
    with clock.freeze(NOW):
        yield


@pytest.mark.parametrize(
    ("language", "back", "text"),
    [
        ("en", timedelta(seconds=3), "just now"),
        ("en", timedelta(seconds=50), "50 seconds ago"),
        ("en", timedelta(minutes=1, seconds=50), "1 minute ago"),
        ("en", timedelta(hours=3), "3 hours ago"),
        ("en", timedelta(hours=30), "yesterday"),
        ("en", timedelta(days=4), "4 days ago"),
        ("en", timedelta(days=12), "12 days ago"),
        ("en", timedelta(days=13), "13 days ago"),
        ("en", timedelta(days=29), "4 weeks ago"),
        ("en", timedelta(days=31), "24 Oct"),
        ("en", timedelta(days=400), "20 Oct 2025"),
        ("en", -timedelta(days=6), "in 6 days"),
        ("zh-hans", timedelta(hours=3), "3 小时前"),
        ("zh-hans", timedelta(days=4), "4 天前"),
        ("zh-hans", timedelta(days=31), "10 月 24 日"),
        ("zh-hans", timedelta(days=400), "2025 年 10 月 20 日"),
    ],
)
def test_how_long_ago(language, back, text):
    with translation.override(language):
        assert formats.words(NOW - back) == text


def test_time_element_has_the_whole_moment():
    with translation.override("en"), timezone.override(ZoneInfo("Europe/Tallinn")):
        assert formats.ago(NOW - timedelta(hours=3)) == (
            '<time datetime="2026-11-24T11:42:00Z" title="24 November 2026 13:42:00 Eastern European Standard Time">'
            "3 hours ago</time>"
        )


def test_deadline_names_the_zone():
    with translation.override("zh-hans"), timezone.override(ZoneInfo("Asia/Shanghai")):
        assert "2026 年 11 月 24 日 22:42" in formats.stamp(NOW)


def test_the_day_is_the_readers():
    late = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    with translation.override("en"), timezone.override(ZoneInfo("Asia/Shanghai")):
        assert formats.day(late) == "25 November 2026"
        assert formats.weekday(late) == "Wednesday, 25 November 2026"
        assert formats.day(date(2026, 11, 24)) == "24 November 2026"
    with translation.override("zh-hans"):
        assert formats.weekday(late) == "2026 年 11 月 24 日 星期二"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 KB"),
        (3400, "3.4 KB"),
        (99_960, "100 KB"),
        (999_999, "1 MB"),
        (20_000, "20 KB"),
        (999_499, "999 KB"),
        (99_940, "99.9 KB"),
        (1_500_000, "1.5 MB"),
        (267_000_000_000, "267 GB"),
        (10**18, "1,000 PB"),
    ],
)
def test_sizes(count, text):
    assert formats.size(count) == text


def test_figures():
    assert formats.number(1284) == "1,284"
    assert formats.number(-3) == "−3"
    assert formats.percent(0.861) == "86.1%"
    assert formats.percent(0.5) == "50%"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (999, "999"), (1000, "1k"), (1284, "1.2k"), (9999, "9.9k"), (34_567, "34k"), (1_250_000, "1.2M")],
)
def test_counters(value, text):
    assert formats.compact(value) == text
