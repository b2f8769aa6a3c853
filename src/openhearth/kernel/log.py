"""Logs on standard error: one line of text or one JSON object for each message, with the request's id."""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

_request: ContextVar[str] = ContextVar("openhearth_request", default="")

_HIDDEN = "[hidden]"
_SECRETS = re.compile(
    r"(?P<url>(?<=://)[^/\s:@]*:[^/\s@]+(?=@))"  # user:password in an address
    r"|(?P<header>(?i:authorization|cookie|set-cookie)['\"]?\s*[:=]\s*['\"]?)(?:(?:Basic|Bearer|token)\s+)?[^'\"\r\n]+"
    r"|(?P<token>\b(?:hearth|oh|gh)[a-z]{0,2}_[0-9A-Za-z]{36}\b)"
    r"|(?P<field>(?i:password|passwd|secret|token|api_?key)['\"]?\s*[:=]\s*['\"]?)[^\s'\",&)}\]]+"
)
_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def hide(text: str) -> str:
    """Return `text` without passwords in addresses, credential headers, and tokens known by their look."""
    return _SECRETS.sub(lambda match: (match["header"] or match["field"] or "") + _HIDDEN, text)


@contextmanager
def request(name: str) -> Iterator[None]:
    """Name what is being worked on; every message of the block carries it."""
    token = _request.set(name)
    try:
        yield
    finally:
        _request.reset(token)


def request_id() -> str:
    """Return the name of what is being worked on, "" outside a request."""
    return _request.get()


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        about = f" [{request_id()}]" if request_id() else ""
        line = f"{moment} {record.levelname.lower():7} {record.name}{about}: {_message(record)}"
        fields = _fields(record)
        if fields:
            line += " " + " ".join(f"{name}={value}" for name, value in fields.items())
        trace = _trace(record)
        return line + ("\n" + trace if trace else "")


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        row: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        if request_id():
            row["request"] = request_id()
        row.update(_fields(record))
        if trace := _trace(record):
            row["trace"] = trace
        return json.dumps(row, ensure_ascii=False)


def setup(level: str, form: str) -> None:
    """Send this process's log to standard error; `level` and `form` are `log.level` and `log.format`."""
    if form == "auto":
        form = "text" if sys.stderr.isatty() else "json"
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if form == "json" else _Text())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in ("asyncio", "asyncssh", "httpx2", "httpcore2", "uvicorn.access", "django.server"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))


def _message(record: logging.LogRecord) -> str:
    """Return the message on one line: what users send must not look like a message of its own."""
    return hide(record.getMessage()).replace("\r", "\\r").replace("\n", "\\n")


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    extra = {name: value for name, value in vars(record).items() if name not in _PLAIN}
    plain = (bool, int, float, type(None))
    return {
        name: value if isinstance(value, plain) else hide(str(value)).replace("\n", "\\n")
        for name, value in extra.items()
        if name != "request"  # Django puts the whole request object here
    }


def _trace(record: logging.LogRecord) -> str:
    if record.exc_info and record.exc_info[1] is not None:
        return hide("".join(traceback.format_exception(record.exc_info[1]))).rstrip()
    return ""
