"""SSH keys of accounts."""

from __future__ import annotations

from django.db import models

from openhearth.kernel import clock
from openhearth.people.accounts.models import Account
from openhearth.people.keys import rules


class Key(models.Model):
    """One public key. A fingerprint belongs to one account only: it is how a machine says who it is."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    title = models.CharField(max_length=rules.TITLE_MAX)
    type = models.CharField(max_length=40)
    fingerprint = models.CharField(max_length=64, unique=True)
    blob = models.TextField()
    """Base64, as in a `.pub` file."""
    comment = models.CharField(max_length=rules.COMMENT_MAX, blank=True)
    bits = models.PositiveIntegerField()
    added_at = models.DateTimeField(default=clock.now)
    last_used_at = models.DateTimeField(null=True)
    """Carried over from the cache database once a minute."""

    @property
    def kind(self) -> str:
        """What the type is called on pages: `Ed25519`, `RSA 4096`."""
        name = rules.NAMES.get(self.type, self.type)
        return f"{name} {self.bits}" if self.type == "ssh-rsa" else name

    @property
    def is_short(self) -> bool:
        """Whether its owner should replace it soon."""
        return self.type == "ssh-rsa" and self.bits < rules.RSA_GOOD

    @property
    def line(self) -> str:
        """The key as a line of an authorized_keys file."""
        return f"{self.type} {self.blob}"
