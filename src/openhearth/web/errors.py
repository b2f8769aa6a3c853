"""Answers to what went wrong: a page for browsers, JSON or one line for programs, always with the request id.

The functions `bad_request` … `server_error` are Django's handlers (`handler404` and so on in `site/urls.py`),
`csrf_failure` is for `CSRF_FAILURE_VIEW`.
"""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import dataclass

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from openhearth.kernel.policy.engine import Decision
from openhearth.web import pages, routes, shell
from openhearth.web.requests import Request

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Kind:
    """How one status is spoken of. `art`: which drawing stands above (`unlit` arch, or an icon's name)."""

    title: Text
    body: Text
    art: str
    offers: tuple[str, ...] = ("home",)


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What `error.html` shows."""

    status: int
    title: str
    body: str
    detail: str
    art: str
    offers: tuple[str, ...]
    path: str
    request_id: str
    sign_in: str


KINDS: dict[int, Kind] = {
    400: Kind(
        gettext_lazy("The server could not make sense of this request"),
        gettext_lazy("Part of it is not as the page sends it. Go back, load the page again and repeat the step."),
        "circle-slash",
    ),
    403: Kind(
        gettext_lazy("You may not do this here"),
        gettext_lazy("The page exists, but your account is not allowed to do this with it."),
        "lock",
    ),
    404: Kind(
        gettext_lazy("Nothing is burning here"),
        gettext_lazy(
            "There is no page at this address, or it is private and you are not among its people. "
            "We cannot say which: that would tell strangers what exists."
        ),
        "unlit",
        ("sign-in", "explore", "home"),
    ),
    405: Kind(
        gettext_lazy("This address does not take that kind of request"),
        gettext_lazy("It can be read, but not written to in this way. Nothing was changed."),
        "circle-slash",
    ),
    413: Kind(
        gettext_lazy("That is more than this instance accepts at once"),
        gettext_lazy("Nothing was kept. Send less at once, or ask the administrator to raise the limit."),
        "file-zip",
    ),
    421: Kind(
        gettext_lazy("This instance does not answer under that name"),
        gettext_lazy("Use the address that its administrator gave you."),
        "server",
        (),
    ),
    429: Kind(
        gettext_lazy("That was too much in a short time"),
        gettext_lazy("Wait a little and repeat the step. Nothing was changed."),
        "hourglass",
    ),
    500: Kind(
        gettext_lazy("Something broke on our side"),
        gettext_lazy(
            "The step was not finished. Try again in a minute; if it breaks again, "
            "tell the administrator the request number below."
        ),
        "unlit",
        (),
    ),
    503: Kind(
        gettext_lazy("The database does not answer just now"),
        gettext_lazy("The step was not finished. Try again in a minute; what was stored before is not lost."),
        "unlit",
        (),
    ),
}

BARE = (500, 503)
"""Their pages must not ask the database."""

REASONS: dict[str, Text] = {
    "sign-in": gettext_lazy("Sign in first: this is not open to visitors."),
    "suspended": gettext_lazy("Your account is suspended. An administrator of this instance can lift that."),
    "scope": gettext_lazy("The access token in use lacks a scope for this. Make one that has it."),
    "role": gettext_lazy("Your role here does not include this. Someone who administers it can give you another."),
    "archived": gettext_lazy(
        "The repository is archived, so it can only be read. An administrator of it can undo that."
    ),
}
"""What the codes of `policy.engine.Decision` say to people."""


def respond(request: Request, status: int, *, body: Text = "", detail: Text = "", title: Text = "") -> HttpResponse:
    """Answer with the error `status` in the form that the asker reads.

    `title` and `body` replace the usual words; `detail` is one more sentence, about this very case.
    """
    kind = KINDS[status]
    page = ErrorPage(
        status=status,
        title=str(title or kind.title),
        body=str(body or kind.body),
        detail=str(detail),
        art=kind.art,
        offers=kind.offers,
        path=request.path,
        request_id=getattr(request, "request_id", ""),
        sign_in=routes.sign_in_address(request) if shell.link("account_login") else "",
    )
    return _in_form(request, page)


def _in_form(request: Request, page: ErrorPage) -> HttpResponse:
    accept = request.headers.get("Accept", "")
    if "text/html" in accept:
        render = pages.render_bare if page.status in BARE else pages.render
        return render(request, "error.html", page, status=page.status)
    said = " ".join(part for part in (page.body, page.detail) if part)
    if "json" in accept:
        answer = {
            "message": page.title,
            "detail": said,
            "status": str(page.status),
            "request_id": page.request_id,
        }
        return HttpResponse(json.dumps(answer, ensure_ascii=False), status=page.status, content_type="application/json")
    line = f"{page.status} {page.title}\n{said}\n" + (f"Request {page.request_id}\n" if page.request_id else "")
    return HttpResponse(line, status=page.status, content_type="text/plain; charset=utf-8")


def refused(request: Request, decision: Decision) -> HttpResponse:
    """Answer a policy refusal of something that the asker may know of (403), with its reason in words."""
    return respond(request, 403, body=REASONS.get(decision.reason, KINDS[403].body))


def bad_request(request: Request, exception: Exception | None = None) -> HttpResponse:
    """Django's 400; too much data is 413 here."""
    return respond(request, 413 if isinstance(exception, RequestDataTooBig) else 400)


def permission_denied(request: Request, exception: Exception | None = None) -> HttpResponse:
    """Django's 403."""
    del exception
    return respond(request, 403)


def not_found(request: Request, exception: Exception | None = None) -> HttpResponse:
    """Django's 404: the same words whether the page is missing or hidden."""
    del exception
    return respond(request, 404)


def server_error(request: Request) -> HttpResponse:
    """Django's 500, 503 where the database failed: asks neither it nor a capability; a line where even that breaks."""
    status = 503 if isinstance(sys.exception(), (OperationalError, InterfaceError)) else 500
    try:
        response = respond(request, status)
    except Exception:  # what broke the page may break this one too; the reader still gets an answer
        logging.getLogger(__name__).exception("The page about an error broke")
        number = getattr(request, "request_id", "")
        response = HttpResponse(
            f"{status}\nRequest {number}\n", status=status, content_type="text/plain; charset=utf-8"
        )
    if status == 503:
        response["Retry-After"] = "5"
    return response


def csrf_failure(request: Request, reason: str = "") -> HttpResponse:
    """Answer a form whose proof of origin is missing or old: say how to get on."""
    del reason
    return respond(
        request,
        403,
        title=_("This form is out of date"),
        body=_(
            "Nothing was changed. The form was open for long, was loaded before you signed in, "
            "or your browser keeps no cookies for this site. Go back, load the page again and send the form once more."
        ),
    )
