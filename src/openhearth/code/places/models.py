"""What lists of repositories show and git alone could tell."""

from __future__ import annotations

from django.db import models

from openhearth.code.repos.models import Repository


class MainLanguage(models.Model):
    """The language in which most of a repository's default branch is written."""

    repository = models.OneToOneField(Repository, on_delete=models.CASCADE, primary_key=True, related_name="+")
    name = models.CharField(max_length=60)

    class Meta:
        indexes = [models.Index(fields=["name"])]
