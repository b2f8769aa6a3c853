"""Sessions as rows that know whose they are; `SessionStore` makes this module Django's `SESSION_ENGINE`."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.dateparse import parse_datetime

from openhearth.kernel import clock, ids
from openhearth.people.sessions import rules

SEAT = "_seat"
"""Where the session's own data keeps what `seat` wrote at sign-in; the columns are made from it at each save."""
_ACCOUNT = "_auth_user_id"


class Session(AbstractBaseSession):
    """One session. `session_key` is the hash of the cookie's value (`rules.stored_key`)."""

    public_id = models.CharField(max_length=36, db_index=True, default=ids.new_id)
    """What pages call it. Not unique: while a session gets a new key, its old and its new row stand side by side."""
    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    last_seen_at = models.DateTimeField(null=True)
    """Carried over from the cache database once a minute."""
    user_agent = models.CharField(max_length=rules.AGENT_MAX, blank=True)
    address = models.CharField(max_length=45, blank=True)

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        """Return the store that reads and writes these rows."""
        return SessionStore

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Leave `last_seen_at` alone where a session is written again: its data does not know it."""
        if kwargs.get("force_update") and not kwargs.get("update_fields"):
            names = (field.name for field in self._meta.concrete_fields)
            kwargs["update_fields"] = [name for name in names if name not in {"session_key", "last_seen_at"}]
        super().save(*args, **kwargs)


class SessionStore(DatabaseStore):
    """Keeps sessions in the main database under a hash of their key."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """Return the model of the rows."""
        return Session

    def _get_session_from_db(self) -> Session | None:
        key = rules.stored_key(self.session_key or "")
        return Session.objects.filter(session_key=key, expire_date__gt=clock.now()).first()

    def load(self) -> dict[str, Any]:
        """Return the session's data; an unknown, ended or expired one is empty and gets a new key when saved."""
        row = self._get_session_from_db()
        if row is None:
            self._session_key = None
            return {}
        return self.decode(row.session_data)

    def exists(self, session_key: str) -> bool:
        """Whether a session of this key is kept."""
        return Session.objects.filter(session_key=rules.stored_key(session_key)).exists()

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """Return the row for this session's data."""
        account = data.get(_ACCOUNT)
        seat = data.get(SEAT) or {}
        known: dict[str, Any] = {}
        if seat:
            known = {
                "public_id": seat["id"],
                "created_at": parse_datetime(seat["at"]),
                "user_agent": seat["agent"],
                "address": seat["address"],
            }
        return Session(
            session_key=rules.stored_key(self.session_key or ""),
            session_data=self.encode(data),
            expire_date=self.get_expiry_date(),
            account_id=int(account) if account is not None else None,
            **known,
        )

    def delete(self, session_key: str | None = None) -> None:
        """Remove a session, this one without an argument."""
        key = session_key or self.session_key
        if key:
            Session.objects.filter(session_key=rules.stored_key(key)).delete()


def seat(session: SessionBase, *, user_agent: str, address: str) -> None:
    """Write into a session, at sign-in, where it is and since when."""
    session[SEAT] = {
        "id": ids.new_id(),
        "at": clock.now().isoformat(),
        "agent": rules.clean_agent(user_agent),
        "address": address[:45],
    }
