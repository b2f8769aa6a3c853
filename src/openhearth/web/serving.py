"""Serving the static files: from memory, packed once, with a year of caching."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseNotAllowed

from openhearth.web import errors
from openhearth.web.assets import PREFIX, by_address, static
from openhearth.web.requests import Request

FOREVER = "public, max-age=31536000, immutable"


def serve(request: Request, name: str) -> HttpResponse:
    """Answer `/-/static/NAME.HASH.EXT`; only the current hash exists."""
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    asset = by_address().get(PREFIX + name)
    if asset is None:
        return errors.respond(request, 404)
    etag = f'"{asset.address.rsplit(".", 2)[1]}"'
    if request.headers.get("If-None-Match") == etag:
        response = HttpResponse(status=304)
    else:
        packs = "gzip" in request.headers.get("Accept-Encoding", "") and len(asset.packed) < len(asset.data)
        response = HttpResponse(asset.packed if packs else asset.data, content_type=asset.media_type)
        if packs:
            response["Content-Encoding"] = "gzip"
    response["ETag"] = etag
    response["Cache-Control"] = FOREVER
    response["Vary"] = "Accept-Encoding"
    return response


def favicon(request: Request) -> HttpResponse:
    """Answer `/favicon.ico` for readers of pages that name no icon (raw files, archives)."""
    response = serve(request, static("mark.svg").removeprefix(PREFIX))
    if response.status_code == 200:
        response["Cache-Control"] = "public, max-age=86400"
    return response
