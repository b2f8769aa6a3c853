"""Refusals of input that every door renders in its own way: pages under the field, the command line as lines."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one field. `message` names field, value and rule, then the way out; may be lazy."""

    field: str
    code: str
    message: str


class Invalid(Exception):
    """Input that breaks a rule; nothing was changed."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(f"{fault.field}: {fault.code}" for fault in faults))
        self.faults = faults


def invalid(field: str, code: str, message: str) -> Invalid:
    """Return the refusal of one field."""
    return Invalid(Fault(field, code, message))
