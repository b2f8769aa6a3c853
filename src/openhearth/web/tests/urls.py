"""A small instance around the web layer: pages of the layer, and a few that stand for those of capabilities."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_GET

from openhearth.kernel.policy import engine
from openhearth.kernel.policy.actors import ANONYMOUS, Actor
from openhearth.web import appearance, errors, serving, story
from openhearth.web.requests import Request


class Door:
    """Stands for the middleware of the accounts: the cookie `me` signs in."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: Request):
        name = request.COOKIES.get("me", "")
        request.me = story.PEOPLE[0] if name else None
        request.actor = Actor("account", 12, "linyue", language="") if name else ANONYMOUS
        return self.get_response(request)


def plain(request: HttpRequest, **_rest: str) -> HttpResponse:
    secure = "secure" if request.is_secure() else "plain"
    return HttpResponse(f"{request.META['REMOTE_ADDR']} {secure} {request.get_host()}", content_type="text/plain")


def breaks(_request: HttpRequest) -> HttpResponse:
    raise RuntimeError("on purpose")


def hidden(_request: HttpRequest) -> HttpResponse:
    raise engine.Hidden(engine.Decision(allowed=False, action="repo.read", reason="role", hidden=True))


def denied(request: HttpRequest) -> HttpResponse:
    raise engine.Denied(engine.Decision(allowed=False, action="repo.push", reason=request.GET["reason"]))


urlpatterns = [
    path("-/static/<str:name>", serving.serve),
    path("favicon.ico", serving.favicon),
    path("-/appearance", appearance.choose, name="appearance"),
    path("-/kit", story.kit_page, name="kit"),
    path("-/kit/error/<int:status>", story.kit_error, name="kit_error"),
    path("-/login", plain, name="account_login"),
    path("-/logout", plain, name="account_logout"),
    path("-/signup", plain, name="account_signup"),
    path("-/explore", plain, name="explore"),
    path("-/health", plain),
    path("new", plain, name="repository_new"),
    path("plain", require_GET(plain)),
    path("breaks", breaks),
    path("hidden", hidden),
    path("denied", denied),
    path("", plain, name="home"),
    path("<str:name>", plain, name="profile"),
]

handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.not_found
handler500 = errors.server_error
