"""What can be chosen in the forms of repositories, in words."""

from __future__ import annotations

from django.utils.translation import gettext as _

from openhearth.code.repos.models import Repository
from openhearth.code.repos.rules import Role
from openhearth.web.parts import Choice


def visibility_choices() -> tuple[Choice, ...]:
    """Return who can see a repository, as cards."""
    kinds = Repository.Visibility
    return (
        Choice(kinds.PUBLIC, _("Public"), _("Anyone, without signing in"), "globe"),
        Choice(kinds.INTERNAL, _("Internal"), _("Everyone with an account here"), "organization"),
        Choice(kinds.PRIVATE, _("Private"), _("You and the people you invite"), "lock"),
    )


def role_choices() -> tuple[Choice, ...]:
    """Return the roles of collaborators, smallest first, each with what it adds."""
    return (
        Choice(Role.READ.word, _("Read: see and clone it")),
        Choice(Role.TRIAGE.word, _("Triage: read, and sort issues")),
        Choice(Role.WRITE.word, _("Write: triage, and push")),
        Choice(Role.MAINTAIN.word, _("Maintain: write, and change the description")),
        Choice(Role.ADMIN.word, _("Admin: everything but deleting it")),
    )


def role_names() -> dict[str, str]:
    """Return the names of the roles by their words."""
    return {
        Role.READ.word: _("Read"),
        Role.TRIAGE.word: _("Triage"),
        Role.WRITE.word: _("Write"),
        Role.MAINTAIN.word: _("Maintain"),
        Role.ADMIN.word: _("Admin"),
    }
