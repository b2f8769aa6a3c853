"""Rules on names, without a database: what a name may look like, which are taken by the instance itself."""

from __future__ import annotations

import re
import unicodedata

NAME_MAX = 39
REPOSITORY_NAME_MAX = 100

_ACCOUNT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9]|[-_.](?=[A-Za-z0-9]))*")

RESERVED = frozenset(
    [
        "-",
        ".",
        "..",
        ".well-known",
        "about",
        "abuse",
        "account",
        "accounts",
        "admin",
        "administrator",
        "anonymous",
        "api",
        "apps",
        "archive",
        "assets",
        "auth",
        "avatar",
        "avatars",
        "billing",
        "blog",
        "boards",
        "brand",
        "bot",
        "cart",
        "compare",
        "contact",
        "dashboard",
        "discussions",
        "docs",
        "download",
        "downloads",
        "enterprise",
        "error",
        "events",
        "everyone",
        "explore",
        "favicon.ico",
        "feed",
        "feeds",
        "foundation",
        "git",
        "ghost",
        "graphql",
        "groups",
        "guest",
        "healthz",
        "hearth",
        "help",
        "home",
        "hooks",
        "import",
        "inbox",
        "info",
        "issues",
        "join",
        "languages",
        "legal",
        "login",
        "logout",
        "mail",
        "manifest.json",
        "marketplace",
        "me",
        "media",
        "members",
        "metrics",
        "mirror",
        "new",
        "nobody",
        "notifications",
        "null",
        "oauth",
        "observatory",
        "openhearth",
        "organisations",
        "organizations",
        "orgs",
        "owner",
        "packages",
        "pages",
        "people",
        "policy",
        "privacy",
        "projects",
        "pulls",
        "raw",
        "readyz",
        "releases",
        "register",
        "repo",
        "repos",
        "repositories",
        "robots.txt",
        "root",
        "search",
        "security",
        "sessions",
        "settings",
        "setup",
        "signin",
        "sign-in",
        "signup",
        "sign-up",
        "site",
        "sitemap.xml",
        "staff",
        "stars",
        "static",
        "status",
        "support",
        "system",
        "team",
        "teams",
        "terms",
        "token",
        "tokens",
        "topics",
        "trending",
        "undefined",
        "user",
        "users",
        "v2",
        "webhooks",
        "wiki",
        "www",
    ],
)
"""Names that no account gets. The list only ever grows before its first release; frozen afterwards."""

_LOOK_ALIKE = str.maketrans({"1": "l", "i": "l", "0": "o", "5": "s", "_": "-", ".": "-"})


def name_key(name: str) -> str:
    """Return the form under which a name is unique."""
    return name.casefold()


def skeleton(name: str) -> str:
    """Return what a hurried reader sees: names with equal skeletons look alike (`paypa1`, `PayPal`)."""
    return name.casefold().translate(_LOOK_ALIKE).replace("rn", "m").replace("vv", "w")


def name_fault(name: str) -> str:
    """Return the code of the first rule that an account name breaks, "" for a good one.

    Codes: `empty`, `too-long`, `first`, `characters`, `double`, `last`, `git-suffix`, `reserved`.
    """
    if not name:
        return "empty"
    if len(name) > NAME_MAX:
        return "too-long"
    if name_key(name) in RESERVED:
        return "reserved"
    if not re.match(r"[A-Za-z0-9]", name):
        return "first"
    if not re.fullmatch(r"[A-Za-z0-9._-]+", name):
        return "characters"
    if name[-1] in "-_.":
        return "last"
    if not _ACCOUNT.fullmatch(name):
        return "double"
    if name_key(name).endswith((".git", ".wiki", ".atom", ".keys", ".gpg")):
        return "git-suffix"
    return ""


def suggest(name: str) -> str:
    """Return a good name near to `name`, "" where nothing is left of it."""
    kept = re.sub(r"[^A-Za-z0-9._-]+", "-", name.strip())
    kept = re.sub(r"[-_.]{2,}", "-", kept).strip("-_.")[:NAME_MAX].rstrip("-_.")
    kept = re.sub(r"\.(git|wiki|atom|keys|gpg)$", "", kept, flags=re.IGNORECASE)
    return "" if name_fault(kept) else kept


_BIDI = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_INVISIBLE = frozenset(
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060\u2061\u2062\u2063\u2064\u3164\ufeff\uffa0"
)


def unseen_character(text: str, *, lines: bool = False) -> str:
    """Return the code point (`U+202E`) of the first character that changes a text without being seen, "" for none.

    Those are control characters (line breaks pass with `lines`), direction marks, invisible fillers, halves of
    surrogate pairs and code points outside of Unicode's assigned ones. Joiners stay: scripts and emoji need them.
    """
    for character in text:
        if lines and character in "\r\n\t":
            continue
        category = unicodedata.category(character)
        if category in {"Cc", "Cs", "Zl", "Zp"} or character in _BIDI or character in _INVISIBLE:
            return f"U+{ord(character):04X}"
    return ""


def is_local_address(address: str) -> bool:
    r"""Whether an address leads to a page of this instance: a path, and nothing a browser could read otherwise.

    Refused are other hosts in every spelling (`//evil`, `/\evil`, `https:`, `javascript:`), and control characters.
    """
    if not address.startswith("/") or address.startswith("//") or "\\" in address:
        return False
    return len(address) <= 2048 and all(character.isprintable() for character in address)
