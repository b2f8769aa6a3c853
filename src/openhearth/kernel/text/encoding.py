"""Bytes of files to text, and whether they are text at all."""

from __future__ import annotations

import codecs

_SNIFF_BYTES = 8000
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with the same two bytes
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CHINESE_SHARE = 0.9


def decode(data: bytes) -> tuple[str, str]:
    """The text of a file and the name of its encoding; never fails.

    Names: utf-8, utf-16-le, utf-16-be, utf-32-le, utf-32-be, gb18030, latin-1. A byte order mark at the start is
    taken off. Data cut in the middle of a UTF-8 character still counts as UTF-8, without that character.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace"), name
    text = _utf8(data)
    if text is not None:
        return text, "utf-8"
    text = _chinese(data)
    if text is not None:
        return text, "gb18030"
    return data.decode("latin-1"), "latin-1"


def is_binary(data: bytes) -> bool:
    """Whether the beginning of a file looks like no text (git's rule: a NUL in the first 8000 bytes)."""
    head = data[:_SNIFF_BYTES]
    if any(head.startswith(mark) for mark, name in _BOMS if name != "utf-8"):
        return False
    return b"\0" in head


def _utf8(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data" and error.start > 0 and len(data) - error.start < 4:
            return data[: error.start].decode("utf-8")
        return None


def _chinese(data: bytes) -> str | None:
    """The text if it reads as Chinese: nearly everything outside ASCII is a character of the old national set."""
    decoder = codecs.getincrementaldecoder("gb18030")()
    try:
        text = decoder.decode(data, final=False)
    except UnicodeDecodeError:
        return None
    foreign = [c for c in text[:200_000] if c > "\x7f"]
    if not foreign:
        return None
    known = sum(1 for c in foreign if _in_gb2312(c))
    return text if known / len(foreign) >= _CHINESE_SHARE else None


def _in_gb2312(character: str) -> bool:
    try:
        return len(character.encode("gb2312")) == 2
    except UnicodeEncodeError:
        return False
