"""The reader's language, theme and time zone: from the account, else cookies, else what the browser says."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation.trans_real import parse_accept_lang_header

from openhearth.web import shell
from openhearth.web.requests import Request

THEMES = ("auto", "light", "dark")
LANGUAGES = {"zh-Hans": "zh-hans", "en": "en"}
"""The languages of pages by their HTML name, with Django's code."""

YEAR = 31_536_000


def language(request: Request) -> str:
    """Return Django's code of the language to answer in."""
    actor = getattr(request, "actor", None)
    for wanted in (getattr(actor, "language", ""), request.COOKIES.get("lang", "")):
        found = _known(wanted)
        if found:
            return found
    for wanted, _weight in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        found = _known(wanted)
        if found:
            return found
    return "en"


def _known(wanted: str) -> str:
    """Return the code of `zh`, `zh-CN`, `zh-Hans`, `en-GB` and their like; "" for other languages."""
    return {"zh": "zh-hans", "en": "en"}.get(wanted.lower().split("-")[0], "")


def theme(request: Request) -> str:
    """Return `auto`, `light` or `dark`."""
    wanted = request.COOKIES.get("theme", "")
    return wanted if wanted in THEMES else "auto"


def time_zone(request: Request) -> ZoneInfo:
    """Return the zone of the account, else the one that the browser named, else UTC."""
    for wanted in (getattr(getattr(request, "me", None), "time_zone", ""), request.COOKIES.get("tz", "")):
        found = _zone(wanted)
        if found:
            return found
    return ZoneInfo("UTC")


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def choose(request: Request) -> HttpResponse:
    """Take `theme` or `lang` from the form in the foot of each page, keep it, and go back to `next`."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    choices = {}
    if request.POST.get("theme") in THEMES:
        choices["theme"] = request.POST["theme"]
    if request.POST.get("lang") in LANGUAGES:
        choices["lang"] = request.POST["lang"]
    shell.keep_choices(request, choices)
    response = HttpResponseRedirect(_local(request.POST.get("next", "")))
    response.status_code = 303
    for name, value in choices.items():
        response.set_cookie(name, value, max_age=YEAR, secure=request.is_secure(), httponly=True, samesite="Lax")
    return response


def _local(address: str) -> str:
    """Return the address where it lies on this instance, else the front page."""
    here = address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if here else "/"


def activate(request: Request) -> None:
    """Make the reader's language current for this thread."""
    translation.activate(language(request))
