"""Real repositories with their rows, for the tests of code pages."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from typing import Any

from openhearth.code.refs.models import Ref
from openhearth.code.repos import queries as repos
from openhearth.code.repos.models import Repository
from openhearth.git.peel import peel
from openhearth.git.tests.sample import Sample
from openhearth.kernel import clock
from openhearth.people.accounts.models import Account

OLD = "1600000000 +0000"


def account(name: str, **more: Any) -> Account:
    made = Account(name=name, email=f"{name}@example.org", **more)
    made.set_unusable_password()
    made.save()
    return made


class Place:
    """A repository on disk, its rows following by `sync`."""

    def __init__(self, owner: Account, name: str = "riverbed", visibility: str = "public") -> None:
        self.row = Repository.objects.create(owner=owner, name=name, visibility=visibility)
        self.home = f"/{owner.name}/{name}"
        directory = repos.storage(self.row)
        directory.parent.mkdir(parents=True, exist_ok=True)
        self.sample = Sample(directory)

    def commit(self, files: Mapping[str, Any], *parents: str, sync: bool = True, **more: Any) -> str:
        oid = self.sample.commit(files, *parents, **more)
        if sync:
            self.sync()
        return oid

    def tag(self, name: str, oid: str, message: str = "") -> None:
        if message:
            self.sample.git("tag", "-a", "-m", message, name, oid)
        else:
            self.sample.git("update-ref", f"refs/tags/{name}", oid)
        self.sync()

    def branch(self, name: str, oid: str) -> None:
        self.sample.git("update-ref", f"refs/heads/{name}", oid)
        self.sync()

    def delete_branch(self, name: str) -> None:
        self.sample.git("update-ref", "-d", f"refs/heads/{name}")
        self.sync()

    def sync(self) -> None:
        """Write the rows anew, as a push would."""
        listed = self.sample.text("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        refs = dict(line.split(" ") for line in listed)
        peeled = peel(self.sample.directory, refs.values())
        Ref.objects.filter(repository=self.row).delete()
        Ref.objects.bulk_create(
            Ref(repository=self.row, name=name, oid=oid, peeled=peeled.get(oid, "")) for name, oid in refs.items()
        )
        self.row.refs_version += 1
        self.row.pushed_at = clock.now()
        self.row.save()


def unpacked(data: bytes, command: list[str]) -> str:
    """The names that a real unpacker lists."""
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout.decode()
