"""The addresses: those of every capability's `urls.urlpatterns`, fixed first words before names of owners.

Below `/-/` and at other fixed words lies what is the instance's; `/OWNER/REPO/…` comes last, so that a
capability's order in the list never decides which page an address means.
"""

from __future__ import annotations

import importlib
import importlib.util

from django.urls import URLPattern, URLResolver

from openhearth.site.capabilities import CAPABILITIES, KERNEL_APPS

Route = URLPattern | URLResolver


def begins_fixed(route: Route) -> bool:
    """Tell whether the first word of a route is itself, not a variable."""
    first = str(route.pattern).removeprefix("^").split("/", 1)[0]
    return not any(sign in first for sign in "<([")


def collect(names: tuple[str, ...]) -> list[Route]:
    """Return the routes of these packages in the order in which they are tried."""
    routes: list[Route] = []
    for name in names:
        if importlib.util.find_spec(f"{name}.urls") is not None:
            routes += importlib.import_module(f"{name}.urls").urlpatterns
    return sorted(routes, key=lambda route: not begins_fixed(route))


urlpatterns = collect((*KERNEL_APPS, "openhearth.web", *CAPABILITIES))

handler400 = "openhearth.web.errors.bad_request"
handler403 = "openhearth.web.errors.permission_denied"
handler404 = "openhearth.web.errors.not_found"
handler500 = "openhearth.web.errors.server_error"
