"""Every write to accounts, and the check of passwords with its limits."""

from __future__ import annotations

from openhearth.people.accounts.actions.addresses import (
    change_email,
    confirm_email,
    email_link,
    email_of_link,
)
from openhearth.people.accounts.actions.checks import name_faults, text_fault
from openhearth.people.accounts.actions.creation import (
    create_account,
    first_link_works,
    make_first_link,
    set_registration,
    use_first_link,
)
from openhearth.people.accounts.actions.passwords import (
    account_of_reset,
    change_password,
    request_reset,
    reset_key,
    reset_password,
    set_password,
)
from openhearth.people.accounts.actions.profile import update_account
from openhearth.people.accounts.actions.signing import check_password, note_sign_in
from openhearth.people.accounts.actions.states import approve_all, end_sessions, set_admin, set_state

__all__ = [
    "account_of_reset",
    "approve_all",
    "change_email",
    "change_password",
    "check_password",
    "confirm_email",
    "create_account",
    "email_link",
    "email_of_link",
    "end_sessions",
    "first_link_works",
    "make_first_link",
    "name_faults",
    "note_sign_in",
    "request_reset",
    "reset_key",
    "reset_password",
    "set_admin",
    "set_password",
    "set_registration",
    "set_state",
    "text_fault",
    "update_account",
    "use_first_link",
]
