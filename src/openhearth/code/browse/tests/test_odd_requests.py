"""No address and no query may break a page: each answer is a page, a redirect or the one 404."""

from __future__ import annotations

import random

import pytest

pytestmark = pytest.mark.django_db(databases=["default", "cache"])

PIECES = ["main", "a.txt", "d", "..", ".", "", "%00", "%FF", "%0A", "%2e%2e", "HEAD", "refs", "heads", "tags", "0" * 40,
          "0" * 39, "-x", "--help", "@{0}", "main~1", "main^", "a:b", "*", "%5C", "x" * 300, "%E4%B8%AD", "v1",
          ".git"]  # fmt: skip
QUERIES = ["", "?lines=9999999-1", "?lines=%00", "?skip=-1", "?skip=99999999999", "?skip=1e9", "?at=HEAD", "?at=--all",
           "?page=0", "?page=999999", "?page=x", "?q=%00", "?q=%FF", "?file=%00", "?file=..", "?file=--", "?readme=%FF",
           "?clone=x", "?plain", "?at=" + "0" * 40]  # fmt: skip
PAGES = ("", "/tree/main", "/blob/main/a.txt", "/raw/main/a.txt", "/commits", "/branches", "/tags")
KINDS = ["tree", "blob", "raw", "commits", "commit", "archive", "branches", "tags"]


def test_odd_addresses_and_queries_get_an_answer(place, reader):
    oid = place.commit({"a.txt": b"1\n", "d/b.md": b"# b\n"})
    place.tag("v1", oid, "First")
    chance = random.Random(7)
    for _ in range(400):
        rest = "/".join(chance.choice(PIECES) for _ in range(chance.randint(0, 5)))
        ending = chance.choice(["", ".zip", ".tar.gz"])
        path = f"{place.home}/{chance.choice(KINDS)}/{rest}{ending}"
        address = path + chance.choice(QUERIES)
        answer = reader.get(address, RAW_PATH=path)
        assert answer.status_code in {200, 302, 404}, (address, answer.status_code)


@pytest.mark.parametrize("query", QUERIES)
def test_odd_queries_on_pages_that_exist(place, reader, query):
    oid = place.commit({"a.txt": b"1\n", "README.md": b"# b\n"})
    for path in (
        "",
        "/tree/main",
        "/blob/main/a.txt",
        "/raw/main/a.txt",
        "/commits",
        f"/commit/{oid}",
        "/branches",
        "/tags",
    ):
        assert reader.get(place.home + path + query).status_code in {200, 404}, path


def test_only_reading_is_answered(place, reader):
    place.commit({"a.txt": b"1\n"})
    for path in PAGES:
        assert reader.head(place.home + path).status_code == 200
        assert reader.post(place.home + path).status_code in {403, 405}, path
