"""The table of mails."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from openhearth.kernel import clock


class State(models.TextChoices):
    """What became of a mail."""

    KEPT = "kept", _("kept")
    QUEUED = "queued", _("waiting")
    SENT = "sent", _("sent")
    FAILED = "failed", _("failed")


class Mail(models.Model):
    """One message to one or more people. `message` is what goes over the wire, `text` and `html` what people read."""

    id: int
    sender = models.CharField(max_length=320)
    to = models.TextField()
    """Addresses of all receivers, one a line; those of copies and blind copies too."""
    subject = models.CharField(max_length=998)
    text = models.TextField()
    html = models.TextField(default="")
    message = models.BinaryField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.KEPT)
    error = models.TextField(default="")
    created_at = models.DateTimeField(default=clock.now)
    sent_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Mail]] = models.Manager()

    class Meta:
        indexes = [models.Index(fields=["-created_at", "-id"], name="mail_recent")]

    def __repr__(self) -> str:
        return f"<Mail {self.pk} {self.state}>"

    @property
    def receivers(self) -> list[str]:
        """The addresses of all receivers."""
        return self.to.split("\n")
