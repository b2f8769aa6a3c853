"""Who made commits: accounts found by their proven mail addresses, in one go for a whole page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from openhearth.git.objects import Commit, Person
from openhearth.people.accounts import queries as accounts
from openhearth.people.accounts.models import Account


@dataclass(frozen=True, slots=True)
class Author:
    """A person as a commit names them, with the account that has proven to own the address."""

    name: str
    email: str
    when: datetime
    account: Account | None

    @property
    def shown(self) -> str:
        """The name for people, never empty."""
        return self.account.name if self.account else self.name.strip() or self.email or "?"


class Authors:
    """The accounts behind the people of one page."""

    def __init__(self, commits: Iterable[Commit], people: Iterable[Person | None] = ()) -> None:
        emails = {person.email for commit in commits for person in (commit.author, commit.committer)}
        emails |= {person.email for person in people if person is not None}
        self._found = accounts.accounts_by_email(emails)

    def of(self, person: Person) -> Author:
        """Return the author for a person of these commits."""
        return Author(person.name, person.email, person.when, self._found.get(person.email.casefold()))
