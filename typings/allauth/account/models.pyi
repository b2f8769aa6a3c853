from typing import ClassVar

from allauth.account.app_settings import EmailVerificationMethod
from allauth.account.managers import EmailAddressManager, EmailConfirmationManager
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models

from openhearth.people.accounts.models import Account

class EmailAddress(models.Model):
    user = models.ForeignKey(Account, on_delete=models.CASCADE)
    email = models.EmailField()
    verified = models.BooleanField()
    primary = models.BooleanField()

    objects: ClassVar[EmailAddressManager[EmailAddress]]

class EmailConfirmation(models.Model):
    email_address = models.ForeignKey(EmailAddress, on_delete=models.CASCADE)
    created = models.DateTimeField()
    sent = models.DateTimeField(null=True)
    key = models.CharField()

    objects: ClassVar[EmailConfirmationManager[EmailConfirmation]]

class Login:
    user: AbstractBaseUser | None
    def __init__(
        self,
        user: AbstractBaseUser | None = None,
        email_verification: EmailVerificationMethod | None = None,
        redirect_url: str | None = None,
    ) -> None: ...
