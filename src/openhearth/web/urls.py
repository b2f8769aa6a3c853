"""The addresses of the web layer itself, all below `/-/` but for the icon that browsers ask for unasked."""

from __future__ import annotations

from openhearth.web import appearance, serving, story
from openhearth.web.routes import page

urlpatterns = [
    page("-/static/<str:name>", serving.serve, name="static_file", permission="site.visit"),
    page("favicon.ico", serving.favicon, name="favicon", permission="site.visit"),
    page("-/appearance", appearance.choose, name="appearance", permission="site.visit", methods=("POST",)),
    page("-/kit", story.kit_page, name="kit", permission="site.visit"),
    page("-/kit/error/<int:status>", story.kit_error, name="kit_error", permission="site.visit"),
]
