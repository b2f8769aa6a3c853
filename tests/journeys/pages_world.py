"""The world of the sweep with what pages look different for: keys, tokens, an empty and a deleted repository.

Run as a program (`python -m tests.journeys.pages_world`) with the instance's environment; prints JSON.
"""

from __future__ import annotations

import base64
import json
import secrets
import sys

import django
from tests.sweep.world import World

PYTHON = "".join(f"def step_{n}(value: int) -> int:\n    return value + {n}\n\n\n" for n in range(40))


def main() -> None:
    django.setup()
    world = World()
    world.build()
    told = world.told()
    told["extra"] = furnish(world)
    json.dump(told, sys.stdout)


def furnish(world: World) -> dict[str, str]:
    """Add to the world; return addresses of pages that the route table alone does not lead to."""
    from openhearth.code.refs import queries
    from openhearth.code.refs.rules import Move
    from openhearth.git.objects import Person
    from openhearth.git.write import commit_files
    from openhearth.kernel import clock
    from openhearth.people.keys import actions as keys

    owner, actor = world.people["owner"], world.actor("owner")
    world.accounts.update_account(actor=actor, account=owner, display_name="林 Mu", bio="Keeps the fire. 守着火。")
    public = world.repositories["public"]
    name = b"ssh-ed25519"
    blob = len(name).to_bytes(4, "big") + name + (32).to_bytes(4, "big") + secrets.token_bytes(32)
    keys.add_key(actor=actor, account=owner, text=f"ssh-ed25519 {base64.b64encode(blob).decode()} desk")
    person = Person("Somebody Else", "else@example.net", clock.now())
    files = {
        "README.md": b"# Lantern\n\nA [link](folder/inner.py) and `code`.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
        "README.zh-Hans.md": "# 灯\n\n一盏小灯。\n\n- [ ] 添油\n- [x] 点灯\n".encode(),
        "folder/inner.py": PYTHON.encode(),
        "folder/一个很长很长的中文文件名用来看看表格在手机上是否还放得下.txt": "长\n".encode(),
        "folder/tricky.py": "access = 'user\u202e\u2066# admin'\n".encode(),
        "picture.bin": bytes(range(256)) * 20,
        "empty.txt": b"",
    }
    old = world.commits["public"]
    quarantine, oid = commit_files(
        queries.prepared_storage(public), files=files, parents=[old], author=person, message="让灯更亮\n\n说明在这里。"
    )
    moves = [
        Move("refs/heads/main", old, oid),
        Move("refs/heads/a-rather-long-branch-name/with-a-slash-that-nobody-would-type-twice", "0" * 40, oid),
    ]
    world.refs.apply_push(actor=actor, repository=public, moves=moves, quarantine=quarantine)
    world.repos.create_repository(actor=actor, owner=owner, name="empty", visibility="public", description="")
    gone = world.repos.create_repository(actor=actor, owner=owner, name="gone", visibility="private", description="")
    world.repos.delete_repository(actor=actor, repository=gone)
    archived = world.repos.create_repository(
        actor=actor, owner=owner, name="finished-work", visibility="public", description=""
    )
    world.repos.archive_repository(actor=actor, repository=archived, archived=True)
    base = f"/{owner.name}/{public.name}"
    return {
        "empty": f"/{owner.name}/empty",
        "empty over SSH": f"/{owner.name}/empty?clone=ssh",
        "archived": f"/{owner.name}/finished-work",
        "commit": f"{base}/commit/{oid}",
        "folder": f"{base}/tree/main/folder",
        "code": f"{base}/blob/main/folder/inner.py",
        "document": f"{base}/blob/main/README.md",
        "document as code": f"{base}/blob/main/README.md?view=code",
        "suspicious": f"{base}/blob/main/folder/tricky.py",
        "binary": f"{base}/blob/main/picture.bin",
        "no bytes": f"{base}/blob/main/empty.txt",
        "chinese readme": f"{base}/blob/main/README.zh-Hans.md",
        "nothing found": "/-/explore?q=nonsense-nowhere",
        "people": "/-/explore?kind=people",
        "missing": "/nobody/nothing",
    }


if __name__ == "__main__":
    main()
