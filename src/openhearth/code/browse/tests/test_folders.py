from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

pytestmark = pytest.mark.django_db(databases=["default", "cache"])

FILES = {
    "README.md": b"# riverbed\n\nSee [docs](docs/guide.md#start) and ![logo](img/logo.png).\n",
    "README.zh-Hans.md": "# 河床\n\n这是一个嵌入式时序数据库。\n".encode(),
    "LICENSE": b"Apache License\nVersion 2.0, January 2004\n",
    "src/main.rs": b"fn main() {}\n" * 20,
    "bindings/python/setup.py": b"print(1)\n",
    "docs/guide.md": b"# Guide\n",
}


def test_home_shows_files_commits_readme_and_facts(place, reader):
    oid = place.commit(FILES, message="Begin the store\n\nWith a body.")
    page = reader.get(place.home)
    html = page.content.decode()
    assert page.status_code == 200
    assert "Begin the store" in html
    assert f"/commit/{oid}" in html
    assert "user-content-riverbed" in html
    assert "Apache-2.0" in html
    assert "Rust" in html
    assert "1 commit<" in html
    assert f"http://127.0.0.1:8000{place.home}.git" in html
    assert f"ssh://git@127.0.0.1:8022{place.home}.git" in html
    assert f"{place.home}/archive/refs/heads/main.zip" in html
    assert f'href="{place.home}/tree/main/bindings/python"' in html


def test_home_shows_nothing_that_does_not_exist(place, reader):
    place.commit({"a": b"1"})
    html = reader.get(place.home).content.decode().lower()
    for word in ("issues", "pull request", "star", "fork", "watch", "settings", "languages", "readme"):
        assert not re.search(rf">\s*{word}", html), word


def test_relative_links_of_a_readme_lead_to_the_files_of_the_ref(place, reader):
    place.commit(FILES)
    html = reader.get(place.home).content.decode()
    assert f'href="{place.home}/blob/main/docs/guide.md#user-content-start"' in html
    assert f'src="{place.home}/raw/main/img/logo.png"' in html


def test_readme_follows_the_reader_s_language(place, reader):
    place.commit(FILES)
    chinese = reader.get(place.home, headers={"Accept-Language": "zh-CN"}).content.decode()
    assert "河床" in chinese
    assert "这是一个嵌入式时序数据库" in chinese
    english = reader.get(place.home).content.decode()
    assert "这是一个嵌入式时序数据库" not in english
    assert "readme=README.zh-Hans.md#readme" in english
    asked = reader.get(place.home, {"readme": "README.zh-Hans.md"}).content.decode()
    assert "这是一个嵌入式时序数据库" in asked


def test_empty_repository_says_how_to_begin_to_who_may_push(place, reader, owner, signed_in):
    stranger = reader.get(place.home).content.decode()
    assert "git push" not in stranger
    assert "Nothing was pushed yet" in stranger
    reader = signed_in(owner)
    html = reader.get(place.home).content.decode()
    assert f"git remote add origin http://127.0.0.1:8000{place.home}.git" in html
    assert "git push -u origin main" in html
    ssh = reader.get(place.home, {"clone": "ssh"}).content.decode()
    assert f"git remote add origin ssh://git@127.0.0.1:8022{place.home}.git" in ssh


def test_empty_repository_has_no_other_pages(place, reader):
    for path in ("/tree/main", "/commits", "/commits/main", "/archive/refs/heads/main.zip", f"/commit/{'1' * 40}"):
        assert reader.get(place.home + path).status_code == 404, path
    assert reader.get(f"{place.home}/branches").status_code == 200
    assert reader.get(f"{place.home}/tags").status_code == 200


def test_folder_shows_its_files_and_the_way_to_it(place, reader):
    place.commit({**FILES, "docs/README.md": b"About the docs"})
    html = reader.get(f"{place.home}/tree/main/docs").content.decode()
    assert f'href="{place.home}/blob/main/docs/guide.md"' in html
    assert "About the docs" in html
    assert 'rel="up"' in html


def test_longest_ref_wins(place, reader):
    one = place.commit({"x/y": b"in the short branch"}, branch="release")
    place.sample.git("update-ref", "-d", "refs/heads/release")
    two = place.commit({"y": b"in the long branch"}, branch="release/x")
    assert "in the long branch" in reader.get(f"{place.home}/blob/release/x/y").content.decode()
    place.delete_branch("release/x")
    place.branch("release", one)
    assert "in the short branch" in reader.get(f"{place.home}/blob/release/x/y").content.decode()
    assert reader.get(f"{place.home}/commit/{two}").status_code == 404


def test_full_ref_names_head_and_ids_are_refs(place, reader):
    oid = place.commit({"a": b"content"})
    place.tag("v1", oid, "First")
    for ref in ("refs/heads/main", "HEAD", oid, "v1", "refs/tags/v1"):
        assert "content" in reader.get(f"{place.home}/blob/{ref}/a").content.decode(), ref


def test_a_branch_cannot_take_the_place_of_an_id(place, reader):
    good = place.commit({"a": b"good"})
    bad = place.commit({"a": b"evil"}, branch="other")
    place.branch(good, bad)
    assert "good" in reader.get(f"{place.home}/blob/{good}/a").content.decode()


def test_what_is_not_there_is_404(place, reader):
    oid = place.commit({"a": b"1", "d/b": b"2"})
    for path in (
        "/tree/none", "/tree/main/none", "/blob/main/none", "/blob/main/a/b", "/raw/main/d", "/commits/none",
        "/commits/main/none", f"/commit/{oid[:-1]}{'0' if oid[-1] != '0' else '1'}", "/commit/zzzz",
        "/archive/main.rar", "/archive/none.zip", "/archive/main/a.zip", "/tree/refs/internal/x",
    ):  # fmt: skip
        assert reader.get(place.home + path).status_code == 404, path


def test_folder_and_file_lead_to_each_other(place, reader):
    place.commit({"d/a": b"1"})
    assert reader.get(f"{place.home}/tree/main/d/a")["Location"] == f"{place.home}/blob/main/d/a"
    assert reader.get(f"{place.home}/blob/main/d")["Location"] == f"{place.home}/tree/main/d"
    assert reader.get(f"{place.home}/blob/main")["Location"] == f"{place.home}/tree/main"


def test_private_repository_is_missing_to_strangers(hearth, owner, reader, signed_in):
    hidden = hearth.Place(owner, "canary-one", "private")
    oid = hidden.commit({"canary.txt": b"canary"}, message="canary")
    paths = ("", "/tree/main", "/blob/main/canary.txt", "/raw/main/canary.txt", "/commits/main", f"/commit/{oid}",
             "/branches", "/tags", "/archive/refs/heads/main.zip")  # fmt: skip
    for path in paths:
        there = reader.get(hidden.home + path)
        missing = reader.get(f"/banyan/canary-two{path}")
        assert there.status_code == missing.status_code == 404, path
        assert _without_ids(there.content, b"canary-one") == _without_ids(missing.content, b"canary-two"), path
    stranger = hearth.account("stranger")
    assert signed_in(stranger).get(hidden.home).status_code == 404
    member = signed_in(owner)
    for path in paths:
        assert member.get(hidden.home + path).status_code == 200, path


def _without_ids(body: bytes, name: bytes) -> bytes:
    """A page without its address, request id and form tokens."""
    text = body.replace(name, b"NAME")
    text = re.sub(rb'name="csrfmiddlewaretoken" value="[^"]+"', b"", text)
    return re.sub(rb"\b[0-9a-f]{16}\b", b"", text)


def test_queries_do_not_grow_with_the_folder(hearth, owner, reader, django_assert_num_queries):
    for count in (3, 40):
        place = hearth.Place(owner, f"with-{count}")
        files = {f"f{n}": b"0" for n in range(count)}
        oid = place.commit(files, sync=False)
        for n in range(0, count, 10):
            files[f"f{n}"] = b"1"
            oid = place.commit(files, oid, sync=False)
        place.sync()
        reader.get(place.home)
        with django_assert_num_queries(5):
            assert reader.get(place.home).status_code == 200


def test_pages_write_nothing_to_the_main_database(place, reader):
    oid = place.commit(FILES)
    place.tag("v1", oid, "First")
    for path in (
        "",
        "/tree/main/src",
        "/blob/main/README.md",
        "/raw/main/LICENSE",
        "/commits",
        f"/commit/{oid}",
        "/branches",
        "/tags",
    ):
        with CaptureQueriesContext(connection) as seen:
            assert reader.get(place.home + path).status_code == 200, path
        assert not [q["sql"] for q in seen if not q["sql"].lstrip().upper().startswith("SELECT")], path


def test_submodules_are_named_and_lead_only_to_web_addresses(place, reader):
    modules = (
        b'[submodule "a"]\n\tpath = good\n\turl = https://example.org/a.git\n'
        b'[submodule "b"]\n\tpath = bad\n\turl = javascript:alert(1)\n'
    )
    place.commit({".gitmodules": modules, "good": ("160000", b"1" * 40), "bad": ("160000", b"2" * 40)})
    html = reader.get(place.home).content.decode()
    assert 'href="https://example.org/a.git"' in html
    assert "good @ 1111111111" in html
    assert "bad @ 2222222222" in html
    assert "javascript:" not in html


def test_the_go_command_finds_the_repository(place, reader):
    place.commit({"go.mod": b"module x\n"})
    html = reader.get(f"{place.home}?go-get=1").content.decode()
    assert f'content="127.0.0.1:8000{place.home} git http://127.0.0.1:8000{place.home}.git"' in html
    assert reader.get("/banyan/nothing?go-get=1").status_code == 404
