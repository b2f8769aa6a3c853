"""The mail app of the kernel."""

from __future__ import annotations

from django.apps import AppConfig


class MailConfig(AppConfig):
    """Kept and sent mail."""

    name = "openhearth.kernel.mail"
    label = "mail"
