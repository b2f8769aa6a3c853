"""Translation catalogues: the checkout has `.po` files, programs read `.mo` files that are made of them."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

logger = logging.getLogger("openhearth.start")

LOCALE = Path(__file__).resolve().parent.parent / "locale"
DOMAIN = "django"


def stale(source: Path = LOCALE) -> list[Path]:
    """Return the `.po` files whose `.mo` beside them is missing or older."""
    return [po for po in sorted(source.glob("*/LC_MESSAGES/*.po")) if _is_older(po.with_suffix(".mo"), po)]


def compile_stale(cache: Path, source: Path = LOCALE) -> None:
    """Compile what is stale, beside its source; where that cannot be written, below `cache`.

    Settings look into `cache` first; what lies there is removed as soon as the source's own folder is right.
    """
    for po in sorted(source.glob("*/LC_MESSAGES/*.po")):
        beside = po.with_suffix(".mo")
        aside = cache / po.relative_to(source).with_suffix(".mo")
        if not _is_older(beside, po) or _compile(po, beside):
            aside.unlink(missing_ok=True)
        elif _is_older(aside, po):
            aside.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _compile(po, aside)


def _is_older(mo: Path, po: Path) -> bool:
    try:
        return mo.stat().st_mtime_ns < po.stat().st_mtime_ns
    except FileNotFoundError:
        return True


def _compile(po: Path, mo: Path) -> bool:
    """Write `mo` from `po`; False where the folder cannot be written."""
    draft = mo.with_suffix(f".{os.getpid()}")
    try:
        with po.open("rb") as source, draft.open("wb") as target:
            write_mo(target, read_po(source))
        draft.replace(mo)
    except OSError:
        return False
    logger.info("Compiled the texts of %s", po.parent.parent.name)
    return True
