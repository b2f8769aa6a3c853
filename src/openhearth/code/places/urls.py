"""Addresses of places."""

from __future__ import annotations

from openhearth.code.places.web import explore, profile
from openhearth.web.routes import page

urlpatterns = [
    page("-/explore", explore.explore, name="explore", permission="site.visit"),
    page(
        r"^(?P<name>[^/]+)\.keys\Z",
        profile.keys,
        name="profile_keys",
        permission="account.read",
        load="account",
        regex=True,
    ),
    page(
        r"^(?P<name>[^/]+)/?\Z",
        profile.profile,
        name="profile",
        permission="account.read",
        load="account",
        regex=True,
    ),
]
