"""Routes that declare their permission. A route made otherwise fails the start-up check.

The declaration *is* the enforcement: `page()` loads the target through its registered loader, asks policy,
and only then calls the view.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.core import checks
from django.http import (
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponsePermanentRedirect,
    HttpResponseRedirect,
)
from django.urls import URLPattern, URLResolver, get_resolver, path, re_path, reverse

from openhearth.kernel.policy import engine
from openhearth.kernel.policy.actors import Actor
from openhearth.kernel.policy.rows import TABLE
from openhearth.web.requests import Request

View = Callable[..., HttpResponseBase]
Loader = Callable[[Actor, dict[str, Any]], Any]
"""Takes the actor and the route's arguments, removes its own from them, returns the target (never None).

Raises `policy.engine.Hidden` where there is none, `Moved` where it has another address now."""

_loaders: dict[str, Loader] = {}


class Moved(Exception):
    """The target has another address; `arguments` replace those of the route."""

    def __init__(self, arguments: Mapping[str, str]) -> None:
        super().__init__(str(arguments))
        self.arguments = dict(arguments)


@dataclass(frozen=True, slots=True)
class Declared:
    """What a route says of itself; start-up checks and the sweep test read it."""

    name: str
    permission: str
    load: str
    methods: tuple[str, ...]
    post_permission: str


def register_loader(name: str, loader: Loader) -> None:
    """Make `load=name` usable in `page()`. Called from a capability's `apps.ready`."""
    _loaders[name] = loader


def page(
    pattern: str,
    view: View,
    *,
    name: str,
    permission: str,
    load: str = "",
    methods: tuple[str, ...] = ("GET", "HEAD"),
    post_permission: str = "",
    regex: bool = False,
) -> URLPattern:
    """Return a route whose view runs only where policy allows `permission` on the loaded target.

    The view is called as `view(request, target, **rest)` with `load`, as `view(request, **rest)` without.
    `post_permission`, where given, is asked instead of `permission` for methods that write.
    """
    declared = Declared(name, permission, load, methods, post_permission or permission)

    def guarded(request: Request, **arguments: Any) -> HttpResponseBase:
        if request.method not in methods:
            return HttpResponseNotAllowed(methods)
        needed = permission if request.method in {"GET", "HEAD"} else declared.post_permission
        if not load:
            engine.require(request.actor, needed)
            return view(request, **arguments)
        original = dict(arguments)
        try:
            target = _loaders[load](request.actor, arguments)
        except Moved as moved:
            return _redirect(request, name, {**original, **moved.arguments})
        engine.require(request.actor, needed, target)
        return view(request, target, **arguments)

    guarded.declared = declared  # type: ignore[attr-defined]
    make = re_path if regex else path
    return make(pattern, guarded, name=name)


def _redirect(request: Request, name: str, arguments: dict[str, Any]) -> HttpResponseBase:
    """Send the reader to the same page at the new address; a browser repeats only reads."""
    address = reverse(name, kwargs=arguments)
    query = request.META.get("QUERY_STRING", "")
    address += f"?{query}" if query else ""
    if request.method in {"GET", "HEAD"}:
        return HttpResponsePermanentRedirect(address)
    return HttpResponseRedirect(address, preserve_request=True)


def declared_routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Yield (full pattern, route) of every route of the instance."""
    for entry in (resolver or get_resolver()).url_patterns:
        full = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from declared_routes(entry, full)
        else:
            yield full, entry


@checks.register
def every_route_declares(app_configs: Any = None, **_kwargs: Any) -> list[checks.CheckMessage]:  # noqa: ARG001
    """Fail the start where a route has no declared permission, or declares one that no row knows."""
    found: list[checks.CheckMessage] = []
    for full, route in declared_routes():
        declared = getattr(route.callback, "declared", None)
        if declared is None:
            found.append(checks.Error(f"Route {full} declares no permission", id="web.E001"))
            continue
        found.extend(
            checks.Error(f"Route {full}: unknown action {action}", id="web.E002")
            for action in {declared.permission, declared.post_permission} - set(TABLE.rows)
        )
        if declared.load and declared.load not in _loaders:
            found.append(checks.Error(f"Route {full}: unknown loader {declared.load}", id="web.E003"))
    return found


def sign_in_address(request: Request) -> str:
    """Return the address of the sign-in page that leads back to this one."""
    here = request.get_full_path() if request.method in {"GET", "HEAD"} else "/"
    return f"{reverse('account_login')}?next={quote(here, safe='')}"
