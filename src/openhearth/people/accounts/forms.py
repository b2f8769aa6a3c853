"""What a person typed into a form, and what is wrong with it: enough to show the form again as it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.http import QueryDict

from openhearth.kernel.errors import Fault

SECRETS = frozenset({"password", "current"})
"""Fields that are never shown again."""


@dataclass(frozen=True, slots=True)
class Form:
    """Values by field name, and faults. A template asks `page.form.value('name')` and hands on `page.form.faults`."""

    values: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()

    def value(self, name: str) -> str:
        """Return what stands in a field, "" for nothing."""
        return self.values.get(name, "")

    def with_faults(self, faults: Iterable[Fault]) -> Form:
        """Return the same form with what is wrong with it, its secrets forgotten."""
        kept = {name: value for name, value in self.values.items() if name not in SECRETS}
        return Form(kept, tuple(faults))


def posted(data: QueryDict, *names: str) -> Form:
    """Return the form as it came in: the named fields, "" for those that are missing."""
    return Form({name: data.get(name, "") for name in names})
