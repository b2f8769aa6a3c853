"""Keeps the catalogues of texts: python tools/translations.py [--check]

Without an option it reads all texts that people see out of the templates, the Python and the JavaScript of
src/openhearth, and writes src/openhearth/locale/*/LC_MESSAGES/django.po anew: what is new stands there without a
translation, what is gone is left out. The English catalogue repeats the sources, for their plural forms and as a
pattern for other languages. `--check` writes nothing; it names what is missing or wrong and ends with 1.
"""

from __future__ import annotations

import argparse
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "openhearth"
SOURCE, CHINESE = "en", "zh_Hans"
LANGUAGES = (SOURCE, CHINESE)

METHODS = [
    ("**/tests/**", "ignore"),
    ("**.py", "python"),
    ("**/templates/**.html", "jinja2"),
    ("**/templates/**.txt", "jinja2"),
    ("**/static/**.js", "javascript"),
]
OPTIONS = {
    pattern: {"silent": "false", "trimmed": "true", "newstyle_gettext": "true", "encoding": "utf-8"}
    for pattern, method in METHODS
    if method == "jinja2"
}
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}

Id = str | tuple[str, str]
Key = tuple[str, str | None]

ELSEWHERE: dict[str, tuple[Id, ...]] = {
    "click": (
        "Usage:",
        "Options",
        "Commands",
        "Positional arguments",
        "Show this message and exit.",
        "Show the version and exit.",
        "Error: {message}",
        "Try '{command} {option}' for help.",
        "Aborted!",
        "Missing command.",
        "Missing argument",
        "Missing option",
        "Missing parameter",
        "Missing parameter: {param_name}",
        "Invalid value: {message}",
        "Invalid value for {param_hint}: {message}",
        "No such option {name!r}.",
        "No such command {name!r}.",
        ("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)"),
        ("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})"),
        ("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments."),
        "Option {name!r} does not take a value.",
        "Choose from:\n\t{choices}",
        ("{value!r} is not {choice}.", "{value!r} is not one of {choices}."),
        "{value!r} is not a valid {number_type}.",
        "{value} is not in the range {range}.",
        "{value!r} is not a valid boolean. Recognized values: {states}",
        "file",
        "directory",
        "path",
        "{name} {filename!r} does not exist.",
        "{name} {filename!r} is a file.",
        "{name} {filename!r} is a directory.",
        "{name} {filename!r} is not readable.",
        "{name} {filename!r} is not writable.",
        "Could not open file {filename!r}: {message}",
        "unknown error",
        "required",
        "default: {default}",
        "env var: {var}",
        "Error: The two entered values do not match.",
        "Error: invalid input",
    ),
    "django.contrib.auth": (
        (
            "This password is too short. It must contain at least %d character.",
            "This password is too short. It must contain at least %d characters.",
        ),
        "The password is too similar to the %(verbose_name)s.",
        "This password is too common.",
    ),
}
"""Texts of libraries that people of ours read; what we say goes before what the library says."""

HEADER = """\
# Texts of OpenHearth. Made by tools/translations.py; write only between the quotes of msgstr.
msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plurals}\\n"

"""
PLACEHOLDER = re.compile(r"%\((\w+)\)([#0\- +]*\d*(?:\.\d+)?[a-zA-Z])|\{(\w+)[^{}]*\}|(?<!%)%(?:%%)*([sdr])")
PERCENT = re.compile(r"%(?!\(\w+\)[a-zA-Z])(?![sdr]\b)")

# The rules of Chinese texts that a program can see: signs, spaces, words.
HAN = "\u3400-\u9fff"
WIDE = "，。；：？！、（）“”《》"
CODE = re.compile(r"`[^`]*`|(?<=“)(?:ssh-keygen|git) [^”]*|https?://[\w./:-]*")

HALF_WIDTH = re.compile(rf"[{HAN}{WIDE}]\s?[,;:?!()'\"]|[,;:?!()'\"][{HAN}]|[{HAN}]\.|\.\.\.")
NO_SPACE = re.compile(rf"[{HAN}][A-Za-z0-9%$~/<@#+-]|[A-Za-z0-9%~/>@#+][{HAN}]")
SPACE_BESIDE_WIDE = re.compile(rf" [{WIDE}]|[{WIDE}] ")
SPACE_BETWEEN_HAN = re.compile(rf"[{HAN}] +[{HAN}]")
TWO_SPACES = re.compile(r"(?<=\S)  +(?=\S)")

WORDS = {
    "您": "你",
    "帐号": "账号",
    "帐户": "账号",
    "账户": "账号",
    "登陆": "登录",
    "存储库": "仓库",
    "版本库": "仓库",
    "代码库": "仓库",
    "拉取请求": "合并请求",
    "复刻": "派生",
    "缺省": "默认",
    "邮件地址": "邮箱地址",
    "电子邮件": "邮件",
}
"""Words that are not ours, and those that are."""

KEPT = re.compile(r"[^A-Za-z]*|OpenHearth.*|\.gitignore|HTTP|HTTPS|SSH|README|ZIP|Git LFS")
"""Texts that are the same in Chinese."""

ENDS = {".": "。", ":": "：", "?": "？", ",": "：", ";": "；"}
"""Signs at the end; the comma is that of a greeting."""


def sources(package: Path = PACKAGE) -> Catalog:
    """Return all texts of the program, without translations: by file, then by text."""
    found: dict[Key, tuple[Id, set[str], list[str]]] = {}
    for file, _line, text, comments, context in extract_from_dir(
        package, METHODS, OPTIONS, KEYWORDS, comment_tags=("Translators:",), strip_comment_tags=True
    ):
        _note(found, text, context, file, comments)
    for library, texts in ELSEWHERE.items():
        for text in texts:
            _note(found, text, None, library, [])
    template = Catalog()
    for (_id, context), (text, files, notes) in sorted(
        found.items(), key=lambda entry: (min(entry[1][1]), entry[0][0], entry[0][1] or "")
    ):
        template.add(text, locations=[(file, 0) for file in sorted(files)], auto_comments=notes, context=context)
    return template


def _note(
    found: dict[Key, tuple[Id, set[str], list[str]]],
    text: Id | Sequence[str],
    context: str | None,
    file: str,
    comments: Iterable[str],
) -> None:
    """Add one place of a text. A text with a plural form wins over the same text without."""
    whole: Id = text if isinstance(text, str) else (text[0], text[1])
    key = (whole if isinstance(whole, str) else whole[0], context)
    known, files, notes = found.setdefault(key, (whole, set(), []))
    files.add(file)
    notes.extend(note for note in comments if note not in notes)
    if isinstance(known, str) and not isinstance(whole, str):
        found[key] = (whole, files, notes)


def path(language: str, package: Path = PACKAGE) -> Path:
    """Return where the catalogue of a language lies."""
    return package / "locale" / language / "LC_MESSAGES" / "django.po"


def load(language: str, package: Path = PACKAGE) -> Catalog:
    """Read a catalogue; an empty one where there is none yet."""
    try:
        with path(language, package).open("rb") as file:
            return read_po(file, locale=language)
    except FileNotFoundError:
        return Catalog(locale=language)


def entries(catalog: Catalog) -> Iterator[Message]:
    """Yield the texts of a catalogue, without its header."""
    return (message for message in catalog if message.id)


def merged(template: Catalog, known: Catalog, language: str) -> Catalog:
    """Return the texts of the template with the translations that are known."""
    catalog = Catalog(locale=language)
    for source in entries(template):
        there = known.get(_first(source.id), source.context)
        string = _source_text(source) if language == SOURCE else _fitting(source, there, catalog.num_plurals)
        catalog.add(
            source.id,
            string,
            locations=source.locations,
            auto_comments=source.auto_comments,
            user_comments=there.user_comments if there else (),
            flags=there.flags & {"fuzzy"} if there else (),
            context=source.context,
        )
    return catalog


def _first(text: object) -> str:
    return text if isinstance(text, str) else str(text[0])  # type: ignore[index]


def _source_text(source: Message) -> Id:
    return source.id if isinstance(source.id, str) else (source.id[0], source.id[1])


def _fitting(source: Message, there: Message | None, plurals: int) -> str | tuple[str, ...]:
    """Return the known translation in the shape of its source: one text, or one for each plural form."""
    known = there.string if there else ""
    forms = (known,) if isinstance(known, str) else tuple(known or ("",))
    if not source.pluralizable:
        return str(forms[0])
    return tuple(forms) if len(forms) == plurals else (str(forms[0]),) * plurals


def written(catalog: Catalog, language: str) -> bytes:
    """Return the bytes of a catalogue's file. No dates, no line numbers: only changed texts change it."""
    body = io.BytesIO()
    write_po(body, catalog, omit_header=True, include_lineno=False, width=110)
    header = HEADER.format(language=language, plurals=catalog.plural_forms)
    return header.encode() + body.getvalue().strip() + b"\n"


def update(package: Path = PACKAGE) -> None:
    """Write all catalogues anew."""
    template = sources(package)
    for language in LANGUAGES:
        file = path(language, package)
        file.parent.mkdir(parents=True, exist_ok=True)
        content = written(merged(template, load(language, package), language), language)
        if not file.exists() or file.read_bytes() != content:
            file.write_bytes(content)


def faults(template: Catalog, catalog: Catalog, language: str) -> list[str]:
    """Return a line for everything that is missing or wrong in a catalogue."""
    found = [f"{language}: obsolete: {_first(old)!r}" for old in catalog.obsolete]
    for entry in entries(catalog):
        if template.get(_first(entry.id), entry.context) is None:
            found += [f"{language}: obsolete: {_first(entry.id)!r}"]
    for source in entries(template):
        there = catalog.get(_first(source.id), source.context)
        place = source.locations[0][0]
        found += [f"{language}: {fault}: {_first(source.id)!r} ({place})" for fault in _entry(source, there, language)]
    return found


def _entry(source: Message, there: Message | None, language: str) -> list[str]:
    """Return what is wrong with one translation."""
    if there is None or not any(_forms(there)):
        return ["missing"]
    if there.pluralizable != source.pluralizable or (source.pluralizable and there.id != source.id):
        return ["plural form of the source has changed"]
    forms = _forms(there)
    expected = 1 if not source.pluralizable else Catalog(locale=language).num_plurals
    if len(forms) != expected or not all(forms):
        return [f"{sum(map(bool, forms))} of {expected} plural forms"]
    found = ["fuzzy"] if there.fuzzy else []
    ids = _forms_of_source(source)
    for number, form in enumerate(forms):
        like = ids[min(number, len(ids) - 1)] if language == SOURCE else ids[-1]
        found += _placeholder_faults(ids, form, like, may_lack=source.locations[0][0] in ELSEWHERE)
    if language == SOURCE and forms != ids:
        found.append("differs from its source")
    if language == CHINESE:
        found += [fault for form in forms for fault in _chinese_faults(ids[-1], form)]
    return list(dict.fromkeys(found))


def _forms(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def _forms_of_source(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id or ())


def placeholders(text: str) -> tuple[set[str], list[str]]:
    """Return the named placeholders of a text, and those without a name in their order."""
    named, bare = set(), []
    for match in PLACEHOLDER.finditer(text):
        if match[4]:
            bare.append(match[0])
        else:
            named.add(match[0])
    return named, bare


def _placeholder_faults(ids: Sequence[str], form: str, like: str, *, may_lack: bool) -> Iterator[str]:
    """`may_lack`: leaving a named one out is fine, as in texts of libraries that fill in English words."""
    (named, bare), (wanted, bare_wanted) = placeholders(form), placeholders(like)
    known = wanted.union(*(placeholders(text)[0] for text in ids))
    if named - known or (wanted - named and not may_lack) or bare != bare_wanted:
        yield f"placeholders {_listed(named, bare)} instead of {_listed(wanted, bare_wanted)}"
    if len(PERCENT.findall(form)) != len(PERCENT.findall(like)):
        yield "another number of percent signs"
    if form.count("\n") != like.count("\n"):
        yield "another number of lines"


def _listed(named: set[str], bare: list[str]) -> str:
    return ", ".join([*sorted(named), *bare]) or "none"


def _chinese_faults(source: str, text: str) -> Iterator[str]:
    """Yield what is wrong with a Chinese text, in words. `source` is the English one."""
    plain = PLACEHOLDER.sub("x", CODE.sub("x", text))
    for name, pattern in (
        ("half-width sign", HALF_WIDTH),
        ("no space between Han and Latin", NO_SPACE),
        ("space beside a full-width sign", SPACE_BESIDE_WIDE),
        ("space between Han", SPACE_BETWEEN_HAN),
        ("two spaces", TWO_SPACES),
    ):
        found = pattern.search(plain)
        if found:
            yield f"{name} ({plain[max(0, found.start() - 4) : found.end() + 4]!r})"
    for word, ours in WORDS.items():
        if word in text:
            yield f"“{word}” instead of “{ours}”"
    yield from _strange(text)
    yield from _end_faults(source.rstrip(), text.rstrip())
    if text == source and not KEPT.fullmatch(PLACEHOLDER.sub("", source)):
        yield "not translated"
    if text.count("“") != text.count("”") or text.count("（") != text.count("）"):
        yield "a quotation mark or bracket without its other half"


def _strange(text: str) -> Iterator[str]:
    """Yield characters outside of GB 2312: traditional forms and slips of the input method."""
    for character in re.findall(f"[{HAN}]", text):
        try:
            character.encode("gb2312")
        except UnicodeEncodeError:
            yield f"“{character}” is not a simplified character in common use"


def _end_faults(source: str, text: str) -> Iterator[str]:
    """A sentence ends as one, a label does not; a colon stays one."""
    wanted = ENDS.get(source[-1:], "")
    closing = text.rstrip("”）")[-1:]
    if wanted and closing != wanted and text[-1:] != source[-1:]:
        yield f"ends without {wanted}"
    if not wanted and closing in "。：" and closing:
        yield f"ends with {closing}, its source does not"


def check(package: Path = PACKAGE) -> list[str]:
    """Return all faults of all catalogues."""
    template = sources(package)
    return [fault for language in LANGUAGES for fault in faults(template, load(language, package), language)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the catalogues, or check them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, name the faults, end with 1 on any")
    if not parser.parse_args(arguments).check:
        update()
    found = check()
    for fault in found:
        print(fault)
    print(f"{sum(1 for _ in entries(sources()))} texts, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
