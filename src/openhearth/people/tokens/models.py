"""Access tokens of accounts."""

from __future__ import annotations

from datetime import datetime

from django.db import models

from openhearth.kernel import clock
from openhearth.people.accounts.models import Account
from openhearth.people.tokens import rules


class Token(models.Model):
    """One token. Its text is shown once and not kept: `digest` is its SHA-256, `hint` its last four characters."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=rules.NAME_MAX)
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=4)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    """Carried over from the cache database once a minute."""

    class Meta:
        indexes = [models.Index(fields=["account", "revoked_at"])]

    def works(self, now: datetime) -> bool:
        """Whether it opens anything at that moment (its account aside)."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)
