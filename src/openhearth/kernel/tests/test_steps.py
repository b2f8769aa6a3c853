"""Gates, participants and slots: how higher layers take part in lower ones."""

from __future__ import annotations

import logging

import pytest
from django.db import transaction
from markupsafe import Markup

from openhearth.kernel import gates, participants, slots
from openhearth.kernel.gates import WHOLE, Refusal, Verdict
from openhearth.kernel.jobs.models import Schedule
from openhearth.kernel.transactions import NotInTransaction

STEP = "kernel_tests.stepping"


@pytest.fixture(autouse=True)
def _empty(monkeypatch):
    monkeypatch.setattr(gates, "_gates", {})
    monkeypatch.setattr(participants, "_participants", {})
    monkeypatch.setattr(slots, "_fillers", {})


def agreement(context: dict[str, str]) -> Verdict:
    signed = context["version"]
    return Verdict(version=signed, seen={"agreement": 3})


def still_signed(context: dict[str, str], before: Verdict) -> Verdict:
    if context["version"] == before.version:
        return before
    return Verdict(refusals={WHOLE: Refusal("agreement-missing", {"agreement": 3})})


@pytest.mark.django_db
class TestGates:
    def test_a_verdict_that_holds_opens(self):
        gates.register_gate(STEP, agreement, still_signed, name="cla")
        context = {"version": "1"}
        verdicts = gates.examine(STEP, context)
        assert [(v.gate, v.is_open, v.version) for v in verdicts] == [("cla", True, "1")]
        with transaction.atomic():
            assert gates.confirm(STEP, context, verdicts) == []

    def test_what_changed_meanwhile_closes(self):
        gates.register_gate(STEP, agreement, still_signed, name="cla")
        verdicts = gates.examine(STEP, {"version": "1"})
        with transaction.atomic():
            (closed,) = gates.confirm(STEP, {"version": "2"}, verdicts)
        assert closed.gate == "cla"
        assert closed.refusals[WHOLE].code == "agreement-missing"

    def test_a_gate_that_was_not_asked_closes(self):
        gates.register_gate(STEP, agreement, still_signed, name="cla")
        with transaction.atomic():
            (closed,) = gates.confirm(STEP, {"version": "1"}, [])
        assert closed.refusals[WHOLE].code == "not-examined"

    def test_two_gates_of_one_name_are_refused(self):
        gates.register_gate(STEP, agreement, still_signed)
        gates.register_gate(STEP, agreement, still_signed)
        with pytest.raises(ValueError, match="already"):
            gates.register_gate(STEP, lambda _context: Verdict(), still_signed)

    def test_steps_without_gates_are_open(self):
        assert gates.examine(STEP, {}) == []


@pytest.mark.django_db(transaction=True)
class TestTransactions:
    def test_confirm_and_participants_belong_inside(self):
        with pytest.raises(NotInTransaction):
            gates.confirm(STEP, {}, [])
        with pytest.raises(NotInTransaction):
            participants.run(STEP, {})

    def test_participants_run_in_order_and_roll_everything_back(self):
        seen = []

        def second(context: list[str]) -> None:
            seen.append("b")
            Schedule.objects.create(name=context[0], every=1, next_run="2026-01-01T00:00Z")

        participants.register_participant(STEP, second, name="b")
        participants.register_participant(STEP, lambda _context: seen.append("a"), name="a")
        with transaction.atomic():
            participants.run(STEP, ["x"])
        assert seen == ["a", "b"]

        def fail(_context: list[str]) -> None:
            raise ZeroDivisionError

        participants.register_participant(STEP, fail, name="c")
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            participants.run(STEP, ["y"])
        assert list(Schedule.objects.values_list("name", flat=True)) == ["x"]
        with pytest.raises(ValueError, match="already"):
            participants.register_participant(STEP, second, name="c")


def test_slots_show_what_works_in_order(caplog):
    def broken(_context: object) -> Markup:
        raise RuntimeError("filler is broken")

    slots.fill("side", lambda context: Markup("<b>{}</b>").format(context["name"]), order=2)
    slots.fill("side", broken)
    slots.fill("side", lambda _context: None)
    slots.fill("side", lambda _context: Markup("first"), order=1)
    with caplog.at_level(logging.ERROR, "openhearth.slots"):
        assert slots.filled("side", {"name": "<x>"}) == [Markup("first"), Markup("<b>&lt;x&gt;</b>")]
    assert "filler is broken" in caplog.text
    assert slots.filled("other", {}) == []
