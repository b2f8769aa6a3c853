"""Who asks: `request.actor` and `request.me` from the session, or from `Authorization` where a page is only read."""

from __future__ import annotations

from collections.abc import Callable

from allauth.account.app_settings import EmailVerificationMethod
from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from openhearth.kernel import attempts, lastuse
from openhearth.kernel.policy.actors import Actor, anonymous
from openhearth.people.accounts import actions, queries
from openhearth.people.accounts.models import Account
from openhearth.people.sessions.models import seat
from openhearth.people.sessions.queries import current_id
from openhearth.people.sessions.rules import LAST_USE
from openhearth.web import errors
from openhearth.web.requests import Request

GetResponse = Callable[[HttpRequest], HttpResponseBase]
Authorize = Callable[[str, str], Actor | None]
"""Takes the `Authorization` header and the client's address. None: it opens nothing. May raise `TooMany`."""

REALM = 'Basic realm="OpenHearth", charset="UTF-8"'
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"

_authorize: list[Authorize] = []


def authorize_with(reader: Authorize) -> None:
    """Register who reads the `Authorization` header (`people.tokens`)."""
    _authorize[:] = [reader]


class ActorMiddleware:
    """Sets `request.actor`, `request.me` and, for allauth, `request.user`. Reads only, but for the cache database."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponseBase:
        """Settle who asks, then go on; 401 to a token that opens nothing, 429 to too many wrong passwords."""
        header = request.headers.get("Authorization", "")
        if header and _authorize and request.method in {"GET", "HEAD"}:
            try:
                actor = _authorize[0](header, client_address(request))
            except attempts.TooMany as limited:
                return too_many(request, limited)
            if actor is None:
                return unauthorized()
            account = queries.accounts_by_id([actor.account_id or 0]).get(actor.account_id or 0)
            _enter(request, account, actor)
        else:
            _enter_by_session(request)
        return self.get_response(request)


def _enter_by_session(request: Request) -> None:
    account = _account_of_session(request)
    if account is None:
        _enter(request, None, anonymous())
        return
    public_id = current_id(request.session)
    _enter(request, account, queries.actor_of(account, credential=f"session:{public_id}"))
    if public_id:
        lastuse.note(LAST_USE, public_id)


def _enter(request: Request, account: Account | None, actor: Actor) -> None:
    request.me = account
    request.actor = actor
    request.user = account or AnonymousUser()
    if account is not None:
        actor.memo[Account] = account


def _account_of_session(request: Request) -> Account | None:
    """Return the account that this session is signed in as; None where it has a new password or may not act."""
    number = request.session.get(SESSION_KEY)
    if number is None:
        return None
    account = queries.accounts_by_id([int(number)]).get(int(number))
    if account is None or not account.is_active:
        return None
    proof = request.session.get(HASH_SESSION_KEY, "")
    return account if constant_time_compare(proof, account.get_session_auth_hash()) else None


def client_address(request: HttpRequest) -> str:
    """Return the address of who asks, as the outermost middleware settled it."""
    return str(request.META.get("REMOTE_ADDR", ""))


def enter(request: HttpRequest, account: Account, *, method: str, then: str) -> HttpResponseBase:
    """Sign an account in that has proven itself, through allauth's stages, and lead it to the local address `then`."""
    account.backend = BACKEND
    login = Login(user=account, redirect_url=then, email_verification=EmailVerificationMethod.NONE)
    response: HttpResponseBase = perform_password_login(request, {"username": account.name}, login)
    if request.session.get(SESSION_KEY) != str(account.pk):
        return response  # a stage wants more first, a second factor for one
    if request.session.get(BACKEND_SESSION_KEY):
        agent = request.headers.get("User-Agent", "")
        seat(request.session, user_agent=agent, address=client_address(request))
        actions.note_sign_in(actor=queries.actor_of(account), account=account, method=method)
    return response


def keep_session(request: HttpRequest, account: Account) -> None:
    """Let this session outlive a change of its account's password; it gets a new key."""
    request.session.cycle_key()
    request.session[HASH_SESSION_KEY] = account.get_session_auth_hash()


def too_many(request: Request, limited: attempts.TooMany) -> HttpResponse:
    """Answer 429 and say when to come back."""
    body = _("There were too many wrong passwords. Wait %(seconds)d seconds and try again.")
    response = errors.respond(request, 429, body=body % {"seconds": limited.retry_after})
    response["Retry-After"] = str(limited.retry_after)
    return response


def unauthorized() -> HttpResponse:
    """Answer 401 to a token or password that opens nothing."""
    text = _("The token or password is not right, has ended, or its account may not sign in.")
    response = HttpResponse(f"401 {text}\n", status=401, content_type="text/plain; charset=utf-8")
    response["WWW-Authenticate"] = REALM
    return response
