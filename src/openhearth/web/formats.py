"""How figures, sizes and moments are written, in the reader's language and time zone (CLDR by Babel).

Everything here reads the language and the time zone that the middleware made current.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from functools import cache
from typing import Literal

from babel import Locale, dates, numbers
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from markupsafe import Markup

from openhearth.kernel import clock

_LOCALES = {"zh": "zh_Hans_CN", "en": "en_GB"}
_BYTE_UNITS = ("B", "KB", "MB", "GB", "TB", "PB")
_HAN_NEXT_TO_LATIN = re.compile(r"(?<=[一-鿿])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])(?=[一-鿿])")
RELATIVE_FOR = timedelta(days=30)
_UNITS: tuple[tuple[Literal["week", "day", "hour", "minute", "second"], timedelta], ...] = (
    ("week", timedelta(weeks=2)),
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
    ("minute", timedelta(minutes=1)),
    ("second", timedelta(seconds=1)),
)
"""Units of relative times, each with the distance from which it is used."""


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(_LOCALES[language])


def locale() -> Locale:
    """Return the CLDR locale of the current language; English where it is neither of the two."""
    language = (translation.get_language() or "en").split("-")[0]
    return _locale(language if language in _LOCALES else "en")


def _spaced(text: str) -> str:
    """Put the space between Han and Latin or figures that CLDR leaves out: 3 小时前."""
    return _HAN_NEXT_TO_LATIN.sub(" ", text) if locale().language == "zh" else text


def number(value: float | Decimal) -> str:
    """Return a figure with the marks of the language, `1,284`; negative ones with a true minus sign."""
    return numbers.format_decimal(value, locale=locale()).replace("-", "−")


def compact(value: int) -> str:
    """Return a counter's short form: the figure up to 999, then `1.2k`, `34k`, `1.2M` (rounded down)."""
    for limit, letter in ((1_000_000, "M"), (1_000, "k")):
        if value >= limit:
            digits = Decimal(1) if value >= 10 * limit else Decimal("0.1")
            short = (Decimal(value) / limit).quantize(digits, ROUND_DOWN)
            return f"{number(short)}{letter}"
    return number(value)


def percent(share: float, places: int = 1) -> str:
    """Return a share of one as `86.1%`."""
    return numbers.format_percent(round(share, places + 2), locale=locale(), decimal_quantization=False).replace(
        "-", "−"
    )


def size(count: int) -> str:
    """Return a number of bytes as `3.4 KB`; one KB is 1000 B."""
    value, unit = Decimal(count), 0
    while value >= Decimal("999.5") and unit < len(_BYTE_UNITS) - 1 and (unit or count >= 1000):
        value, unit = value / 1000, unit + 1
    if unit:
        value = value.quantize(Decimal("0.1") if value < Decimal("99.95") else Decimal(1))
    return f"{number(value)} {_BYTE_UNITS[unit]}"


def local(moment: datetime) -> datetime:
    """Return the moment on the reader's clock."""
    return timezone.localtime(moment)


def zone(moment: datetime) -> str:
    """Return the name of the reader's time zone at that moment: 北京时间, `UTC`, `Central European Time`."""
    there = local(moment)
    key = timezone.get_current_timezone_name()
    if key in {"Asia/Shanghai", "PRC"}:
        return _("Beijing time")
    if key in {"UTC", "Etc/UTC"}:
        return "UTC"
    return dates.get_timezone_name(there, width="long", locale=locale())


def day(moment: datetime | date) -> str:
    """Return the day in words: `24 November 2026`, `2026 年 11 月 24 日`; a moment on the reader's clock."""
    there = local(moment) if isinstance(moment, datetime) else moment
    return _spaced(dates.format_date(there, format="long", locale=locale()))


def weekday(moment: datetime | date) -> str:
    """Return the day with its weekday, as heading of a day's commits."""
    there = local(moment) if isinstance(moment, datetime) else moment
    pattern = "y年M月d日 EEEE" if locale().language == "zh" else "EEEE, d MMMM y"
    return _spaced(dates.format_date(there, format=pattern, locale=locale()))


def short_day(moment: datetime) -> str:
    """Return `24 Nov`, or `24 Nov 2025` for another year than the current one."""
    there = local(moment)
    this_year = there.year == local(clock.now()).year
    skeleton = "MMMd" if this_year else "yMMMd"
    return _spaced(dates.format_skeleton(skeleton, there, tzinfo=None, locale=locale()))


def full(moment: datetime) -> str:
    """Return the whole moment with seconds and zone, for titles and deadlines."""
    clock_time = dates.format_time(local(moment), "HH:mm:ss", tzinfo=local(moment).tzinfo, locale=locale())
    return f"{day(moment)} {clock_time} {zone(moment)}"


def words(moment: datetime) -> str:
    """Return how long ago (or how far ahead) up to 30 days, then the date. Plain text."""
    distance = clock.now() - moment
    if abs(distance) >= RELATIVE_FOR:
        return short_day(moment)
    if abs(distance) < timedelta(seconds=45):
        return _("just now")
    if timedelta(hours=20) < distance and (local(clock.now()).date() - local(moment).date()).days == 1:
        return _("yesterday")
    unit, _least = next(pair for pair in _UNITS if abs(distance) >= pair[1])
    length = timedelta(**{f"{unit}s": 1})
    whole = abs(distance) // length * length
    said = dates.format_timedelta(
        whole if distance < timedelta() else -whole,
        granularity=unit,
        threshold=10**9,  # never a larger unit than the one chosen here
        add_direction=True,
        locale=locale(),
    )
    return _spaced(said)


def _time(moment: datetime, text: str) -> Markup:
    machine = moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(machine, full(moment), text)


def ago(moment: datetime) -> Markup:
    """Return `<time>` saying `3 hours ago`, a date beyond 30 days; its title has the whole moment and zone."""
    return _time(moment, words(moment))


def stamp(moment: datetime) -> Markup:
    """Return `<time>` saying day, minute and zone in full, for deadlines and records."""
    return _time(moment, f"{day(moment)} {local(moment):%H:%M} {zone(moment)}")


def on_day(moment: datetime) -> Markup:
    """Return `<time>` saying only the day."""
    return _time(moment, day(moment))
