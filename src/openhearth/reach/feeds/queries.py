"""Reading activity. Every answer is filtered by what the reader may see now, not by what was so when it happened."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from openhearth.code.repos import queries as repos
from openhearth.code.repos.models import Repository
from openhearth.kernel.policy import engine
from openhearth.kernel.policy.actors import Actor
from openhearth.people.accounts.models import Account
from openhearth.reach.feeds.models import Activity

PER_PAGE = 30


@dataclass(frozen=True, slots=True)
class Slice:
    """Activity, newest first; `older` is the id to go on from, None at the end."""

    rows: tuple[Activity, ...]
    older: int | None


def visible_activity(actor: Actor) -> QuerySet[Activity]:
    """Return what happened in repositories that `actor` may see, newest first."""
    seen = engine.visible(Repository.objects.all(), actor, "repo.read")
    rows = Activity.objects.filter(repository__in=seen).select_related("actor", "repository__owner")
    return rows.order_by("-at", "-id")


def followed(actor: Actor) -> QuerySet[Activity]:
    """Return what happened in the actor's own repositories, those with a role, and those it took part in."""
    with_role = repos.repositories_with_role(actor).order_by().values("pk")
    took_part = Activity.objects.filter(actor_id=actor.account_id).order_by().values("repository_id")
    return visible_activity(actor).filter(Q(repository__in=with_role) | Q(repository__in=took_part))


def mine(actor: Actor) -> QuerySet[Activity]:
    """Return what the actor did, as far as it still may see where."""
    return visible_activity(actor).filter(actor_id=actor.account_id)


def public_of(account: Account) -> QuerySet[Activity]:
    """Return what an account did in public repositories: the same for every reader."""
    seen = Repository.objects.filter(visibility=Repository.Visibility.PUBLIC, deleted_at=None)
    rows = Activity.objects.filter(actor=account, repository__in=seen).select_related("actor", "repository__owner")
    return rows.order_by("-at", "-id")


def has_pushed(actor: Actor) -> bool:
    """Tell whether the actor has pushed anything yet."""
    return Activity.objects.filter(actor_id=actor.account_id, kind=Activity.Kind.PUSH).exists()


def cut(rows: QuerySet[Activity], *, before: int | None = None, most: int = PER_PAGE) -> Slice:
    """Return the newest rows, or those older than the activity `before`."""
    if before is not None:
        last = Activity.objects.filter(pk=before).values_list("at", flat=True).first()
        if last is not None:
            rows = rows.filter(Q(at__lt=last) | Q(at=last, pk__lt=before))
    found = list(rows[: most + 1])
    return Slice(tuple(found[:most]), found[most - 1].pk if len(found) > most else None)
