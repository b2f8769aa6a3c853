"""Mail is a row first; a job hands it to a real SMTP server (a small one, on 127.0.0.1)."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes

import msgspec
import pytest
from django.core.mail import BadHeaderError, EmailMessage, EmailMultiAlternatives, get_connection, send_mail

from openhearth.kernel import clock, config
from openhearth.kernel.jobs.models import Job
from openhearth.kernel.mail import jobs, queries, smtp
from openhearth.kernel.mail.models import Mail, State

pytestmark = pytest.mark.django_db
BACKEND = "openhearth.kernel.mail.backend.StoringBackend"


class Smtp(socketserver.ThreadingTCPServer):
    """As much of SMTP as a client needs; `answers` replaces the answer to a command."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        self.taken: list[tuple[str, list[str], bytes]] = []
        self.answers: dict[str, str] = {}
        super().__init__(("127.0.0.1", 0), Session)


class Session(socketserver.StreamRequestHandler):
    server: Smtp

    def handle(self) -> None:
        self.say("220 here")
        sender, receivers = "", []
        while line := self.rfile.readline().decode().rstrip("\r\n"):
            word = line.split(" ")[0].upper()
            special = self.server.answers.get(line) or self.server.answers.get(word)
            if special:
                self.say(special)
            elif word == "MAIL":
                sender, receivers = line, []
                self.say("250 ok")
            elif word == "RCPT":
                receivers.append(line.partition("<")[2].partition(">")[0])
                self.say("250 ok")
            elif word == "DATA":
                self.say("354 go on")
                data = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    data += part
                self.server.taken.append((sender, receivers, data))
                self.say("250 taken")
            elif word == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")

    def say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


@pytest.fixture
def stored(settings) -> None:
    settings.EMAIL_BACKEND = BACKEND


@pytest.fixture
def configured() -> Iterator[object]:
    """A function that sets keys of `mail`; the configuration is put back at the end."""
    before = config.current()

    def change(**values: object) -> None:
        config.install(msgspec.structs.replace(before, mail=msgspec.structs.replace(before.mail, **values)))

    yield change
    config.install(before)


@pytest.fixture
def server(configured) -> Iterator[Smtp]:
    with Smtp() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        configured(host="127.0.0.1", port=made.server_address[1], tls="none")
        yield made
        made.shutdown()
        thread.join()


def post(subject: str = "你好", to: str = "a@example.org", **more: object) -> Mail:
    message = EmailMultiAlternatives(subject, "text", "b@example.org", [to], connection=get_connection(BACKEND), **more)
    message.attach_alternative("<p>html</p>", "text/html")
    assert message.send() == 1
    return Mail.objects.latest("id")


def test_kept_without_a_server(stored, configured) -> None:
    configured(host="")
    assert send_mail("Welcome", "Hello", "b@example.org", ["a@example.org"]) == 1
    mail = Mail.objects.get()
    assert (mail.state, mail.to, mail.subject, mail.text, mail.html) == (
        State.KEPT,
        "a@example.org",
        "Welcome",
        "Hello",
        "",
    )
    assert not Job.objects.filter(name="kernel.mail.send").exists()


def test_sent_by_a_job(server: Smtp) -> None:
    mail = post(bcc=["c@example.org"])
    assert mail.state == State.QUEUED
    assert server.taken == []  # nothing within the request
    assert Job.objects.get(name="kernel.mail.send").args == {"mail_id": mail.pk}
    jobs.send(mail_id=mail.pk)
    mail.refresh_from_db()
    assert (mail.state, mail.error) == (State.SENT, "")
    assert mail.sent_at is not None
    ((sender, receivers, data),) = server.taken
    assert "b@example.org" in sender
    assert receivers == ["a@example.org", "c@example.org"]
    parsed = message_from_bytes(data)
    assert str(parsed["subject"]) == "=?utf-8?b?5L2g5aW9?="
    assert parsed["bcc"] is None
    assert [part.get_content_type() for part in parsed.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    jobs.send(mail_id=mail.pk)  # a job may run twice
    assert len(server.taken) == 1


@pytest.mark.parametrize(
    ("command", "answer", "error"),
    [
        ("RCPT", "550 no such user", smtp.Rejected),
        ("RCPT", "451 later", smtp.Unreachable),
        ("MAIL", "550 not you", smtp.Rejected),
        ("DATA", "554 spam", smtp.Rejected),
        ("DATA", "452 full", smtp.Unreachable),
    ],
)
def test_refusals(server: Smtp, command: str, answer: str, error: type[Exception]) -> None:
    server.answers[command] = answer
    mail = post()
    if error is smtp.Unreachable:
        with pytest.raises(error):
            jobs.send(mail_id=mail.pk)
    else:
        jobs.send(mail_id=mail.pk)
    mail.refresh_from_db()
    assert mail.state == (State.QUEUED if error is smtp.Unreachable else State.FAILED)
    assert answer in mail.error
    server.answers.clear()
    jobs.send(mail_id=mail.pk)
    mail.refresh_from_db()
    assert (mail.state, mail.error) == (State.SENT, "")


def test_one_of_two_receivers_refused(server: Smtp) -> None:
    mail = post(cc=["c@example.org"])
    server.answers["rcpt TO:<c@example.org>"] = "550 gone"
    jobs.send(mail_id=mail.pk)
    mail.refresh_from_db()
    assert mail.state == State.SENT
    assert mail.error == "c@example.org: 550 gone"


def test_server_away(server: Smtp, configured) -> None:
    mail = post()
    configured(host="127.0.0.1", port=1, tls="none")
    with pytest.raises(smtp.Unreachable):
        jobs.send(mail_id=mail.pk)
    mail.refresh_from_db()
    assert mail.state == State.QUEUED
    with clock.freeze(clock.now() + timedelta(hours=7)), pytest.raises(smtp.Unreachable):
        jobs.send(mail_id=mail.pk)
    mail.refresh_from_db()
    assert (mail.state, bool(mail.error)) == (State.FAILED, True)


def test_server_without_the_encryption_we_ask_for(server: Smtp, configured) -> None:
    mail = post()
    configured(host="127.0.0.1", port=server.server_address[1], tls="starttls")
    with pytest.raises(smtp.Unreachable):
        jobs.send(mail_id=mail.pk)
    assert server.taken == []


def test_server_taken_out_of_the_configuration(server: Smtp, configured) -> None:
    mail = post()
    configured(host="")
    jobs.send(mail_id=mail.pk)
    mail.refresh_from_db()
    assert mail.state == State.KEPT


@pytest.mark.parametrize("bad", ["x\r\nBcc: v@example.org", "x\nBcc: v@example.org", "x\ry"])
def test_header_injection(stored, bad: str) -> None:
    attempts = [
        EmailMessage(bad, "t", "b@example.org", ["a@example.org"]),
        EmailMessage("s", "t", f"b@example.org{bad}", ["a@example.org"]),
        EmailMessage("s", "t", "b@example.org", [f"a@example.org{bad}"]),
        EmailMessage("s", "t", "b@example.org", ["a@example.org"], headers={"X-A": bad}),
        EmailMessage("s", "t", "b@example.org", ["a@example.org"], reply_to=[bad]),
        EmailMessage("s", "t", "b@example.org", ["a@example.org"], bcc=[f"v@example.org{bad}"]),
    ]
    for message in attempts:
        with pytest.raises((BadHeaderError, ValueError)):
            message.send()
    assert not Mail.objects.exists()


def test_lines_of_the_text_start_no_command(server: Smtp) -> None:
    message = EmailMessage(
        "s", "a\n.\nMAIL FROM:<x>\n", "b@example.org", ["a@example.org"], connection=get_connection(BACKEND)
    )
    message.send()
    jobs.send(mail_id=Mail.objects.get().pk)
    assert len(server.taken) == 1
    assert b"\r\n..\r\nMAIL FROM" in server.taken[0][2]


def test_nobody_to_write_to(stored) -> None:
    assert EmailMessage("s", "t", "b@example.org", []).send() == 0
    assert not Mail.objects.exists()


def test_administrators_see_the_newest(configured) -> None:
    configured(host="")
    made = [post(subject=str(number)) for number in range(5)]
    assert [mail.subject for mail in queries.recent(limit=2)] == ["4", "3"]
    assert [mail.subject for mail in queries.recent(before=made[2].pk)] == ["1", "0"]
    assert queries.recent(state=State.SENT) == []
    found = queries.mail(made[0].pk)
    assert found is not None
    assert found.html == "<p>html</p>"
    assert queries.counts() == {"kept": 5, "queued": 0, "sent": 0, "failed": 0}


def test_old_mail_is_forgotten(configured) -> None:
    configured(host="")
    old, new = post(), post()
    Mail.objects.filter(pk=old.pk).update(created_at=clock.now() - timedelta(days=31))
    jobs.prune()
    assert [mail.pk for mail in Mail.objects.all()] == [new.pk]
