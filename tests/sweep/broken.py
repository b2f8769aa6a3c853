"""An instance in which everyone may read every repository: started by the sweep to see that it would notice."""

from __future__ import annotations

import dataclasses

from openhearth.kernel.policy.rows import TABLE, Table
from openhearth.site.cli import main

right = Table.add


def wrong(self: Table, kind, rows) -> None:
    right(self, kind, rows)
    if self is TABLE and kind.name == "repo":
        self.rows["repo.read"] = dataclasses.replace(self.rows["repo.read"], grants="everyone", scope="")


Table.add = wrong

if __name__ == "__main__":
    main(prog_name="hearth")
