"""Builds the world of the sweep inside an instance's data and prints it as JSON: routes, identities, verdicts.

Run as a program with the instance's environment; the sweep itself (`test_sweep.py`) then speaks plain HTTP.
"""

from __future__ import annotations

import dataclasses
import json
import secrets
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import django
from django.urls import reverse

ROLES = ("read", "triage", "write", "maintain", "admin")
VISIBILITIES = ("public", "internal", "private")


MISSING = "missing0123456789"
VALUES: dict[str, Any] = {
    "rest": "main",
    "browse_blob:rest": "main/folder/inner.py",
    "browse_raw:rest": "main/folder/inner.py",
    "browse_archive:rest": "refs/heads/main.zip",
    "name": "x-owner",
    "secret": "nonsense",
    "key": "nonsense",
    "number": 1,
    "status": 404,
}
"""What to put for the arguments of routes, by name or by `route:name`."""


def canary() -> str:
    return f"CNRY{secrets.token_hex(8)}"


def main() -> None:
    django.setup()
    world = World()
    world.build()
    json.dump(world.told(), sys.stdout)


class World:
    """Accounts, repositories with canaries, and what policy says about each pair."""

    def __init__(self) -> None:
        from openhearth.code.refs import actions as refs
        from openhearth.code.repos import actions as repos
        from openhearth.people.accounts import actions as accounts
        from openhearth.people.accounts import queries
        from openhearth.people.tokens import actions as tokens

        self.refs, self.repos, self.accounts, self.tokens, self.queries = refs, repos, accounts, tokens, queries
        self.people: dict[str, Any] = {}
        self.repositories: dict[str, Any] = {}
        self.canaries: dict[str, dict[str, str]] = {}
        self.commits: dict[str, str] = {}
        self.secrets: dict[str, str] = {}

    def build(self) -> None:
        from openhearth.kernel.policy.actors import system

        self.system = system("sweep")
        for name in ("owner", "stranger", "suspended", "site-admin", *ROLES):
            self.people[name] = self.accounts.create_account(
                actor=self.system,
                name=f"x-{name}",
                email=f"{name}@example.org",
                password=f"horse {name} battery staple",
                is_admin=name == "site-admin",
                email_verified=True,
            )
        for visibility in VISIBILITIES:
            self.make_repository(visibility)
        self.make_sessions()
        self.accounts.set_state(actor=self.system, account=self.people["suspended"], state="suspended")

    def actor(self, name: str) -> Any:
        return self.queries.actor_of(self.people[name])

    def make_repository(self, visibility: str) -> None:
        marks = {part: canary() for part in ("name", "description", "branch", "file", "content", "message", "tag")}
        owner = self.people["owner"]
        repository = self.repos.create_repository(
            actor=self.actor("owner"),
            owner=owner,
            name=f"repo-{marks['name']}",
            visibility=visibility,
            description=f"about {marks['description']}",
        )
        self.commits[visibility] = self.push(repository, marks)
        for role in ROLES:
            self.repos.set_collaborator(
                actor=self.actor("owner"), repository=repository, account=self.people[role], role=role
            )
        repository.refresh_from_db()
        self.repositories[visibility] = repository
        self.canaries[visibility] = marks

    def push(self, repository: Any, marks: dict[str, str]) -> str:
        from openhearth.code.refs import queries
        from openhearth.code.refs.rules import ZERO, Move
        from openhearth.git.objects import Person
        from openhearth.git.write import commit_files
        from openhearth.kernel import clock

        directory = queries.prepared_storage(repository)
        person = Person("X Owner", "owner@example.org", clock.now())
        files = {
            "README.md": f"# Read\n\n{marks['content']}\n".encode(),
            f"{marks['file']}.txt": f"{marks['content']}\n".encode(),
            "folder/inner.py": f"value = '{marks['content']}'\n".encode(),
        }
        quarantine, oid = commit_files(
            directory, files=files, parents=[], author=person, message=f"Say {marks['message']}"
        )
        moves = [
            Move("refs/heads/main", ZERO, oid),
            Move(f"refs/heads/{marks['branch']}", ZERO, oid),
            Move(f"refs/tags/{marks['tag']}", ZERO, oid),
        ]
        outcome = self.refs.apply_push(
            actor=self.actor("owner"), repository=repository, moves=moves, quarantine=quarantine
        )
        assert len(outcome.moved) == 3, outcome
        return oid

    def make_sessions(self) -> None:
        """Sign everybody in as the sign-in page does, and give tokens."""
        from django.conf import settings
        from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

        engine = import_module(settings.SESSION_ENGINE)
        for name, account in self.people.items():
            session = engine.SessionStore()
            session[SESSION_KEY] = str(account.pk)
            session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
            session[HASH_SESSION_KEY] = account.get_session_auth_hash()
            session.create()
            self.secrets[name] = session.session_key
            _token, text = self.tokens.create_token(
                actor=self.system, account=account, name="sweep", scopes=["repo", "delete_repo", "user"]
            )
            self.secrets[f"token:{name}"] = text
        _token, text = self.tokens.create_token(
            actor=self.system, account=self.people["owner"], name="weak", scopes=["read:user"]
        )
        self.secrets["token:weak"] = text

    def identities(self) -> dict[str, tuple[Any, dict[str, str]]]:
        """Return identity to (actor as policy sees it, credentials for pages and for programs)."""
        from openhearth.kernel.policy.actors import ANONYMOUS

        found: dict[str, tuple[Any, dict[str, str]]] = {"anonymous": (ANONYMOUS, {})}
        for name, account in self.people.items():
            account.refresh_from_db()
            actor = self.queries.actor_of(account) if account.is_active else ANONYMOUS
            found[name] = (actor, {"session": self.secrets[name], "token": self.secrets[f"token:{name}"]})
        weak = self.queries.actor_of(self.people["owner"], scopes=frozenset({"read:user"}))
        found["weak-token"] = (weak, {"token": self.secrets["token:weak"]})
        return found

    def told(self) -> dict[str, Any]:
        from openhearth.kernel.policy import engine
        from openhearth.kernel.policy.rows import TABLE

        verdicts: dict[str, dict[str, dict[str, str]]] = {}
        who: dict[str, dict[str, str]] = {}
        for name, (actor, credentials) in self.identities().items():
            who[name] = credentials
            verdicts[name] = {}
            for visibility, repository in self.repositories.items():
                repository.refresh_from_db()
                answers = {}
                for action in TABLE.rows:
                    if action.startswith("repo."):
                        decision = engine.decide(actor.fresh(), action, repository)
                        answers[action] = "yes" if decision.allowed else ("hidden" if decision.hidden else "no")
                verdicts[name][visibility] = answers
        return {
            "identities": who,
            "verdicts": verdicts,
            "repositories": {v: self.facts(v) for v in VISIBILITIES},
            "routes": [self.addressed(route) for route in routes()],
            "owner": self.people["owner"].name,
        }

    def addressed(self, route: dict[str, Any]) -> dict[str, Any]:
        """Add to a route the addresses to ask: one for each repository and one of a missing repository."""
        if route["kind"] == "native":
            return route
        route["urls"] = {}
        for visibility in VISIBILITIES:
            values = self.values(route, visibility)
            route["urls"][visibility] = reverse(route["name"], kwargs=values)
            if "repo" in values:
                route["urls"][f"{visibility}-missing"] = reverse(
                    route["name"], kwargs={**values, "repo": f"repo-{MISSING}"}
                )
        return route

    def values(self, route: dict[str, Any], visibility: str) -> dict[str, Any]:
        """Return a value for each argument of a route. A KeyError here asks for a line in `VALUES`."""
        found = {}
        for name in route["arguments"]:
            if name == "repo":
                found[name] = self.repositories[visibility].name
            elif name == "owner":
                found[name] = self.people["owner"].name
            elif name == "sha":
                found[name] = self.commits[visibility]
            else:
                found[name] = VALUES.get(f"{route['name']}:{name}") or VALUES[name]
        return found

    def facts(self, visibility: str) -> dict[str, Any]:
        repository = self.repositories[visibility]
        return {
            "id": repository.pk,
            "name": repository.name,
            "canaries": self.canaries[visibility],
            "commit": self.commits[visibility],
        }


def routes() -> Any:
    """Yield every route of the instance, Django's and native ones."""
    from openhearth.site.web_process import native_routes
    from openhearth.web.routes import declared_routes

    for full, route in declared_routes():
        declared = route.callback.declared
        yield {
            "kind": "page",
            "pattern": full,
            "arguments": sorted(route.pattern.regex.groupindex),
            **dataclasses.asdict(declared),
        }
    for native in native_routes():
        yield {
            "kind": "native",
            "pattern": native.pattern,
            "permission": native.permission,
            "methods": sorted(native.methods),
            "name": native.pattern.rpartition("/")[2],
            "load": "repository",
            "arguments": [],
        }


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))
    main()
