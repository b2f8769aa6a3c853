"""Which file of a folder introduces it, and in which languages it exists."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Format = Literal["markdown", "plain"]

_ORDER = ("md", "markdown", "mkd", "mdown", "rst", "adoc", "org", "txt", "")
_MARKDOWN = frozenset({"md", "markdown", "mkd", "mdown"})
_STEM = "readme"
_JOINTS = re.compile("[._-]")
_CODES: dict[str, tuple[str, str]] = {
    "zh": ("zh-Hans", "简体中文"),
    "cn": ("zh-Hans", "简体中文"),
    "zh-hans": ("zh-Hans", "简体中文"),
    "zh-cn": ("zh-Hans", "简体中文"),
    "zh-sg": ("zh-Hans", "简体中文"),
    "chs": ("zh-Hans", "简体中文"),
    "zh-hant": ("zh-Hant", "繁體中文"),
    "zh-tw": ("zh-Hant", "繁體中文"),
    "zh-hk": ("zh-Hant", "繁體中文"),
    "en": ("en", "English"),
    "en-us": ("en", "English"),
    "en-gb": ("en", "English"),
    "ja": ("ja", "日本語"),
    "ja-jp": ("ja", "日本語"),
    "jp": ("ja", "日本語"),
    "ko": ("ko", "한국어"),
    "ko-kr": ("ko", "한국어"),
    "kr": ("ko", "한국어"),
    "de": ("de", "Deutsch"),
    "de-de": ("de", "Deutsch"),
    "fr": ("fr", "Français"),
    "fr-fr": ("fr", "Français"),
    "es": ("es", "Español"),
    "es-es": ("es", "Español"),
    "pt": ("pt", "Português"),
    "pt-br": ("pt-BR", "Português (Brasil)"),
    "ru": ("ru", "Русский"),
    "ru-ru": ("ru", "Русский"),
    "uk": ("uk", "Українська"),
    "it": ("it", "Italiano"),
    "nl": ("nl", "Nederlands"),
    "pl": ("pl", "Polski"),
    "tr": ("tr", "Türkçe"),
    "vi": ("vi", "Tiếng Việt"),
    "id": ("id", "Bahasa Indonesia"),
    "ar": ("ar", "العربية"),
    "fa": ("fa", "فارسی"),
    "he": ("he", "עברית"),
    "hi": ("hi", "हिन्दी"),
    "th": ("th", "ไทย"),
}


@dataclass(frozen=True, slots=True)
class Readme:
    """One README. `language` and `label` are empty where the name says nothing of it."""

    name: str
    format: Format
    language: str = ""
    label: str = ""


def readmes(names: Iterable[str]) -> list[Readme]:
    """Return the READMEs among the files of a folder, those without a language first, best format first."""
    found: list[tuple[tuple[bool, int, str], Readme]] = []
    for name in names:
        parts = _parts(name)
        if parts is None:
            continue
        code, ending = parts
        language, label = _CODES[code] if code else ("", "")
        readme = Readme(name, "markdown" if ending in _MARKDOWN else "plain", language, label)
        found.append(((bool(code), _ORDER.index(ending), name), readme))
    return [readme for _key, readme in sorted(found, key=lambda pair: pair[0])]


def _parts(name: str) -> tuple[str, str] | None:
    """Return (code of a language or "", ending) of a README's name, None for other files."""
    lower = name.lower()
    if not lower.startswith(_STEM):
        return None
    rest = lower.removeprefix(_STEM)
    stem, dot, ending = rest.rpartition(".")
    if not dot or ending not in _ORDER:
        stem, ending = rest, ""
    code = stem[1:].replace("_", "-") if _JOINTS.match(stem) else stem
    return (code, ending) if not code or (code in _CODES and stem != code) else None


def choose(found: list[Readme], *, reader: str, base: str, asked: str = "") -> Readme | None:
    """Return the README to show to a reader of the language `reader`; `asked` names one by its file name.

    `base` is the guessed language of the README without one in its name ("" where nobody can tell).
    """
    for readme in found:
        if asked and readme.name == asked:
            return readme
    if not found:
        return None
    first = found[0]
    if not first.language and reader == base:
        return first
    fitting = [readme for readme in found if readme.language == reader]
    return fitting[0] if fitting else first


def label_of(language: str) -> str:
    """Return what a language calls itself, "" for one that is not known."""
    return next((label for code, label in _CODES.values() if code == language), "")
