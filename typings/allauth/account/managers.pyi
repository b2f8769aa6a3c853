from typing import TypeVar

from django.db import models

_M = TypeVar("_M", bound=models.Model)

class EmailAddressManager(models.Manager[_M]): ...
class EmailConfirmationManager(models.Manager[_M]): ...
