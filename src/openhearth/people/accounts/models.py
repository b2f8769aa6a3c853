"""Accounts and the little that is remembered about registration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from openhearth.kernel import clock
from openhearth.people.accounts import rules

if TYPE_CHECKING:
    from datetime import datetime


class AccountManager(BaseUserManager["Account"]):
    """Accounts are found by name without case."""

    def get_by_natural_key(self, username: str | None) -> Account:
        """Return the account of that name, in any case."""
        return self.get(name_key=rules.name_key(username or ""))


class Account(AbstractBaseUser):
    """A user or an organisation: whatever may own a repository and stand first in an address."""

    class Kind(models.TextChoices):
        """What an account stands for."""

        USER = "user"
        ORGANISATION = "organisation"

    class State(models.TextChoices):
        """Whether an account may act. Only `ACTIVE` may; `is_active` says the same for Django."""

        ACTIVE = "active", _("Active")
        PENDING = "pending", _("Waiting for approval")
        SUSPENDED = "suspended", _("Suspended")

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.USER)
    name = models.CharField(max_length=rules.NAME_MAX)
    name_key = models.CharField(max_length=rules.NAME_MAX, unique=True)
    skeleton = models.CharField(max_length=rules.NAME_MAX, unique=True)
    email = models.EmailField(max_length=254, blank=True)
    display_name = models.CharField(max_length=100, blank=True)
    bio = models.CharField(max_length=400, blank=True)
    location = models.CharField(max_length=100, blank=True)
    website = models.CharField(max_length=200, blank=True)
    show_email = models.BooleanField(default=False)
    language = models.CharField(max_length=10, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    is_active = models.BooleanField(default=True)
    is_admin = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now)

    USERNAME_FIELD = "name"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]

    objects: ClassVar[AccountManager] = AccountManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="active", is_active=True) | (~Q(state="active") & Q(is_active=False)),
                name="accounts_active_means_state",
            ),
            models.UniqueConstraint(Lower("email"), condition=~Q(email=""), name="accounts_email_once"),
        ]
        indexes = [
            models.Index(Lower("email"), name="accounts_email_lower"),
            models.Index(fields=["state", "id"]),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the derived columns in step with the name and the state."""
        self.name_key = rules.name_key(self.name)
        self.skeleton = rules.skeleton(self.name)
        self.is_active = self.state == self.State.ACTIVE
        super().save(*args, **kwargs)

    def __str__(self) -> str:
        return self.name

    @property
    def shown_name(self) -> str:
        """The display name, the name where there is none."""
        return self.display_name or self.name

    @property
    def is_organisation(self) -> bool:
        """Whether the account is no person."""
        return self.kind == self.Kind.ORGANISATION

    @property
    def date_joined(self) -> datetime:
        """Django's word for `created_at`."""
        return self.created_at

    @property
    def is_staff(self) -> bool:
        """Django's word for an administrator of the instance."""
        return self.is_admin

    @property
    def is_superuser(self) -> bool:
        """Nobody passes Django's own permission checks: ours are in `kernel.policy`."""
        return False


class Registration(models.Model):
    """How people come in: one row at most. Without it, what the configuration says holds."""

    class Mode(models.TextChoices):
        """Who may register."""

        OPEN = "open", _("Open: anyone may sign up")
        APPROVAL = "approval", _("By approval: an administrator lets each new account in")
        CLOSED = "closed", _("Closed: administrators make the accounts")

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    mode = models.CharField(max_length=10, choices=Mode.choices)
    changed_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="accounts_registration_one_row")]


class FirstLink(models.Model):
    """The one-time link that makes the administrator of an empty instance. Only its hash is kept."""

    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
