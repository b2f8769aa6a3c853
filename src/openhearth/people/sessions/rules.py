"""What a session is called: the browser and the system in its user agent, in words. No database."""

from __future__ import annotations

import hashlib
import re

AGENT_MAX = 300
LAST_USE = "session"
"""The kind under which `kernel.lastuse` notes sessions."""

_BROWSERS = (
    ("Edge", r"\bEdg(?:e|A|iOS)?/(\d+)"),
    ("Opera", r"\b(?:OPR|Opera)/(\d+)"),
    ("Samsung Internet", r"\bSamsungBrowser/(\d+)"),
    ("Firefox", r"\b(?:Firefox|FxiOS)/(\d+)"),
    ("Chromium", r"\bChromium/(\d+)"),
    ("Chrome", r"\b(?:Chrome|CriOS)/(\d+)"),
    ("Safari", r"\bVersion/(\d+).*\bSafari/"),
)
_SYSTEMS = (
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("HarmonyOS", r"\bHarmonyOS\b|\bOpenHarmony\b"),
    ("Android", r"\bAndroid\b"),
    ("Windows", r"\bWindows\b"),
    ("macOS", r"\bMac OS X\b|\bMacintosh\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("Linux", r"\bLinux\b"),
)


def stored_key(session_key: str) -> str:
    """Return what is stored instead of the cookie's value: whoever reads the table cannot sign in with it."""
    return hashlib.blake2b(session_key.encode("utf-8", "replace"), digest_size=20).hexdigest()


def device(user_agent: str) -> tuple[str, str]:
    """Return (browser with its main version, system), each "" where the user agent does not tell."""
    browser = ""
    for name, pattern in _BROWSERS:
        found = re.search(pattern, user_agent)
        if found:
            browser = f"{name} {found.group(1)}"
            break
    system = next((name for name, pattern in _SYSTEMS if re.search(pattern, user_agent)), "")
    return browser, system


def clean_agent(user_agent: str) -> str:
    """Return the user agent as it is stored: printable, at most `AGENT_MAX` characters."""
    return "".join(character for character in user_agent if character.isprintable())[:AGENT_MAX]
