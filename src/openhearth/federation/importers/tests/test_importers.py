"""Imports from folders, bundles and addresses, and sources that are none."""

from __future__ import annotations

import dataclasses
import http.server
import os
import subprocess
import threading
from importlib import import_module
from pathlib import Path

import pytest

from openhearth.federation.importers import rules
from openhearth.kernel import config
from openhearth.kernel.errors import Invalid
from openhearth.kernel.policy.actors import system

pytestmark = pytest.mark.django_db


def git(folder, *args, stdin=None):
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        **{
            f"GIT_{who}_{what}": text
            for who in ("AUTHOR", "COMMITTER")
            for what, text in (("NAME", "L"), ("EMAIL", "l@e.org"))
        },
    }
    return subprocess.run(
        ["git", *args], cwd=folder, env=env, input=stdin, capture_output=True, check=True
    ).stdout.decode()


@pytest.fixture
def origin(tmp_path):
    """A repository with two branches, a tag, a note, and refs that are not taken along."""
    folder = tmp_path / "origin"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "trunk")
    (folder / "文件.txt").write_text("hello\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "one")
    git(folder, "branch", "topic")
    git(folder, "commit", "-q", "--allow-empty", "-m", "two")
    git(folder, "tag", "-a", "v1", "-m", "first")
    git(folder, "notes", "add", "-m", "noted")
    git(folder, "update-ref", "refs/pull/1/head", "HEAD")
    git(folder, "update-ref", "refs/heads/bad`name", "HEAD")
    return folder


@pytest.fixture
def importing(data):
    config.prepare(data)
    world = import_module("openhearth.code.starters.tests.world")
    actions = import_module("openhearth.federation.importers.actions")
    heard = []

    def run(source, name="copy"):
        return actions.import_repository(
            actor=system("test"),
            source=str(source),
            owner=world.account("linyue"),
            name=name,
            visibility="private",
            progress=lambda what, percent: heard.append((what, percent)),
        )

    run.heard = heard
    return run


def refs(imported):
    queries = import_module("openhearth.code.refs.queries")
    return {ref.name: ref.oid for ref in queries.current_view(imported.repository).refs}


def assert_whole(imported, origin):
    head = git(origin, "rev-parse", "HEAD").strip()
    found = refs(imported)
    assert found["refs/heads/trunk"] == head
    assert found["refs/heads/topic"] == git(origin, "rev-parse", "topic").strip()
    assert found["refs/tags/v1"] == git(origin, "rev-parse", "v1").strip()
    assert "refs/notes/commits" in found
    assert "refs/pull/1/head" not in found
    assert imported.skipped == {"refs/heads/bad`name": "shell-character"}
    assert imported.repository.default_branch == "trunk"
    assert imported.repository.size_bytes > 0


def test_a_folder_is_imported(importing, origin):
    assert_whole(importing(origin), origin)
    assert ("Moving refs", 100) in importing.heard


def test_a_bundle_is_imported(importing, origin, tmp_path):
    git(origin, "bundle", "create", "-q", str(tmp_path / "all.bundle"), "--all", "HEAD")
    assert_whole(importing(tmp_path / "all.bundle"), origin)


@pytest.fixture
def served(origin, tmp_path, monkeypatch):
    """The origin over plain HTTP on 127.0.0.1, which the configuration lets through."""
    git(tmp_path, "clone", "-q", "--mirror", str(origin), "www.git")
    git(tmp_path / "www.git", "update-server-info")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(tmp_path))

        def do_GET(self):
            if self.path.startswith("/moved.git"):
                self.send_response(302)
                self.send_header("Location", self.path.replace("moved", "www"))
                self.end_headers()
                return
            super().do_GET()

        def log_message(self, *_args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    fetch = import_module("openhearth.kernel.fetch")
    policy = dataclasses.replace(fetch.policy_from(["127.0.0.0/8"]), ports=None)
    monkeypatch.setattr(import_module("openhearth.federation.importers.actions").fetch, "configured", lambda: policy)
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_address_is_imported(importing, origin, served):
    assert_whole(importing(f"{served}/www.git"), origin)


def test_redirects_are_not_followed(importing, served):
    with pytest.raises(Invalid):
        importing(f"{served}/moved.git")


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("https://lin:secret@example.org/x.git", "userinfo"),
        ("ftp://example.org/x.git", "scheme"),
        ("file:///etc", "scheme"),
        ("ssh://-oProxyCommand=x/y", "scheme"),
        ("git@example.org:x/y.git", "scheme"),
        ("ext::sh -c touch% /tmp/x", "scheme"),
        ("--upload-pack=touch", "scheme"),
        ("/no/such/place", "missing"),
        ("/etc", "not-git"),
        ("http://127.0.0.1/x.git", "private-address"),
        ("http://[::1]/x.git", "private-address"),
        ("http://169.254.169.254/latest", "private-address"),
        ("http://2130706433/x.git", "*"),
    ],
)
def test_what_cannot_be_imported_leaves_nothing(importing, source, code):
    with pytest.raises(Invalid) as refused:
        importing(source)
    fault = refused.value.faults[0]
    assert fault.field == "source"
    assert code in {"*", fault.code}
    assert str(fault.message).startswith("Source: ")
    nothing_is_left()


def nothing_is_left():
    repository = import_module("openhearth.code.repos.models").Repository
    assert not repository.objects.exists()
    assert not list(config.current().paths.tmp.glob("import-*"))
    assert not [p for p in config.current().paths.repositories.rglob("*") if p.name.endswith(".git")]


def test_a_damaged_bundle_is_told_and_leaves_nothing(importing, origin, tmp_path):
    path = tmp_path / "all.bundle"
    git(origin, "bundle", "create", "-q", str(path), "--all")
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(Invalid, match="source"):
        importing(path)
    nothing_is_left()


def test_an_empty_repository_is_an_empty_repository(importing, tmp_path):
    git(tmp_path, "init", "-q", "--bare", "empty.git")
    imported = importing(tmp_path / "empty.git")
    assert imported.refs == 0
    assert refs(imported) == {}


def test_a_hostile_tree_is_refused(importing, tmp_path):
    folder = tmp_path / "hostile"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    blob = git(folder, "hash-object", "-w", "--stdin", stdin=b"x").strip()
    raw = b"100644 .git\0" + bytes.fromhex(blob)
    tree = git(folder, "hash-object", "-t", "tree", "-w", "--stdin", "--literally", stdin=raw).strip()
    commit = git(folder, "commit-tree", "-m", "x", tree).strip()
    git(folder, "update-ref", "refs/heads/main", commit)
    with pytest.raises(Invalid) as refused:
        importing(folder)
    assert "hasDotgit" in str(refused.value.faults[0].message) or "fsck" in refused.value.faults[0].code
    nothing_is_left()


@pytest.mark.parametrize(
    ("head", "branches", "found"),
    [
        ("refs/heads/dev", {"dev": "1", "main": "1"}, "dev"),
        ("refs/heads/gone", {"main": "1", "x": "1"}, "main"),
        ("2", {"main": "1", "x": "2"}, "x"),
        ("2", {"x": "2", "master": "2"}, "master"),
        (None, {"x": "1", "y": "2"}, "x"),
        (None, {}, "main"),
    ],
)
def test_the_default_branch_of_an_import(head, branches, found):
    assert rules.default_branch(head, branches, "main") == found


def test_a_working_tree_is_taken_for_its_repository(origin):
    assert rules.source_of(str(origin)).address == str(Path(origin).resolve() / ".git")
