"""How passwords are stored: argon2id, sized so that one check costs tens of ms, at most two at a time in a process."""

from __future__ import annotations

import threading

from django.contrib.auth.hashers import Argon2PasswordHasher

_AT_ONCE = threading.BoundedSemaphore(2)
"""More checks at a time would only take memory from the rest of the process: the cores are few."""


class Argon2id(Argon2PasswordHasher):
    """argon2id with m = 19 MiB, t = 2, p = 1."""

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        """Return the stored form of a password."""
        with _AT_ONCE:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        """Whether `password` is the one that `encoded` was made from."""
        with _AT_ONCE:
            return bool(super().verify(password, encoded))
