"""A training in words and numbers, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vitruvian.learn.private import epsilon_of
from vitruvian.study.federated.comparison import Way
from vitruvian.study.federated.coordinator import Trained
from vitruvian.study.federated.quiet import spent


def told_of(trained: Trained) -> dict[str, Any]:
    """What came out, as plain data; `null` where a number does not exist."""
    plan, evaluation = trained.plan, trained.evaluation
    told: dict[str, Any] = {
        "name": plan.name,
        "algorithm": plan.algorithm,
        "sites": list(trained.sites),
        "rows": trained.rows,
        "rounds": [{"round": r.number, "loss": _number(r.loss), "sites": len(r.sites)} for r in trained.rounds],
        "notes": list(trained.notes),
        "evaluation": None,
        "epsilon": None,
    }
    if evaluation:
        names = ("rows", "events", "auroc", "low", "high", "brier", "predicted", "observed")
        told["evaluation"] = {name: _number(getattr(evaluation, name)) for name in names}
    if plan.privacy:
        told["epsilon"], told["delta"] = epsilon_of(spent(plan), plan.privacy.delta), plan.privacy.delta
    return told


def text_of(told: dict[str, Any]) -> str:
    """A few lines for a person."""
    rounds, found = told["rounds"], told["evaluation"]
    used = [one["sites"] for one in rounds]
    lines = [
        f"{told['name']}: {told['algorithm']}, {told['rows']:,} rows of {len(told['sites'])} sites, "
        f"{len(rounds)} rounds with {min(used)} to {max(used)} sites"
    ]
    if rounds and rounds[-1]["loss"] is not None:
        lines.append(
            f"loss per row: {rounds[0]['loss']:.4f} at the beginning, {rounds[-1]['loss']:.4f} in the last round"
        )
    if found and found["auroc"] is not None:
        lines.append(
            f"held out: {found['rows']:,} rows, {found['events']:,} events, AUROC {found['auroc']:.3f} "
            f"({found['low']:.3f} to {found['high']:.3f}), Brier {found['brier']:.4f}, "
            f"predicted {found['predicted']:.3f}, observed {found['observed']:.3f}"
        )
    if told["epsilon"] is not None:
        lines.append(f"privacy of each person: epsilon {told['epsilon']:.2f} at delta {told['delta']:g}")
    return "\n".join([*lines, *(f"note: {note}" for note in told["notes"])])


def table_of(ways: Sequence[Way]) -> str:
    """The comparison as a Markdown table."""
    lines = ["| | AUROC | within sites | less pooled | Brier | epsilon |", "|---|---|---|---|---|---|"]
    for way in ways:
        gain = f"{way.gain.value:+.3f} ({way.gain.low:+.3f} to {way.gain.high:+.3f})" if way.gain else ""
        epsilon = "" if way.epsilon is None else f"{way.epsilon:.2f}"
        area, within = (f"{one.value:.3f} ({one.low:.3f} to {one.high:.3f})" for one in (way.auroc, way.within))
        lines.append(f"| {way.name} | {area} | {within} | {gain} | {way.brier:.4f} | {epsilon} |")
    return "\n".join(lines)


def _number(value: float) -> float | None:
    return value if value == value else None
