"""Puts every hostile string wherever it is allowed; prints the addresses where it is shown, as JSON.

Run as a program (`python -m tests.journeys.hostile_world`) with the instance's environment.
"""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any
from urllib.parse import quote

import django
from tests.journeys.hostile import FILES, INVISIBLE, STRINGS

DOCUMENT = "TEXT\n\n# TEXT\n\n| TEXT |\n|---|\n| TEXT |\n\n```TEXT\nTEXT\n```\n"


def main() -> None:
    django.setup()
    json.dump(build(), sys.stdout)


def build() -> dict[str, Any]:
    from openhearth.code.repos import actions as repos
    from openhearth.kernel.policy.actors import system
    from openhearth.people.accounts import actions as accounts
    from openhearth.people.accounts import queries

    root = system("hostile")

    def person(number: int, text: str) -> Any:
        account = accounts.create_account(
            actor=root,
            name=f"p{number}",
            email=f"p{number}@example.org",
            password="a lantern over cold ash",
            email_verified=True,
        )
        actor = queries.actor_of(account)
        for field in ("display_name", "bio", "website"):
            with contextlib.suppress(Exception):  # refused is fine; shown must be harmless
                accounts.update_account(actor=actor, account=account, **{field: text})
        return account

    people = [person(number, text) for number, text in enumerate(STRINGS)]
    owner = people[0]
    actor = queries.actor_of(owner)
    for number, text in enumerate(STRINGS):
        if text == INVISIBLE:  # refused in a description
            continue
        repos.create_repository(actor=actor, owner=owner, name=f"r{number}", visibility="public", description=text)
    repository = repos.create_repository(
        actor=actor, owner=owner, name="trap", visibility="public", description=STRINGS[1]
    )
    commits, names = push(repository, actor, people)
    return {"pages": list(addresses(commits, names)), "raw": [f"/p0/trap/raw/main/run/{name}" for name in FILES]}


def file_name(text: str) -> str:
    return text.replace("/", "∕")


def push(repository: Any, actor: Any, people: list[Any]) -> tuple[list[str], list[str]]:
    """Push a commit for each string, with it as author, message, file and content, and refs named so."""
    from openhearth.code.refs import actions as refs
    from openhearth.code.refs import queries
    from openhearth.code.refs.rules import ZERO, Move
    from openhearth.git import refnames
    from openhearth.git.objects import Person
    from openhearth.git.write import commit_files
    from openhearth.kernel import clock

    directory = queries.prepared_storage(repository)
    all_of_them = "\n\n".join(STRINGS)
    parents: list[str] = []
    commits = []
    for number, text in enumerate(STRINGS):
        files = {
            f"names/{file_name(text)}": text.encode(),
            f"names/{file_name(text)}.md": text.encode(),
            f"in/{number}/README.md": DOCUMENT.replace("TEXT", text).encode(),
            f"in/{number}/{file_name(text)}/deep.py": f"# {text}\nx = '''{text}'''\n".encode(),
        }
        if number == 0:
            files |= {f"run/{name}": content.encode("latin-1", "replace") for name, content in FILES.items()}
            files |= {"README.md": all_of_them.encode(), "LICENSE": all_of_them.encode()}
        author = text.replace("<", "").replace(">", "")
        who = Person(author, people[number].email if number % 2 else "nobody@example.net", clock.now())
        quarantine, oid = commit_files(
            directory, files=files, parents=parents, author=who, message=f"{text}\n\n{text}\n{all_of_them}"
        )
        moves = [Move("refs/heads/main", parents[0] if parents else ZERO, oid)]
        named = (f"refs/heads/{text}", f"refs/tags/{text}")
        moves += [Move(name, ZERO, oid) for name in named if refnames.check(name) is None]
        outcome = refs.apply_push(actor=actor, repository=repository, moves=moves, quarantine=quarantine)
        assert len(outcome.moved) == len(moves), outcome
        parents = [oid]
        commits.append(oid)
    return commits, [text for text in STRINGS if refnames.check(f"refs/heads/{text}") is None]


def addresses(commits: list[str], names: list[str]) -> Any:
    home = "/p0/trap"
    yield from (home, f"{home}/branches", f"{home}/tags", f"{home}/commits/main", f"{home}/tree/main/names", "/p0")
    yield from ("/", "/-/explore", "/-/explore?kind=people", f"{home}/settings", f"{home}/settings/access")
    yield from (f"{home}/settings/branches", "/-/settings/profile", "/-/settings/repositories")
    for number, text in enumerate(STRINGS):
        name = quote(file_name(text), safe="")
        yield f"{home}/commit/{commits[number]}"
        yield f"{home}/blob/main/names/{name}"
        yield f"{home}/blob/main/names/{name}.md"
        yield f"{home}/tree/main/in/{number}"
        yield f"{home}/blob/main/in/{number}/{name}/deep.py"
        yield f"/p{number}"
        query = quote(text, safe="")
        yield f"/-/explore?q={query}&language={query}&sort={query}"
        yield (f"{home}/branches?q={query}", f"{home}/tree/{query}", f"/-/sign-in?next={query}")[number % 3]
    for name in names:
        yield f"{home}/tree/{quote(name, safe='/')}"
    for name in FILES:
        yield f"{home}/blob/main/run/{name}"


if __name__ == "__main__":
    main()
