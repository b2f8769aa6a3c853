"""Archives of a ref, streamed."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse

from openhearth.code.browse.queries import archives, places
from openhearth.code.browse.queries.places import NoSuchPlace, Opened, Place
from openhearth.code.browse.rules import addresses as words
from openhearth.code.browse.web import shared
from openhearth.code.repos.models import Repository
from openhearth.web.requests import Request

_TYPES = {"zip": "application/zip", "tar.gz": "application/gzip"}


@shared.found
def archive(request: Request, repository: Repository, rest: str) -> HttpResponseBase:
    """Send the files of a ref as zip or tar.gz. The child of git ends when the reader goes away."""
    code = shared.opened(request, repository)
    named = words.archive_name(shared.rest_of(request, rest))
    if named is None:
        raise NoSuchPlace
    ref, suffix = named
    place = _whole(code, ref)
    stem = words.archive_stem(repository.name, place.label if place.kind == "commit" else place.ref)
    etag = f'"{place.commit}-{suffix}-{stem}"'
    if etag in request.headers.get("If-None-Match", ""):
        response: HttpResponseBase = HttpResponse(status=304)
    elif request.method == "HEAD":
        response = HttpResponse(content_type=_TYPES[suffix])
    else:
        pieces = _started(archives.pieces(code.directory, place.commit, suffix=suffix, prefix=f"{stem}/"))
        response = StreamingHttpResponse(pieces, content_type=_TYPES[suffix])
    response["Content-Disposition"] = words.disposition("attachment", f"{stem}.{suffix}")
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    response["Vary"] = "Cookie, Authorization"
    return response


def _whole(code: Opened, ref: str) -> Place:
    """Return the place of a ref without a path behind it."""
    place = places.locate(code, ref)
    if place.path:
        raise NoSuchPlace
    return place


def _started(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Wait for the first bytes, so that a failure is an error page and no broken download."""
    first = next(pieces, b"")
    return _continued(first, pieces)


def _continued(first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from pieces
