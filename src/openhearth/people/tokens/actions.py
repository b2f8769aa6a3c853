"""Every write to access tokens, and the two ways in for programs: a token, or name and password."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from openhearth.kernel import clock, ids, lastuse
from openhearth.kernel.errors import Fault, Invalid
from openhearth.kernel.events.emit import emit
from openhearth.kernel.policy import engine
from openhearth.kernel.policy.actors import Actor
from openhearth.people.accounts.actions import check_password, text_fault
from openhearth.people.accounts.models import Account
from openhearth.people.accounts.queries import actor_of
from openhearth.people.tokens import queries, rules
from openhearth.people.tokens.events import TokenCreated, TokenRevoked
from openhearth.people.tokens.models import Token

BATCH = 200


def create_token(
    *, actor: Actor, account: Account, name: str, scopes: Iterable[str] = (), expires_at: datetime | None = None
) -> tuple[Token, str]:
    """Make a token and return it with its text, which is not kept. Raises `Invalid`."""
    engine.require(actor, "account.manage_tokens", account)
    wanted = list(scopes)
    faults = [*faults_of(name, wanted), *_end_faults(expires_at)]
    if not faults and Token.objects.filter(account=account, revoked_at=None).count() >= rules.TOKENS_MAX:
        text = _("Name: the account has %(most)d tokens already. Revoke those that are no longer used.")
        faults.append(Fault("name", "too-many", text % {"most": rules.TOKENS_MAX}))
    if faults:
        raise Invalid(*faults)
    secret = ids.make_token(rules.PREFIX)
    token = Token(
        account=account,
        name=name.strip(),
        digest=ids.digest(secret),
        hint=secret[-4:],
        scopes=rules.ordered_scopes(wanted),
        expires_at=expires_at,
    )
    with transaction.atomic():
        token.save()
        emit(TokenCreated(account.pk, token.pk, tuple(token.scopes)), actor=actor, target=account)
    return token, secret


def faults_of(name: str, scopes: list[str]) -> list[Fault]:
    """Return what is wrong with name and scopes of a new token."""
    return [*_name_faults(name), *_scope_faults(scopes)]


def _name_faults(name: str) -> list[Fault]:
    if not name.strip():
        return [Fault("name", "empty", _("Name: say what the token is for, for example “nightly mirror”."))]
    fault = text_fault("name", _("Name"), name, rules.NAME_MAX)
    return [fault] if fault else []


def _scope_faults(scopes: list[str]) -> list[Fault]:
    unknown = rules.unknown_scopes(scopes)
    if not unknown:
        return []
    text = _("Scopes: “%(scope)s” is none. Known ones are repo, public_repo, user, admin:public_key and others.")
    return [Fault("scopes", "unknown", text % {"scope": unknown[0][:60]})]


def _end_faults(expires_at: datetime | None) -> list[Fault]:
    if expires_at is None:
        return []
    if expires_at <= clock.now():
        return [Fault("expires", "past", _("End: this date is over. Choose a later one."))]
    if expires_at > clock.now() + rules.LIFE_MAX + timedelta(days=1):
        return [Fault("expires", "too-far", _("End: at most one year from now. Choose an earlier date, or no end."))]
    return []


def revoke_token(*, actor: Actor, token: Token) -> None:
    """Make a token open nothing any more, at once."""
    engine.require(actor, "account.manage_tokens", token.account)
    with transaction.atomic():
        if not Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=clock.now()):
            return
        emit(TokenRevoked(token.account_id, token.pk), actor=actor, target=token.account)


def authenticate_basic(user: str, password: str, *, address: str) -> Actor | None:
    """Return whom a pair of HTTP Basic stands for: a token in either half, else an account's name and password.

    Wrong passwords count against the same limits as those of the sign-in page. Raises `kernel.attempts.TooMany`.
    """
    for text in (password, user):
        if rules.has_shape(text):
            return queries.authenticate(text)
    if not user or not password:
        return None
    account = check_password(login=user, password=password, address=address)
    if account is None or not account.is_active:
        return None
    return actor_of(account, credential="password")


def authenticate_header(header: str, *, address: str) -> Actor | None:
    """Return whom an `Authorization` header stands for (`Bearer`, `token` or `Basic`); None for nobody.

    Raises `kernel.attempts.TooMany` where too many passwords were wrong.
    """
    scheme, _space, rest = header.partition(" ")
    rest = rest.strip()
    if scheme.lower() in {"bearer", "token"}:
        return queries.authenticate(rest)
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(rest, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        return None
    return authenticate_basic(user, password, address=address) if colon else None


def carry_over_last_use() -> int:
    """Write into the rows what the cache database noted since the last time; returns how many rows changed."""
    changed = 0
    while uses := lastuse.gather(queries.LAST_USE, BATCH):
        moments = {int(use.item): use.at for use in uses}
        rows = list(Token.objects.filter(pk__in=moments).only("pk", "last_used_at"))
        for row in rows:
            row.last_used_at = moments[row.pk]
        changed += Token.objects.bulk_update(rows, ["last_used_at"])
    return changed
