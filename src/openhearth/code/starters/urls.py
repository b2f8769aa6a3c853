"""The address of the form for a new repository."""

from __future__ import annotations

from openhearth.code.starters import web
from openhearth.web.routes import page

urlpatterns = [
    page("-/new", web.new, name="repository_new", permission="site.act", methods=("GET", "HEAD", "POST")),
]
