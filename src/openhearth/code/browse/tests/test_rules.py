from __future__ import annotations

from pathlib import Path

import pytest

from openhearth.code.browse.rules import addresses, files, languages, licences, readmes, words


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("a b%?#.txt", "a%20b%25%3F%23.txt"),
        ("目录/文件", "%E7%9B%AE%E5%BD%95/%E6%96%87%E4%BB%B6"),
        ("new\nline", "new%0Aline"),
        ("bad\udcff", "bad%FF"),
        ('"<>&', "%22%3C%3E%26"),
    ],
)
def test_addresses_carry_any_name(path, address):
    assert addresses.quoted(path) == address
    assert addresses.unquoted(address) == path


def test_names_in_attributes_hide_nothing():
    assert addresses.plain("a\u202eb\n\udcffc") == "a\\u{202E}b\\u{000A}\\xFFc"
    assert addresses.plain("文件 é.txt") == "文件 é.txt"


def test_candidates_begin_with_the_longest():
    assert addresses.candidates("a/b/c") == [("a/b/c", ""), ("a/b", "c"), ("a", "b/c")]
    assert len(addresses.candidates("x/" * 5000)) < 130


@pytest.mark.parametrize(
    ("text", "lines"),
    [("7", (7, 7)), ("10-20", (10, 20)), ("L20-L10", (10, 20)), ("", None), ("0", None), ("a", None), ("1-", None)],
)
def test_line_ranges(text, lines):
    assert addresses.line_range(text) == lines


def test_archive_names():
    assert addresses.archive_name("refs/heads/a.b.tar.gz") == ("refs/heads/a.b", "tar.gz")
    assert addresses.archive_name("v1.zip") == ("v1", "zip")
    assert addresses.archive_name(".zip") is None
    assert addresses.archive_name("v1.rar") is None
    assert addresses.archive_stem("riverbed", "refs/heads/feature/ü x") == "riverbed-feature-x"
    assert "/" not in addresses.archive_stem("r", "../../etc")


def test_disposition_cannot_be_broken_out_of():
    value = addresses.disposition("attachment", 'a"\r\nSet-Cookie: x\udcff.txt')
    assert "\n" not in value
    assert value.count('"') == 2


@pytest.mark.parametrize(
    ("names", "reader", "base", "chosen"),
    [
        (["README.md", "README.zh-Hans.md"], "zh-Hans", "en", "README.zh-Hans.md"),
        (["README.md", "README_zh.md"], "zh-Hans", "en", "README_zh.md"),
        (["README.md", "README_CN.md"], "zh-Hans", "en", "README_CN.md"),
        (["README.md", "README.zh-CN.md"], "en", "en", "README.md"),
        (["README.md", "README.en.md"], "en", "zh-Hans", "README.en.md"),
        (["README.md", "README.en.md"], "zh-Hans", "zh-Hans", "README.md"),
        (["README.rst", "README.txt", "readme.md"], "en", "en", "readme.md"),
        (["README"], "en", "", "README"),
        (["README.en.md"], "zh-Hans", "", "README.en.md"),
        (["README.bak.md", "READMEX", "README-old.md", "READMEzh.md"], "en", "", None),
    ],
)
def test_readme_for_a_reader(names, reader, base, chosen):
    found = readmes.choose(readmes.readmes(names), reader=reader, base=base)
    assert (found and found.name) == chosen


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (
            "                                 Apache License\n                           Version 2.0, January 2004",
            "Apache-2.0",
        ),
        (
            "Permission is hereby granted, free of charge, to any person obtaining a\ncopy The above copyright notice",
            "MIT",
        ),
        ("木兰宽松许可证， 第2版", "MulanPSL-2.0"),
        ("GNU LESSER GENERAL PUBLIC LICENSE\n Version 2.1, February 1999", "LGPL-2.1"),
        ("Do what you like", ""),
    ],
)
def test_licences(text, name):
    assert licences.licence(text) == name


def test_licence_file():
    assert licences.licence_file(["LICENSE.md", "LICENSE-MIT", "main.rs"]) == "LICENSE.md"
    assert licences.licence_file(["licensed.py"]) == ""


def test_lfs_pointers():
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 12345\n"
    assert files.lfs_pointer(pointer) == files.Pointer("a" * 64, 12345)
    assert files.lfs_pointer(pointer + b"more") is None


def test_submodules():
    text = '[submodule "x"]\n\tpath = lib/x\n\turl = https://example.org/x\n[core]\n\tpath = no\n'
    assert files.submodules(text) == {"lib/x": "https://example.org/x"}
    assert files.is_web_address("https://example.org/x")
    assert not files.is_web_address("javascript:alert(1)")
    assert not files.is_web_address('https://x/"onclick=')


def test_changed_words():
    assert words.changed("let a = 20;", "let a = 200;") == ((8, 10), (8, 11))
    assert words.changed("same head", "same head and tail") == ((9, 9), (9, 18))
    assert words.changed("completely", "different") is None
    assert words.changed("x" * 1000, "x" * 1001) is None


def test_languages_leave_out_what_others_wrote():
    sizes = languages.bytes_by_language(
        [("a.rs", 75), ("b.py", 25), ("vendor/c.go", 900), ("docs/d.js", 50), ("e.md", 9)]
    )
    assert sizes == {"Rust": 75, "Python": 25}
    assert languages.shares(sizes) == [("Rust", 0.75), ("Python", 0.25)]
    assert languages.shares({}) == []


def test_a_licence_that_names_another_is_still_itself():
    folder = Path(__file__).resolve().parents[2] / "starters"
    found = {path.stem: licences.licence(path.read_text()) for path in folder.rglob("licences/*.txt")}
    assert found
    assert {name: got for name, got in found.items() if got != name} == {}
