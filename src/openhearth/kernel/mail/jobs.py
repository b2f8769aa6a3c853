"""Sending, and forgetting old mail."""

from __future__ import annotations

from datetime import timedelta

from openhearth.kernel import clock, config
from openhearth.kernel.jobs.registry import job
from openhearth.kernel.mail import smtp
from openhearth.kernel.mail.models import Mail, State

KEPT_DAYS = 30
GIVE_UP = timedelta(hours=5)
"""Only the last of the tries comes later than this."""
ROWS = 200


@job("kernel.mail.send", retries=8)
def send(mail_id: int) -> None:
    """Hand one mail to the SMTP server; tried again for about half a day while the server cannot be reached."""
    mail = Mail.objects.filter(pk=mail_id).first()
    if mail is None or mail.state in (State.SENT, State.KEPT):
        return
    if not config.current().mail.host:  # the server was taken out of the configuration meanwhile
        Mail.objects.filter(pk=mail_id).update(state=State.KEPT)
        return
    try:
        refused = smtp.send(mail.sender, mail.receivers, bytes(mail.message))
    except smtp.Rejected as error:
        Mail.objects.filter(pk=mail_id).update(state=State.FAILED, error=str(error))
        return
    except smtp.Unreachable as error:
        late = clock.now() - mail.created_at > GIVE_UP
        Mail.objects.filter(pk=mail_id).update(state=State.FAILED if late else State.QUEUED, error=str(error))
        raise
    words = "; ".join(f"{address}: {answer}" for address, answer in refused.items())
    Mail.objects.filter(pk=mail_id).update(state=State.SENT, error=words, sent_at=clock.now())


@job("kernel.mail.prune", every=24 * 3600, retries=0)
def prune() -> None:
    """Delete mails older than thirty days: they hold personal data and one-time links."""
    before = clock.now() - timedelta(days=KEPT_DAYS)
    while True:
        rows = list(Mail.objects.filter(created_at__lt=before).values_list("pk", flat=True)[:ROWS])
        Mail.objects.filter(pk__in=rows).delete()
        if len(rows) < ROWS:
            return
