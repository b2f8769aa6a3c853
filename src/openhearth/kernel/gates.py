"""Gates: higher layers refuse a step of a lower one, with reasons that a person understands.

A gate has two halves. `examine` runs before the transaction, may read the quarantine and take its time.
`confirm` runs inside the transaction and compares: is what the verdict was built on still so? It asks no git
and no network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from openhearth.kernel.transactions import require_transaction

WHOLE = ""
"""The subject of a refusal that concerns the step as a whole, not one ref of it."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not: a code (`agreement-missing`) that the caller turns into a sentence, and what goes into it."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one gate found. `refusals` maps subjects (ref names, or WHOLE) to reasons; empty means open.

    `version` and `seen` are what it was built on (version of the policy, ids of objects), for `confirm`.
    """

    gate: str = ""
    refusals: Mapping[str, Refusal] = field(default_factory=dict)
    version: str = ""
    seen: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether nothing is refused."""
        return not self.refusals


Examine = Callable[[Any], Verdict]
Confirm = Callable[[Any, Verdict], Verdict]


@dataclass(frozen=True, slots=True)
class _Gate:
    name: str
    examine: Examine
    confirm: Confirm


_gates: dict[str, dict[str, _Gate]] = {}


def register_gate(step: str, examine: Examine, confirm: Confirm, *, name: str = "") -> None:
    """Add a gate to a step (`ref.updating`). `name` defaults to the module of `examine`."""
    name = name or examine.__module__
    gates = _gates.setdefault(step, {})
    if name in gates and gates[name].examine is not examine:
        raise ValueError(f"The step {step!r} has a gate {name!r} already")
    gates[name] = _Gate(name, examine, confirm)


def examine(step: str, context: Any) -> list[Verdict]:
    """Ask every gate of the step, before the transaction; one verdict each, in the order of their names."""
    return [replace(gate.examine(context), gate=gate.name) for gate in _of(step)]


def confirm(step: str, context: Any, verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Ask every gate, inside the transaction, whether its verdict still holds; returns those that refuse.

    A gate without a verdict (registered since, or dropped by the caller) refuses: nobody slips by.
    """
    require_transaction(f"gates.confirm({step})")
    given = {verdict.gate: verdict for verdict in verdicts}
    found = []
    for gate in _of(step):
        before = given.get(gate.name)
        if before is None:
            now = Verdict(gate.name, {WHOLE: Refusal("not-examined", {"gate": gate.name})})
        else:
            now = replace(gate.confirm(context, before), gate=gate.name)
        if not now.is_open:
            found.append(now)
    return found


def _of(step: str) -> list[_Gate]:
    return [gate for _, gate in sorted(_gates.get(step, {}).items())]
