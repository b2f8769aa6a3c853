"""A guess at a repository's licence, from the file that holds it."""

from __future__ import annotations

import re
from collections.abc import Iterable

_FILE = re.compile(r"(licen[cs]e|copying|unlicense)([._-].*)?", re.IGNORECASE)
_SPACE = re.compile(r"[\s*#>_=-]+")
_MARKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("MulanPSL-2.0", ("mulan permissive software license", "version 2")),
    ("MulanPSL-2.0", ("木兰宽松许可证", "第2版")),
    ("MulanPubL-2.0", ("mulan public license", "version 2")),
    ("Apache-2.0", ("apache license", "version 2.0")),
    ("AGPL-3.0", ("gnu affero general public license", "version 3")),
    ("LGPL-3.0", ("gnu lesser general public license", "version 3")),
    ("LGPL-2.1", ("gnu lesser general public license", "version 2.1")),
    ("GPL-3.0", ("gnu general public license", "version 3")),
    ("GPL-2.0", ("gnu general public license", "version 2")),
    ("MPL-2.0", ("mozilla public license", "2.0")),
    ("EPL-2.0", ("eclipse public license", "v 2.0")),
    ("BSL-1.0", ("boost software license", "version 1.0")),
    ("Unlicense", ("this is free and unencumbered software released into the public domain",)),
    ("CC0-1.0", ("cc0 1.0 universal",)),
    ("CC-BY-SA-4.0", ("attribution sharealike 4.0 international",)),
    ("CC-BY-4.0", ("attribution 4.0 international",)),
    ("WTFPL", ("do what the fuck you want to public license",)),
    ("ISC", ("permission to use, copy, modify, and", "distribute this software", "provided that the above")),
    ("0BSD", ("permission to use, copy, modify, and", "distribute this software for any purpose")),
    (
        "MIT",
        ("permission is hereby granted, free of charge, to any person obtaining a copy", "the above copyright notice"),
    ),
    ("MIT-0", ("permission is hereby granted, free of charge, to any person obtaining a copy",)),
    ("BSD-3-Clause", ("redistribution and use in source and binary forms", "neither the name")),
    ("BSD-2-Clause", ("redistribution and use in source and binary forms",)),
    ("Zlib", ("provided 'as is', without any express or implied warranty", "altered source versions")),
)


def licence_file(names: Iterable[str]) -> str:
    """Return the file that holds the licence, the shortest name of several; "" where there is none."""
    return min((name for name in names if _FILE.fullmatch(name)), key=lambda name: (len(name), name), default="")


def licence(text: str) -> str:
    """Return the SPDX name of a licence text, "" where nothing fits. Only the beginning needs to be given.

    Licences name each other: the one whose own words come first is meant.
    """
    simple = _SPACE.sub(" ", text.casefold().replace("‘", "'").replace("’", "'").replace("(c)", ""))
    found = [
        (simple.index(marks[0]), order, name)
        for order, (name, marks) in enumerate(_MARKS)
        if all(mark in simple for mark in marks)
    ]
    return min(found)[2] if found else ""
