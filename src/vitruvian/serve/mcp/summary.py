"""One person on one page: who, problems, drugs, newest values, signals, and what is doubtful."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vitruvian.serve.caller import Caller
from vitruvian.serve.mcp.shown import fact_row, readable
from vitruvian.serve.scopes import covers

if TYPE_CHECKING:
    from vitruvian.record import Fact, Patient

_LISTED = ("condition", "allergy", "medication_request", "medication_statement", "procedure", "genome", "genotype",
           "imaging_study")  # fmt: skip
_MOST = 40
"""Rows of each list."""


def summary(caller: Caller, patient: Patient) -> dict[str, Any]:
    """All of it as JSON; lists hold the newest rows first and say how many there are."""
    facts = readable(caller, patient.facts())
    who = {one.code: one.value_text or one.value_code for one in facts if one.kind == "demographic"}
    lists = {kind: [fact_row(one) for one in reversed(facts) if one.kind == kind] for kind in _LISTED}
    shown = {kind: rows[:_MOST] for kind, rows in lists.items() if rows}
    return {
        "id": patient.id,
        "who": who,
        **shown,
        "newest": _newest(facts) + _signals(caller, patient),
        "doubtful": [fact_row(one) for one in reversed(facts) if one.flags][:_MOST],
        "how_many": {kind: sum(one.kind == kind for one in facts) for kind in sorted({one.kind for one in facts})},
    }


def newest_values(caller: Caller, patient: Patient) -> list[dict[str, Any]]:
    """The newest trusted value of every measurement, then of every signal."""
    return _newest(readable(caller, patient.facts(kind="observation"))) + _signals(caller, patient)


def _newest(facts: list[Fact]) -> list[dict[str, Any]]:
    newest = {(one.system, one.code): one for one in facts if one.kind == "observation" and one.trusted}
    return [fact_row(one) for one in newest.values()]


def _signals(caller: Caller, patient: Patient) -> list[dict[str, Any]]:
    if not covers(caller, "Observation", "r"):
        return []
    return [
        {
            "kind": "sample", "signal": signal, "value": last["value"], "unit": last["unit"], "text": last["text"],
            "start": last["start"].isoformat(), "source": last["source"], "samples": samples,
        }
        for signal, (last, samples) in patient.newest_samples().items()
    ]  # fmt: skip
