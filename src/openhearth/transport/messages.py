"""What git clients are told, in the language of the person behind them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from openhearth.code.refs.actions import PushOutcome
from openhearth.code.repos.models import Repository
from openhearth.kernel import config
from openhearth.kernel.policy.actors import Actor
from openhearth.kernel.policy.engine import Decision


def language_of(actor: Actor) -> AbstractContextManager[None]:
    """Return a context in which texts are in the actor's language, in that of the request where it is not known."""
    return translation.override(actor.language or translation.get_language())


def refusal(code: str, params: Mapping[str, object]) -> str:
    """Return the sentence for a refusal code, one line; an unknown code is shown as it is."""
    return " ".join((_sentences().get(code, code) % _Forgiving(params)).split())


class _Forgiving(dict[str, object]):
    """Lets a sentence name a parameter that the refusal did not bring."""

    def __missing__(self, key: str) -> object:
        return "?"


def _sentences() -> dict[str, str]:
    return {**_of_names(), **_of_refs(), **_of_packs(), **_of_requests()}


def _of_names() -> dict[str, str]:
    return {
        "not-utf8": _("the ref name is not UTF-8"),
        "too-long": _("the ref name is longer than 255 bytes"),
        "control-character": _("the ref name holds a control character"),
        "invisible-character": _("the ref name holds an invisible character"),
        "space": _("the ref name holds a space"),
        "not-normalised": _("the ref name is not in the Unicode form NFC"),
        "internal-namespace": _("this namespace is kept for the server"),
        "unknown-namespace": _("push to refs/heads, refs/tags or refs/notes"),
        "bad-format": _("this is not a name that git allows for a ref"),
        "leading-dash": _("no part of a ref name may begin with a hyphen"),
        "shell-character": _("the ref name holds a character that shells act on"),
        "reserved-name": _("git uses this name itself"),
        "nested-refs": _("the name begins with refs/ twice; leave one out"),
        "looks-like-id": _("the name looks like an object id"),
    }


def _of_refs() -> dict[str, str]:
    return {
        "exists": _("the ref exists already; fetch first"),
        "gone": _("the ref does not exist any more; fetch first"),
        "no-such-ref": _("there is no such ref"),
        "stale": _("the ref has moved meanwhile (it is at %(current)s); fetch first"),
        "clash": _("the name clashes with %(other)s: one of them would be a folder"),
        "default-branch": _("%(branch)s is the default branch; choose another one in the settings first"),
        "atomic": _("another ref of this atomic push was refused"),
        "archived": _("the repository is archived and read-only"),
        "role": _("you may not push to this repository"),
        "duplicate-ref": _("the push names this ref twice"),
        "not-a-commit": _("%(ref)s must point to a commit"),
        "quota": _("the repository would be larger than its limit of %(limit)s bytes"),
    }


def _of_packs() -> dict[str, str]:
    return {
        "bad-pack": _("the pack is damaged (%(reason)s); push again"),
        "pack-truncated": _("the pack ended too early; push again"),
        "pack-missing": _("the pack is missing; push again"),
        "pack-too-large": _("the pack is larger than the limit of %(limit)s bytes; push in smaller parts"),
        "pack-needs-too-much-memory": _("the pack needs more memory than the server gives one push"),
        "too-many-objects": _("the pack holds more objects than the limit of %(limit)s"),
        "object-too-large": _("the file %(oid)s is larger than the limit of %(limit)s bytes"),
        "delta-too-deep": _("the pack's chains of deltas are longer than the limit of %(limit)s; repack it"),
        "delta-base-missing": _("the pack builds on objects that are not here; fetch first, then push"),
        "object-missing": _("object %(oid)s is missing from the push"),
        "object-unreachable": _("object %(oid)s is neither in the push nor in this repository"),
        "fsck": _("object %(oid)s is refused: %(detail)s (%(check)s)"),
        "shallow-update": _("the history is cut off; fetch the rest with git fetch --unshallow, then push"),
        "timed-out": _("the push took longer than %(seconds)s seconds; push in smaller parts"),
        "disk-full": _("the server's disk is full; nothing was changed, tell an administrator"),
        "database": _("the database failed before it had confirmed this; fetch to see what is there, then push again"),
        "disk": _("the server could not store the push; nothing was changed, push again later"),
    }


def _of_requests() -> dict[str, str]:
    return {
        "malformed-command": _("the push is not as git's protocol says"),
        "malformed-packet": _("the request is not as git's protocol says (%(reason)s)"),
        "object-format": _("this server stores SHA-1 repositories, not %(format)s"),
        "push-cert": _("signed pushes are not offered here; push without --signed"),
        "push-option-character": _("a push option holds a character that is not allowed"),
        "push-option-too-long": _("a push option is longer than %(limit)s bytes"),
        "too-many-push-options": _("the push has more than %(limit)s options"),
        "too-many-commands": _("the push changes more than %(limit)s refs; push in smaller parts"),
        "line-too-long": _("a line of the request is longer than %(limit)s bytes"),
        "request-too-large": _("the request is too large"),
        "too-many-packets": _("the request has too many packets"),
    }


def unpack_failed() -> str:
    """Return the reason given for each ref when the objects of a push were refused."""
    return _("nothing was stored, see above")


def denied(decision: Decision) -> str:
    """Return why an action was refused, for a person whose git asked."""
    if decision.reason == "archived":
        return _("This repository is archived and read-only. Its administrators can change that in the settings.")
    if decision.reason == "scope":
        return _("This token lacks the scope %(scope)s. Make one that has it in your settings.") % {
            "scope": decision.needs
        }
    if decision.reason == "suspended":
        return _("Your account is suspended. An administrator of this instance can let you in again.")
    if decision.reason == "sign-in":
        return _("Sign in to push: use an access token as the password.")
    return _("You may read this repository, but not push to it. Ask its owner for the role write.")


def database_failed() -> str:
    """Return what to say where the database did not answer, before anything was begun."""
    return _("The server's database does not answer just now. Nothing was changed; try again in a minute.")


def not_found(name: str) -> str:
    """Return the one answer for missing and private repositories."""
    return _("There is no repository %(name)s, or you may not see it.") % {"name": name}


def greeting(name: str) -> str:
    """Return what `ssh -T` says."""
    return _("Hello %(name)s: your key works. This server offers git, not a shell.") % {"name": name}


def after_push(repository: Repository, outcome: PushOutcome, created: list[str], *, moved: bool) -> list[str]:
    """Return the lines a pusher sees when a push went through: where it can be looked at."""
    base = f"{config.current().url.rstrip('/')}/{repository.owner.name}/{repository.name}"
    lines: list[str] = []
    if moved:
        lines += [
            _("This repository has a new address. Set it with:"),
            f"  git remote set-url origin {base}.git",
        ]
    if outcome.first:
        lines += [_("Your repository is here:"), f"  {base}"]
    elif created:
        text = ngettext("The new branch is here:", "The new branches are here:", len(created))
        lines += [text, *(f"  {base}/tree/{name}" for name in created[:5])]
    return lines
