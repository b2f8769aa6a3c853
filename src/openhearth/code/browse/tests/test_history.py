from __future__ import annotations

import io
import re
import tarfile
import zipfile
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test.utils import CaptureQueriesContext

from openhearth.code.browse.queries import archives

pytestmark = pytest.mark.django_db(databases=["default", "cache"])


def chain(place, count: int, **more) -> list[str]:
    oids: list[str] = []
    for n in range(count):
        oids.append(
            place.commit(
                {"a.txt": b"%d\n" % n, "b.txt": b"%d\n" % (n // 10)},
                *oids[-1:],
                message=f"Change {n}",
                when=f"{1_700_000_000 + n * 3600} +0000",
                sync=n == count - 1,
                **more,
            )
        )
    return oids


def listed(html: str) -> list[int]:
    return [int(n) for n in re.findall(r'class="t" href="[^"]+">Change (\d+)<', html)]


def test_history_is_complete_in_order_and_by_day(place, reader):
    chain(place, 75)
    seen: list[int] = []
    address = f"{place.home}/commits"
    while address:
        html = reader.get(address).content.decode()
        seen += listed(html)
        older = re.search(r'href="([^"]+)" rel="next"', html)
        address = older.group(1).replace("&amp;", "&") if older else ""
    assert seen == list(range(74, -1, -1))
    assert "Wednesday, 15 November 2023" in html


def test_pages_of_a_history_stay_while_others_push(place, reader):
    oids = chain(place, 40)
    html = reader.get(f"{place.home}/commits/main").content.decode()
    older = re.search(r'href="([^"]+)" rel="next"', html).group(1).replace("&amp;", "&")
    place.commit({"a.txt": b"new"}, oids[-1], message="Change 99")
    second = reader.get(older).content.decode()
    assert listed(second) == list(range(9, -1, -1))
    newer = re.search(r'href="([^"]+)" rel="prev"', second).group(1).replace("&amp;", "&")
    assert listed(reader.get(newer).content.decode()) == list(range(39, 9, -1))


def test_history_of_a_path(place, reader):
    chain(place, 30)
    assert listed(reader.get(f"{place.home}/commits/main/b.txt").content.decode()) == [20, 10, 0]


def test_history_names_the_account_that_proved_the_address(place, reader, hearth):
    ada = hearth.account("ada")
    place.commit({"a": b"1"}, message="First")
    stranger = reader.get(f"{place.home}/commits").content.decode()
    assert ">Ada" in stranger
    EmailAddress.objects.create(user=ada, email="ada@example.org", verified=True, primary=True)
    assert (
        ">ada<" in reader.get(f"{place.home}/commits").content.decode()
        or "ada ·" in reader.get(f"{place.home}/commits").content.decode()
    )


def queries(reader, address: str) -> int:
    reader.get(address)
    with CaptureQueriesContext(connection) as seen:
        assert reader.get(address).status_code == 200
    return len(seen)


def test_queries_do_not_grow_with_the_lists(hearth, owner, reader):
    counts = []
    for name, size in (("small", 2), ("large", 25)):
        place = hearth.Place(owner, name)
        oids = chain(place, size)
        for n, oid in enumerate(oids):
            place.sample.git("update-ref", f"refs/heads/b{n}", oid)
            place.sample.git("tag", "-a", "-m", "note", f"v{n}", oid)
        place.sync()
        counts.append([queries(reader, place.home + path) for path in ("", "/commits", "/branches", "/tags")])
    assert counts[0] == counts[1]


def test_commit_shows_message_facts_and_changes(place, reader):
    first = place.commit({"a.txt": b"one\ntwo = 2\nthree\n", "gone.txt": b"x\n" * 5, "old name.txt": b"same\n" * 9})
    second = place.commit(
        {
            "a.txt": b"one\ntwo = 22\nthree\n",
            "new name.txt": b"same\n" * 9,
            "bin": b"\0\1",
            "run.sh": ("100755", b"ls\n"),
        },
        first,
        message="Say what changed\n\nBecause https://example.org/why it must.",
    )
    html = reader.get(f"{place.home}/commit/{second}").content.decode()
    assert "Say what changed" in html
    assert '<a href="https://example.org/why"' in html
    assert f'href="{place.home}/commit/{first}"' in html
    assert '<td class="ln" data-n="1"></td><td class="ln" data-n="1"></td><td class="x">one</td>' in html
    assert "two = <ins>22</ins>" in html
    assert "two = <del>2</del>" in html
    assert "old name.txt →" in html
    assert "A binary file" in html
    assert "5 changed files" in html
    assert "run.sh" in html
    assert f'href="{place.home}/tree/{second}"' in html


def test_first_commit_and_merge_have_pages(place, reader):
    first = place.commit({"a": b"1\n"})
    side = place.commit({"a": b"1\n", "b": b"2\n"}, first, branch="side")
    merge = place.commit({"a": b"3\n", "b": b"2\n"}, first, side, message="Merge")
    for oid in (first, merge):
        assert reader.get(f"{place.home}/commit/{oid}").status_code == 200
    html = reader.get(f"{place.home}/commit/{merge}").content.decode()
    assert f"/commit/{first}" in html
    assert f"/commit/{side}" in html


def test_one_file_of_a_commit(place, reader):
    first = place.commit({"a.txt": b"1\n", "b.txt": b"1\n"})
    second = place.commit({"a.txt": b"2\n", "b.txt": b"2\n"}, first)
    html = reader.get(f"{place.home}/commit/{second}", {"file": "b.txt"}).content.decode()
    assert 'aria-label="b.txt"' in html
    assert 'aria-label="a.txt"' not in html
    for none in ("none", "a\0b.txt", ":(top)b.txt", "*", ""):
        assert reader.get(f"{place.home}/commit/{second}", {"file": none}).status_code == (404 if none else 200), none


def test_one_file_with_an_odd_name(place, reader):
    place.commit({"caf\udce9 <b>.txt": b"1\n"})
    oid = place.sample.text("rev-parse", "main")
    html = reader.get(f"{place.home}/commit/{oid}?file=caf%E9%20%3Cb%3E.txt").content.decode()
    assert "caf\\xE9" in html
    assert "<b>.txt" not in html


def test_large_changes_wait_behind_a_link(place, reader):
    first = place.commit({"a.txt": b"1\n"})
    many = b"".join(b"line %d\n" % n for n in range(6000))
    second = place.commit({"a.txt": b"2\n", "many.txt": many}, first)
    html = reader.get(f"{place.home}/commit/{second}").content.decode()
    assert "line 5999" not in html
    assert f'href="{place.home}/commit/{second}?file=many.txt"' in html
    assert "line 5999" in reader.get(f"{place.home}/commit/{second}?file=many.txt").content.decode()


def test_short_ids_lead_to_full_ones(place, reader):
    oid = place.commit({"a": b"1"})
    answer = reader.get(f"{place.home}/commit/{oid[:8].upper()}")
    assert answer.status_code == 302
    assert answer["Location"] == f"{place.home}/commit/{oid}"


def test_a_deleted_branch_is_gone_by_id_too(place, reader):
    first = place.commit({"a": b"1"})
    lost = place.commit({"a": b"canary"}, first, message="canary", branch="side")
    paths = [
        f"/commit/{lost}",
        f"/tree/{lost}",
        f"/blob/{lost}/a",
        f"/raw/{lost}/a",
        f"/archive/{lost}.zip",
        f"/commits/{lost}",
    ]
    assert [reader.get(place.home + path).status_code for path in paths] == [200] * 6
    place.delete_branch("side")
    assert [reader.get(place.home + path).status_code for path in paths] == [404] * 6
    assert reader.get(f"{place.home}/commit/{lost[:8]}").status_code == 404
    assert reader.get(f"{place.home}/commits/main", {"at": lost}).status_code == 404
    assert reader.get(f"{place.home}/commit/{first}").status_code == 200


def test_a_hidden_ref_is_gone_by_id_too(place, reader):
    first = place.commit({"a": b"1"})
    hidden = place.commit({"a": b"canary"}, first, branch=None)
    place.sample.git("update-ref", "refs/internal/pull/1", hidden)
    place.sync()
    assert reader.get(f"{place.home}/commit/{hidden}").status_code == 404
    assert reader.get(f"{place.home}/tree/refs/internal/pull/1").status_code == 404


def test_ids_of_trees_and_blobs_are_no_commits(place, reader):
    place.commit({"a": b"1"})
    blob, tree = place.sample.blob(b"1"), place.sample.text("rev-parse", "main^{tree}")
    for oid in (blob, tree):
        assert reader.get(f"{place.home}/commit/{oid}").status_code == 404
        assert reader.get(f"{place.home}/tree/{oid}").status_code == 404


def test_branches_begin_with_the_default_one(place, reader):
    oids = chain(place, 5)
    place.branch("old", oids[1])
    place.commit({"c": b"1"}, oids[2], branch="topic/ä", message="Topic", when="1700900000 +0000")
    html = reader.get(f"{place.home}/branches").content.decode()
    names = re.findall(r'brname" href="[^"]+">([^<]+)<', html)
    assert names == ["main", "topic/ä", "old"]
    assert "2 behind, 1 ahead" in html
    assert "3 behind, 0 ahead" in html
    found = reader.get(f"{place.home}/branches", {"q": "TOPIC"}).content.decode()
    assert re.findall(r'brname" href="[^"]+">([^<]+)<', found) == ["topic/ä"]


def test_many_branches_have_pages_and_a_short_menu(place, reader):
    oid = place.commit({"a": b"1"})
    for n in range(65):
        place.sample.git("update-ref", f"refs/heads/b{n}", oid)
    place.sync()
    seen = []
    for number in (1, 2, 3):
        html = reader.get(f"{place.home}/branches", {"page": number}).content.decode()
        seen += re.findall(r'brname" href="[^"]+">([^<]+)<', html)
    assert len(seen) == len(set(seen)) == 66
    home = reader.get(place.home).content.decode()
    assert "All 66 branches" in home
    assert home.count("/tree/b") == 19


def test_tags_carry_their_notes(place, reader):
    oid = place.commit({"a": b"1"})
    place.tag("v1.0", oid, "The first release\n\nWith thanks.")
    place.tag("light", oid)
    place.tag("tree", place.sample.text("rev-parse", "main^{tree}"))
    html = reader.get(f"{place.home}/tags").content.decode()
    assert "The first release" in html
    assert "With thanks." in html
    assert f'href="{place.home}/archive/refs/tags/v1.0.zip"' in html
    assert f'href="{place.home}/tree/light"' in html
    assert reader.get(f"{place.home}/tree/tree").status_code == 404


@pytest.mark.parametrize("ref", ["refs/heads/main", "main", "refs/tags/v1", "v1", "HEAD"])
def test_archives_open_with_other_programs(place, reader, ref):
    oid = place.commit({"src/文件.txt": b"the content", "run": ("100755", b"#!/bin/sh\n")})
    place.tag("v1", oid, "First")
    answer = reader.get(f"{place.home}/archive/{ref}.zip")
    data = b"".join(answer.streaming_content)
    stem = re.search(r'filename="([^"]+)\.zip"', answer["Content-Disposition"]).group(1)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.read(f"{stem}/src/文件.txt") == b"the content"
    answer = reader.get(f"{place.home}/archive/{ref}.tar.gz")
    with tarfile.open(fileobj=io.BytesIO(b"".join(answer.streaming_content)), mode="r:gz") as archive:
        assert archive.getmember(f"{stem}/run").mode & 0o100


def test_an_archive_that_nobody_reads_on_ends(place):
    place.commit({f"f{n}": bytes((n * 7 + i * i) % 256 for i in range(60_000)) for n in range(20)})
    pieces = archives.pieces(
        place.sample.directory, place.sample.text("rev-parse", "main"), suffix="tar.gz", prefix="x/"
    )
    before = children()
    assert next(pieces)
    assert children() - before
    pieces.close()
    assert not children() - before


def children() -> set[str]:
    """Processes that this one has started."""
    return {pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()}


def test_archives_are_asked_for_again_by_tag(place, reader):
    place.commit({"a": b"1"})
    answer = reader.get(f"{place.home}/archive/main.zip")
    again = reader.get(f"{place.home}/archive/main.zip", headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304
    assert b"".join(answer.streaming_content)
