from __future__ import annotations

import pytest

from openhearth.code.browse.rules.addresses import quoted as quoted_path

pytestmark = pytest.mark.django_db(databases=["default", "cache"])

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
XSS = "<img src=x onerror=alert(1)>"


def test_code_has_colours_lines_and_anchors(place, reader):
    place.commit({"src/main.py": b"import os\n\n\ndef main():\n    return os.name\n"})
    html = reader.get(f"{place.home}/blob/main/src/main.py").content.decode()
    assert '<span class="l" id="L1"><a href="#L1" data-n="1"' in html
    assert '<span class="kn">import</span>' in html
    assert 'id="L5"' in html
    assert 'id="L6"' not in html
    assert "5 lines" in html
    assert "Python" in html
    again = reader.get(f"{place.home}/blob/main/src/main.py").content.decode()
    assert '<span class="kn">import</span>' in again


def test_chosen_lines_are_marked_without_scripts(place, reader):
    place.commit({"a.txt": b"1\n2\n3\n4\n"})
    html = reader.get(f"{place.home}/blob/main/a.txt", {"lines": "L2-L3"}).content.decode()
    assert [n for n in range(1, 5) if f'class="l hl" id="L{n}"' in html] == [2, 3]


def test_permanent_address_names_the_commit(place, reader):
    oid = place.commit({"d/a.txt": b"1\n"})
    for kind, path in (("blob", "d/a.txt"), ("tree", "d")):
        html = reader.get(f"{place.home}/{kind}/main/{path}").content.decode()
        assert f'href="{place.home}/{kind}/{oid}/{path}" data-key="y"' in html


def test_markdown_has_a_preview_and_its_source(place, reader):
    place.commit({"docs/a.md": b"# Title\n\n[up](../b.txt) <script>alert(1)</script>\n", "b.txt": b""})
    preview = reader.get(f"{place.home}/blob/main/docs/a.md").content.decode()
    assert "user-content-title" in preview
    assert f'href="{place.home}/blob/main/b.txt"' in preview
    assert "<script>alert" not in preview
    source = reader.get(f"{place.home}/blob/main/docs/a.md", {"plain": "1"}).content.decode()
    assert "&lt;script&gt;" in source or "&lt;</span>" in source
    assert 'id="L1"' in source


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.bin", b"\0\1\2", "A binary file"),
        ("a.pdf", b"%PDF-1.7\nno nul here", "A binary file"),
        ("empty", b"", "This file is empty"),
        ("big.txt", b"x" * (1024 * 1024 + 1), "too large to show"),
        (
            "lfs.psd",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 12345\n",
            "Git LFS",
        ),
        ("link", ("120000", b"../secret<b>"), "A symbolic link to <code>../secret&lt;b&gt;</code>"),
        ("bidi.py", "a = 1 # \u202e evil\n".encode(), "cannot be seen"),
        ("old.txt", "中文内容，国标编码\n".encode("gb18030"), "中文内容"),
    ],
)
def test_every_kind_of_file_is_named(place, reader, name, content, said):
    place.commit({name: content})
    page = reader.get(f"{place.home}/blob/main/{name}")
    assert page.status_code == 200
    assert said in page.content.decode()


def test_plain_text_needs_no_warning(place, reader):
    place.commit({"a.txt": "plain, 中文, emoji 👩‍👩‍👧\n".encode()})
    assert "cannot be seen" not in reader.get(f"{place.home}/blob/main/a.txt").content.decode()


@pytest.mark.parametrize("name", ["a.png", "a.svg", "a.JPG"])
def test_pictures_load_through_raw(place, reader, name):
    place.commit({name: PNG})
    html = reader.get(f"{place.home}/blob/main/{name}").content.decode()
    assert f'<img src="{place.home}/raw/main/{name}"' in html


@pytest.mark.parametrize(
    ("name", "content", "media", "kind"),
    [
        ("a.html", b"<script>alert(1)</script>", "text/plain; charset=utf-8", "inline"),
        ("a.js", b"alert(1)", "text/plain; charset=utf-8", "inline"),
        ("a.xhtml", b"<html/>", "text/plain; charset=utf-8", "inline"),
        ("a.svg", b"<svg onload='alert(1)'/>", "image/svg+xml", "inline"),
        ("a.png", PNG, "image/png", "inline"),
        ("a.pdf", b"%PDF-1.4", "application/octet-stream", "attachment"),
        ("a.wasm", b"\0asm", "application/octet-stream", "attachment"),
        ("gbk.txt", "中文内容，国标编码".encode("gb18030"), "text/plain; charset=gb18030", "inline"),
    ],
)
def test_raw_files_cannot_run(place, reader, name, content, media, kind):
    place.commit({name: content})
    answer = reader.get(f"{place.home}/raw/main/{name}")
    assert answer.status_code == 200
    assert b"".join(answer) == content
    assert answer["Content-Type"] == media
    assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert "allow-scripts" not in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"].startswith(kind)
    assert answer["Content-Length"] == str(len(content))


def test_raw_is_streamed_whole(place, reader):
    content = bytes(range(256)) * 50_000
    place.commit({"big.bin": content})
    answer = reader.get(f"{place.home}/raw/main/big.bin")
    assert answer.streaming
    assert b"".join(answer.streaming_content) == content
    head = reader.head(f"{place.home}/raw/main/big.bin")
    assert head["Content-Length"] == str(len(content))
    assert not head.content


def test_raw_is_kept_by_browsers_only_as_long_as_it_is_true(hearth, owner, reader, place, signed_in):
    oid = place.commit({"a": b"1"})
    first = reader.get(f"{place.home}/raw/main/a")
    assert "no-cache" in first["Cache-Control"]
    assert reader.get(f"{place.home}/raw/main/a", headers={"If-None-Match": first["ETag"]}).status_code == 304
    assert "immutable" in reader.get(f"{place.home}/raw/{oid}/a")["Cache-Control"]
    secret = hearth.Place(owner, "secret", "private")
    hidden = secret.commit({"a": b"1"})
    answer = signed_in(owner).get(f"{secret.home}/raw/{hidden}/a")
    assert answer.status_code == 200
    assert "immutable" not in answer["Cache-Control"]
    assert "private" in answer["Cache-Control"]


ODD = [
    "a b",
    "100%",
    "what?",
    "a#b",
    "new\nline",
    "中文/文件.txt",
    "quote\"'<b>&",
    "back\\slash",
    "%41",
    "+",
    "-rf",
    "a;b=c",
]


@pytest.mark.parametrize("name", ODD)
def test_odd_names_lead_to_their_files(place, reader, name):
    place.commit({name: b"the content"})
    quoted = quoted_path(name)
    for kind in ("blob", "raw", "commits"):
        address = f"{place.home}/{kind}/main/{quoted}"
        assert reader.get(address, RAW_PATH=address).status_code == 200, (kind, name)
        assert reader.get(address).status_code == 200, (kind, name)
    home = reader.get(place.home).content.decode()
    assert f'href="{place.home}/{"tree" if "/" in name else "blob"}/main/{quoted.split("/")[0]}' in home.replace(
        "&#39;", "'"
    )
    assert "<b>" not in home.split("<table")[1].split("</table>")[0]


def test_names_that_are_no_utf8(place, reader):
    place.commit({"caf\udce9": b"the content", "caf%E9": b"another"})
    home = reader.get(place.home).content.decode()
    assert f'href="{place.home}/blob/main/caf%E9"' in home
    assert f'href="{place.home}/blob/main/caf%25E9"' in home
    for kind in ("blob", "raw"):
        address = f"{place.home}/{kind}/main/caf%E9"
        answer = reader.get(address, RAW_PATH=address)
        assert answer.status_code == 200
        assert b"the content" in b"".join(answer)
        assert b"another" in b"".join(
            reader.get(address.replace("%E9", "%25E9"), RAW_PATH=address.replace("%E9", "%25E9"))
        )


def test_nothing_written_by_strangers_becomes_markup(place, reader):
    name, branch = f"{XSS.replace('/', '')}.txt", "b<script>alert(1)"
    oid = place.commit({name: XSS.encode(), "README.md": XSS.encode()}, message=f"{XSS}\n\n{XSS}")
    place.branch(branch, oid)
    place.tag("t<script>alert(2)", oid, XSS)
    quoted, ref = quoted_path(name), quoted_path(branch)
    for path in ("", f"/tree/{ref}", f"/blob/{ref}/{quoted}", f"/commits/{ref}", f"/commits/main/{quoted}",
                 f"/commit/{oid}", "/branches", "/tags", f"/branches?q={ref}", "/tags?q=%3Cscript%3E"):  # fmt: skip
        page = reader.get(place.home + path)
        assert page.status_code == 200, path
        html = page.content.decode()
        assert "<script>alert" not in html, path
        assert "<img src=x" not in html, path


def test_a_tree_beside_the_file_is_open_where_the_file_is(place, reader):
    place.commit({"a/b/c.txt": b"1", "a/d.txt": b"2", "z/closed.txt": b"3"})
    html = reader.get(f"{place.home}/blob/main/a/b/c.txt").content.decode()
    assert f'href="{place.home}/blob/main/a/d.txt"' in html
    assert f'href="{place.home}/tree/main/z"' in html
    assert "closed.txt" not in html
