"""Handing one message to the configured SMTP server."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from openhearth.kernel import config

SECONDS = 30.0


class Rejected(Exception):
    """The server will not take this message, now or later. The text is the server's answer."""


class Unreachable(Exception):
    """The server cannot be reached, refuses us, or asks to try again later. The text says why."""


def send(sender: str, receivers: Sequence[str], message: bytes) -> dict[str, str]:
    """Hand the message over; returns the receivers that were refused for good, with the server's words.

    Rejected and Unreachable tell of a message that went to nobody.
    """
    try:
        with _connection() as server:
            refused = server.sendmail(sender, list(receivers), message)
    except smtplib.SMTPRecipientsRefused as error:
        raise _judged(error.recipients) from error
    except smtplib.SMTPSenderRefused as error:
        raise _kind(error.smtp_code)(_words(error.smtp_code, error.smtp_error)) from error
    except smtplib.SMTPDataError as error:
        raise _kind(error.smtp_code)(_words(error.smtp_code, error.smtp_error)) from error
    except (smtplib.SMTPException, OSError) as error:
        raise Unreachable(str(error) or type(error).__name__) from error
    return {address: _words(*answer) for address, answer in refused.items()}


@contextmanager
def _connection() -> Iterator[smtplib.SMTP]:
    mail = config.current().mail
    context = ssl.create_default_context()
    server: smtplib.SMTP
    if mail.tls == "tls":
        server = smtplib.SMTP_SSL(mail.host, mail.port, timeout=SECONDS, context=context)
    else:
        server = smtplib.SMTP(mail.host, mail.port, timeout=SECONDS)
    with server:
        if mail.tls == "starttls":
            server.starttls(context=context)
        if mail.user:
            server.login(mail.user, mail.password)
        yield server


def _judged(answers: dict[str, tuple[int, bytes]]) -> Exception:
    """Temporary if one receiver may be taken later."""
    later = any(code < 500 for code, _ in answers.values())
    words = "; ".join(f"{address}: {_words(*answer)}" for address, answer in answers.items())
    return Unreachable(words) if later else Rejected(words)


def _kind(code: int) -> type[Exception]:
    return Rejected if code >= 500 else Unreachable


def _words(code: int, answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return f"{code} {text}"[:500]
