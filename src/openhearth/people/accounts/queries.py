"""Reading accounts."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from allauth.account.models import EmailAddress
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from openhearth.kernel import config
from openhearth.kernel.policy import engine
from openhearth.kernel.policy.actors import Actor
from openhearth.people.accounts import rules
from openhearth.people.accounts.models import Account, Registration


def find_account(name: str) -> Account | None:
    """Return the account of that name in any case, whoever asks; rights are the caller's matter."""
    if rules.name_fault(name) not in {"", "reserved"}:
        return None
    return Account.objects.filter(name_key=rules.name_key(name)).first()


def find_login(login: str) -> Account | None:
    """Return the person whose name or mail address somebody typed to sign in, in any case; None for nobody."""
    login = login.strip()
    if "\x00" in login or len(login) > 254:
        return None
    people = Account.objects.filter(kind=Account.Kind.USER)
    if "@" in login:
        return with_email(people, login).first()
    return people.filter(name_key=rules.name_key(login)).first()


def with_email(accounts: QuerySet[Account], email: str) -> QuerySet[Account]:
    """Return those with that mail address in any case; found through the index on the lower-cased address."""
    return accounts.alias(lower_email=Lower("email")).filter(lower_email=email.lower())


def get_account(actor: Actor, name: str) -> Account:
    """Return the account if `actor` may know of it. Raises `Hidden`."""
    account = find_account(name)
    if account is None:
        raise engine.Hidden(engine.Decision(allowed=False, action="account.read", reason="missing", hidden=True))
    engine.require(actor, "account.read", account)
    return account


def visible_accounts(actor: Actor) -> QuerySet[Account]:
    """Return the accounts that `actor` may see, by name."""
    return engine.visible(Account.objects.all(), actor, "account.read").order_by("name_key")


def accounts_by_id(ids: Iterable[int]) -> dict[int, Account]:
    """Return the accounts of these ids in one query."""
    return Account.objects.in_bulk(set(ids))


def accounts_by_email(emails: Iterable[str]) -> dict[str, Account]:
    """Return who has proven to own which of these mail addresses (case-folded), in one query."""
    wanted = {email.casefold() for email in emails if email}
    if not wanted:
        return {}
    rows = Account.objects.filter(emailaddress__email__in=wanted, emailaddress__verified=True)
    found = {noreply_address(account).casefold(): account for account in _by_noreply(wanted)}
    for account in rows.prefetch_related("emailaddress_set"):
        for address in account.emailaddress_set.all():
            if address.verified and address.email.casefold() in wanted:
                found[address.email.casefold()] = account
    return found


def _by_noreply(emails: set[str]) -> list[Account]:
    ids = [part[0] for part in (email.split("+", 1) for email in emails) if len(part) == 2 and part[0].isdigit()]
    return [a for a in Account.objects.filter(pk__in=ids) if noreply_address(a).casefold() in emails]


def public_address() -> str:
    """Return the address of the instance without a path or slash at the end, from the configuration alone."""
    settings = config.current()
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return settings.url.rstrip("/") or f"http://{host}:{settings.port}"


def host_name() -> str:
    """Return the name of the instance's host, as mail addresses of it are written."""
    return urlsplit(public_address()).hostname or "localhost"


def noreply_address(account: Account) -> str:
    """Return the address that commits made here carry where the person shows none of their own."""
    return f"{account.pk}+{account.name}@users.noreply.{host_name()}"


def commit_address(account: Account) -> str:
    """Return the mail address for commits made in the browser."""
    return account.email if account.show_email and account.email else noreply_address(account)


def actor_of(account: Account, *, credential: str = "", scopes: frozenset[str] | None = None) -> Actor:
    """Return the actor that stands for an account, limited to `scopes` where a token proved it."""
    return Actor(
        kind="account" if scopes is None else "token",
        account_id=account.pk,
        name=account.name,
        is_active=account.is_active,
        is_admin=account.is_admin,
        scopes=scopes,
        credential=credential,
        language=account.language,
    )


def has_administrator() -> bool:
    """Whether the instance has somebody who administers it."""
    return Account.objects.filter(is_admin=True).exists()


def registration_mode() -> str:
    """Return `open`, `approval` or `closed`; closed until an administrator exists."""
    row = Registration.objects.filter(pk=1).first()
    if row:
        return row.mode  # only an administrator, or the first link that makes one, writes the row
    return config.current().registration if has_administrator() else Registration.Mode.CLOSED


def administrators() -> list[Account]:
    """Return who administers the instance, by name: whom a visitor or newcomer may ask."""
    return list(Account.objects.filter(is_admin=True, is_active=True).order_by("name_key")[:20])


def search_accounts(text: str, state: str) -> QuerySet[Account]:
    """Return accounts for the administrators' list, newest first; `text` is part of a name or mail address."""
    found = Account.objects.order_by("-pk")
    if state in Account.State.values:
        found = found.filter(state=state)
    if state == "admin":
        found = found.filter(is_admin=True)
    text = text.replace("\x00", "").strip()[:254]
    if text:
        matching = Q(name_key__contains=text.casefold()) | Q(email__icontains=text) | Q(display_name__icontains=text)
        found = found.filter(matching)
    return found


def count_waiting() -> int:
    """Return how many accounts wait for an administrator's yes."""
    return Account.objects.filter(state=Account.State.PENDING).count()


def email_is_proven(account: Account) -> bool:
    """Whether the account has opened the link that was sent to its mail address."""
    return EmailAddress.objects.filter(user=account, email=account.email.casefold(), verified=True).exists()
