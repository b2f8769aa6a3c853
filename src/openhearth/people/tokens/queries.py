"""Reading access tokens, and finding out whom one stands for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from openhearth.kernel import clock, ids, lastuse
from openhearth.kernel.policy.actors import Actor
from openhearth.kernel.policy.rows import TABLE
from openhearth.people.accounts.models import Account
from openhearth.people.accounts.queries import actor_of
from openhearth.people.tokens import rules
from openhearth.people.tokens.models import Token

LAST_USE = "token"
"""The kind under which `kernel.lastuse` notes tokens."""
SOON = timedelta(days=7)

DESCRIPTIONS: dict[str, str | Promise] = {
    "repo": _("Read and change all repositories, private ones too"),
    "repo:status": _("Read and set the states of commits"),
    "repo_deployment": _("Read and make deployments"),
    "public_repo": _("Read and change public repositories only"),
    "repo:invite": _("Read and answer invitations to repositories"),
    "security_events": _("Read and change security findings"),
    "delete_repo": _("Delete repositories"),
    "workflow": _("Change workflow files"),
    "write:packages": _("Publish packages"),
    "read:packages": _("Download packages"),
    "delete:packages": _("Delete packages"),
    "admin:org": _("Administer organisations and teams"),
    "write:org": _("Change the members of organisations and teams"),
    "read:org": _("See the members of organisations and teams"),
    "admin:public_key": _("Add, see and remove SSH keys"),
    "write:public_key": _("Add and see SSH keys"),
    "read:public_key": _("See SSH keys"),
    "admin:repo_hook": _("Administer webhooks of repositories"),
    "write:repo_hook": _("Change webhooks of repositories"),
    "read:repo_hook": _("See webhooks of repositories"),
    "admin:org_hook": _("Administer webhooks of organisations"),
    "gist": _("Change snippets"),
    "notifications": _("Read notifications"),
    "user": _("Read and change profile and mail addresses"),
    "read:user": _("Read the whole profile"),
    "user:email": _("Read mail addresses"),
    "user:follow": _("Follow and unfollow people"),
    "project": _("Read and change project boards"),
    "read:project": _("Read project boards"),
    "write:discussion": _("Read and change discussions"),
    "read:discussion": _("Read discussions"),
    "admin:gpg_key": _("Add, see and remove GPG keys"),
    "write:gpg_key": _("Add and see GPG keys"),
    "read:gpg_key": _("See GPG keys"),
    "audit_log": _("Read and export the audit log"),
    "read:audit_log": _("Read the audit log"),
    "site_admin": _("Administer the instance"),
}
"""What each scope lets a token do."""


@dataclass(frozen=True, slots=True)
class Line:
    """One token as the list shows it. `alarm`: "" or the tone of its end, `warn` for soon, `bad` for never or over."""

    token: Token
    scopes: tuple[str, ...]
    is_over: bool
    alarm: str


def offered_scopes(actor: Actor) -> list[tuple[str, str]]:
    """Return (scope, description) of those that open something on this instance, for the form."""
    named = {row.scope for row in TABLE.rows.values()} | {row.public_scope or "" for row in TABLE.rows.values()}
    return [
        (scope, str(DESCRIPTIONS[scope]))
        for scope in rules.SCOPES
        if scope in named and (scope != "site_admin" or actor.is_admin)
    ]


def lines_of(account: Account) -> list[Line]:
    """Return the tokens of an account that are not revoked, newest first."""
    tokens = list(Token.objects.filter(account=account, revoked_at=None).order_by("-created_at", "-pk"))
    fresh = lastuse.pending(LAST_USE, [str(token.pk) for token in tokens])
    for token in tokens:
        seen = [moment for moment in (token.last_used_at, fresh.get(str(token.pk))) if moment]
        token.last_used_at = max(seen, default=None)
    return [_line(token) for token in tokens]


def _line(token: Token) -> Line:
    now = clock.now()
    is_over = token.expires_at is not None and token.expires_at <= now
    alarm = "bad" if token.expires_at is None or is_over else ("warn" if token.expires_at < now + SOON else "")
    return Line(token, tuple(rules.ordered_scopes(token.scopes)), is_over, alarm)


def authenticate(text: str) -> Actor | None:
    """Return whom a token stands for, limited to its scopes, and note its use.

    None for everything that opens nothing: strange, expired or revoked ones, and those of accounts that may not act.
    The checksum is looked at first, so that guesses ask no database.
    """
    if not ids.check_token(text, rules.PREFIX):
        return None
    token = Token.objects.select_related("account").filter(digest=ids.digest(text)).first()
    if token is None or not token.works(clock.now()) or not token.account.is_active:
        return None
    lastuse.note(LAST_USE, token.pk)
    return actor_of(token.account, credential=f"token:{token.pk}", scopes=frozenset(token.scopes))
