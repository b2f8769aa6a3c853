"""Where Django's mail ends: a row, and a job where there is a server to send it to."""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.core.mail import BadHeaderError, EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import sanitize_address
from django.db import transaction

from openhearth.kernel import config
from openhearth.kernel.jobs.queue import enqueue
from openhearth.kernel.mail.models import Mail, State

_BREAK = re.compile(r"[\r\n\0\x0b\x0c\x85\u2028\u2029]")
_LINE_END = re.compile(rb"\r\n|\r|\n")
SEND = "kernel.mail.send"


class StoringBackend(BaseEmailBackend):
    """Keeps every message; a header with a line break in it is refused with Django's BadHeaderError."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Store the messages and return how many. All or none, in the caller's transaction if there is one."""
        rows = [row for row in map(_row, email_messages) if row is not None]
        with transaction.atomic():
            for row in rows:
                row.save()
                if row.state == State.QUEUED:
                    enqueue(SEND, mail_id=row.pk)
        return len(rows)


def _row(message: EmailMessage) -> Mail | None:
    receivers = [address for address in message.recipients() if address]
    if not receivers:
        return None
    _refuse_line_breaks(message)
    encoding = message.encoding or "utf-8"
    cleaned = [sanitize_address(address, encoding) for address in receivers]
    wire = message.message().as_bytes()
    return Mail(
        sender=sanitize_address(message.from_email, encoding),
        to="\n".join(cleaned),
        subject=str(message.subject)[:998],
        text=str(message.body),
        html=_html(message),
        message=_LINE_END.sub(b"\r\n", wire),
        state=State.QUEUED if config.current().mail.host else State.KEPT,
    )


def _refuse_line_breaks(message: EmailMessage) -> None:
    """Django refuses most of them; addresses that it takes apart and lone carriage returns it lets pass."""
    values = [message.subject, message.from_email, *message.recipients(), *message.reply_to]
    for name, value in message.extra_headers.items():
        values += (name, str(value))
    for value in values:
        if _BREAK.search(str(value)):
            raise BadHeaderError(f"A header of a mail holds a line break: {str(value)!r:.100}")


def _html(message: EmailMessage) -> str:
    if not isinstance(message, EmailMultiAlternatives):
        return ""
    return next((str(content) for content, kind in message.alternatives if kind == "text/html"), "")
