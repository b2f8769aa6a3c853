"""Django's SQLite backend with a fair queue of writers (`turn`), safe over fork.

`BEGIN IMMEDIATE` waits for the turn; commit, rollback and close give it up. A statement that writes outside
a transaction has its turn for itself. Reads never queue. Savepoints and nested `atomic` blocks are Django's.
"""

from __future__ import annotations

import os
import sqlite3
import time
import weakref
from typing import Any

from django.db import OperationalError
from django.db.backends.sqlite3 import base

from openhearth.kernel.database.sqlite.turn import Turn, TurnTimeout
from openhearth.kernel.database.statements import is_read


class Cursor(base.SQLiteCursorWrapper):
    """A cursor that takes the writers' turn for statements outside a transaction."""

    def __init__(self, connection: sqlite3.Connection, wrapper: DatabaseWrapper) -> None:
        super().__init__(connection)
        self._wrapper = wrapper

    def execute(self, query: str, params: Any = None) -> Any:
        """Run one statement; a write outside a transaction waits for its turn."""
        if self.connection.in_transaction or is_read(query):
            return super().execute(query, params)
        return self._in_turn(super().execute, query, params)

    def executemany(self, query: str, param_list: Any) -> Any:
        """Run one statement for many rows, in one turn."""
        if self.connection.in_transaction:
            return super().executemany(query, param_list)
        return self._in_turn(super().executemany, query, param_list)

    def close(self) -> None:
        """Close the cursor; a write that returned rows is committed by this."""
        super().close()
        self._wrapper.leave_if_done()

    def _in_turn(self, run: Any, query: str, params: Any) -> Any:
        self._wrapper.take_turn()
        try:
            result = run(query, params)
        except BaseException:
            self._wrapper.leave_if_done()
            raise
        if self.description is None:  # with RETURNING the commit comes when the rows are read: see close()
            self._wrapper.leave_if_done()
        return result


class DatabaseWrapper(base.DatabaseWrapper):
    """One connection, with its place in the queue of writers."""

    _turn: Turn | None = None

    def get_new_connection(self, conn_params: Any) -> Any:
        """Open the file.

        Turning WAL on is refused while others use a new file; then it is done in a turn of our own. The file is
        never looked at but through SQLite: closing it again would let go of every lock this process has on it.
        """
        if not self.is_in_memory_db():
            timeout = float(self.settings_dict["OPTIONS"].get("timeout", 20))
            self._turn = Turn(str(self.settings_dict["NAME"]), timeout)
        try:
            connection = super().get_new_connection(conn_params)
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or self._turn is None:
                raise
            connection = self._open_in_turn(conn_params)
        _live.add(self)
        return connection

    def _open_in_turn(self, conn_params: Any) -> Any:
        self.take_turn()
        try:
            for pause in (0.01, 0.05, 0.2, 1.0):
                try:
                    return super().get_new_connection(conn_params)
                except sqlite3.OperationalError as error:
                    if "locked" not in str(error):
                        raise
                    time.sleep(pause)
            return super().get_new_connection(conn_params)
        finally:
            self.leave_if_done()

    def create_cursor(self, name: str | None = None) -> Any:
        """Return a cursor that knows this connection."""
        del name
        return self.connection.cursor(factory=lambda connection: Cursor(connection, self))

    def take_turn(self) -> None:
        """Wait for the writers' turn; OperationalError when it does not come."""
        if self._turn is None:
            return
        try:
            self._turn.take()
        except TurnTimeout:
            raise OperationalError(f"database is locked: no turn to write in {self._turn.seconds:g} s") from None

    def leave_if_done(self) -> None:
        """Give up the turn unless a transaction is open."""
        if self._turn is not None and self._turn.held:
            connection = self.connection
            if connection is None or not connection.in_transaction:
                self._turn.leave()

    def _start_transaction_under_autocommit(self) -> None:
        self.take_turn()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # missing in the stubs
        except BaseException:
            self.leave_if_done()
            raise

    def _commit(self) -> None:
        try:
            super()._commit()  # type: ignore[misc]  # missing in the stubs
        finally:
            self.leave_if_done()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]  # missing in the stubs
        finally:
            self.leave_if_done()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]  # missing in the stubs
        finally:
            if self._turn is not None:
                self._turn.close()
                self._turn = None

    def forget(self) -> None:
        """Drop what a forked child has inherited, without touching the file: the parent goes on using it."""
        self.connection = None
        self.in_atomic_block = False
        self.savepoint_ids = []
        self.atomic_blocks = []
        self.run_on_commit = []
        self.needs_rollback = False
        if self._turn is not None:
            self._turn.close()
            self._turn = None


_live: weakref.WeakSet[DatabaseWrapper] = weakref.WeakSet()
_inherited: list[Any] = []
"""Connections of the parent: a child must neither use nor close them (SQLite's rule), so they are kept."""


def _before_fork() -> None:
    _inherited.extend((wrapper, wrapper.connection) for wrapper in list(_live) if wrapper.connection is not None)


def _in_parent() -> None:
    _inherited.clear()


def _in_child() -> None:
    for wrapper, _connection in _inherited:
        wrapper.forget()


os.register_at_fork(before=_before_fork, after_in_parent=_in_parent, after_in_child=_in_child)
