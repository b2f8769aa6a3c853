"""The first steps of somebody who has just come in: each one is done or leads to where it is done."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from openhearth.code.browse.rules.addresses import Addresses
from openhearth.code.repos.models import Repository
from openhearth.kernel import config
from openhearth.kernel.policy.actors import Actor
from openhearth.people.accounts.models import Account
from openhearth.people.keys.queries import keys_of
from openhearth.people.tokens.queries import lines_of
from openhearth.reach.feeds import queries as feeds
from openhearth.web import shell


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `act` and `href` are empty where there is nothing to press."""

    title: str
    note: str
    icon: str
    done: bool
    act: str
    href: str
    is_next: bool = False


def steps(actor: Actor, me: Account) -> tuple[Step, ...]:
    """Return the steps to the first push; nothing for those who have pushed."""
    if feeds.has_pushed(actor):
        return ()
    own = Repository.objects.filter(owner=me, deleted_at=None).order_by("-pk").first()
    ways = _entrance(me)
    known = any(way.done for way in ways)
    found = [*ways, _repository(own), _push(me, own)]
    open_steps = [step for step in found if not step.done and step.href and not (known and step in ways)]
    return tuple(replace(step, is_next=step in open_steps[:1]) for step in found)


def _entrance(me: Account) -> list[Step]:
    """Return the ways to prove to git who one is; one of them is enough."""
    has_key, has_token = bool(keys_of(me)), bool(lines_of(me))
    token = Step(
        _("Or make an access token"),
        _("Git asks for it as a password over HTTPS; programs use it for the same."),
        "key-asterisk",
        has_token,
        _("Make a token"),
        shell.link("settings_token_new") or shell.link("settings_tokens"),
    )
    if not config.current().ssh.enabled:
        return [token]
    key = Step(
        _("Add an SSH key"),
        _("With it git knows you without a password."),
        "key",
        has_key,
        _("Add a key"),
        shell.link("settings_keys"),
    )
    return [key, token]


def _repository(own: Repository | None) -> Step:
    return Step(
        _("Create your first repository"),
        _("Its page then shows the commands that bring your code in."),
        "repo",
        own is not None,
        _("Create a repository"),
        shell.link("repository_new"),
    )


def _push(me: Account, own: Repository | None) -> Step:
    return Step(
        _("Push to it"),
        _("Follow the commands on the page of the repository."),
        "repo-push",
        False,
        _("Show the commands") if own else "",
        Addresses(me.name, own.name).home if own else "",
    )
