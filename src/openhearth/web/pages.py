"""From a template and a page to an answer."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.template import engines
from django.template.backends.jinja2 import Jinja2
from markupsafe import Markup

from openhearth.kernel import slots
from openhearth.web import shell
from openhearth.web.requests import Request


def render(request: Request, template: str, page: object = None, status: int = 200) -> HttpResponse:
    """Answer with `template`, which finds what it shows under `page` (a frozen dataclass of ready values)."""
    return HttpResponse(text(template, context(request, page)), status=status)


def render_bare(request: Request, template: str, page: object, status: int) -> HttpResponse:
    """Answer without asking the database or any other layer: nobody is signed in, all slots are empty."""
    bare = context(request, page) | {"me": None, "may_register": _no, "slots": _no_slots}
    return HttpResponse(text(template, bare), status=status)


def text(template: str, values: dict[str, Any]) -> str:
    """Return a page or a fragment as text."""
    engine = engines["jinja2"]
    if not isinstance(engine, Jinja2):
        raise TypeError("Pages are rendered by Jinja2; TEMPLATES in the settings names another engine")
    return engine.env.get_template(template).render(values)


def context(request: Request, page: object = None) -> dict[str, Any]:
    """Return what every template can use beside the globals of `templating`."""
    return {
        "page": page,
        "request": request,
        "me": getattr(request, "me", None),
        "theme": getattr(request, "theme", "auto"),
        "here": request.get_full_path(),
        "csrf_input": csrf_input(request),
        "may_register": partial(shell.may_register, request),
        "slots": partial(_slots, request, page),
    }


def csrf_input(request: Request) -> Markup:
    """Return the hidden field that every form with `method="post"` carries."""
    return Markup('<input type="hidden" name="csrfmiddlewaretoken" value="{}">').format(get_token(request))


def _slots(request: Request, page: object, name: str, **more: Any) -> list[Markup]:
    return slots.filled(name, {"request": request, "page": page, **more})


def _no() -> bool:
    return False


def _no_slots(_name: str, **_more: Any) -> list[Markup]:
    return []
