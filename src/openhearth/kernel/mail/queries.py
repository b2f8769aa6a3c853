"""Mail for the administrator's page."""

from __future__ import annotations

from openhearth.kernel.mail.models import Mail, State


def recent(*, limit: int = 50, before: int | None = None, state: State | None = None) -> list[Mail]:
    """The newest mails first; `before` is the id of the last one seen. Without the wire form."""
    rows = Mail.objects.defer("message").order_by("-id")
    if state is not None:
        rows = rows.filter(state=state)
    if before is not None:
        rows = rows.filter(id__lt=before)
    return list(rows[:limit])


def mail(mail_id: int) -> Mail | None:
    """One mail with its texts, None where there is none."""
    return Mail.objects.defer("message").filter(pk=mail_id).first()


def counts() -> dict[str, int]:
    """How many mails are in each state."""
    return {state.value: Mail.objects.filter(state=state).count() for state in State}
