"""The privacy budget of a record: what all private answers and trainings on its people have cost, and what is left.

A ledger is a part of the record's audit: append-only, chained, outside anybody's reach to edit. A run is entered before
it looks at anybody, so that one that fails halfway has paid; a run that would exceed the budget is refused. Everything
is composed as if every run looked at the same people.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from vitruvian.core import DataError, InputError
from vitruvian.learn.private import Mechanism, Randomness, epsilon_of
from vitruvian.record import AuditEntry, Record, append_judged, rows_of_action

_BUDGET, _SPENT = "privacy_budget", "privacy_spent"
_NAME = re.compile(r"[a-z0-9][a-z0-9_.:-]{0,63}")
_STEP = 1e-3  # grid of privacy losses: a little too high rather than slow


@dataclass(frozen=True)
class Budget:
    """The most that any person may pay over all runs."""

    epsilon: float
    delta: float

    def __post_init__(self) -> None:
        if not (0 < self.epsilon < 1000 and 0 < self.delta < 1):
            raise InputError("a privacy budget", got=self, allowed="0 < epsilon, 0 < delta < 1")


@dataclass(frozen=True)
class Run:
    """One entry: what was run, by whom, when (ISO 8601), and how it looked at people."""

    name: str
    actor: str
    at: str
    mechanisms: tuple[Mechanism, ...]


@dataclass(frozen=True)
class PrivacyLedger:
    """The ledger of a record, for its actor: spending needs the right to derive, setting the budget that to audit."""

    record: Record

    def budget(self) -> Budget | None:
        """The budget set last; None where nobody has set one."""
        rows = rows_of_action(self.record, _BUDGET, "derive")
        return _budget(rows[-1]) if rows else None

    def set_budget(self, epsilon: float, delta: float) -> Budget:
        """Set what may be spent in all; lower than what was spent, nothing more. The old one stays in the audit."""
        told = Budget(epsilon, delta)
        append_judged(self.record, _BUDGET, "audit", {"epsilon": epsilon, "delta": delta}, lambda rows: None)
        return told

    def runs(self) -> list[Run]:
        """All entries, oldest first."""
        return [_run(row) for row in rows_of_action(self.record, _SPENT, "derive")]

    def spent(self) -> float:
        """The epsilon of all runs together, at the budget's delta; raises `InputError` without a budget."""
        return _cost(self.runs(), self._demanded())

    def left(self) -> float:
        """How much epsilon remains; 0.0 where more than the budget was spent before it was lowered."""
        return max(0.0, self._demanded().epsilon - self.spent())

    def spend(self, name: str, mechanisms: Sequence[Mechanism], *, randomness: Randomness | None = None) -> Run:
        """Enter a run before it begins. Raises `DataError` where it would exceed the budget, `InputError` without one.

        `randomness`: what its noise is drawn from, where it is not the default; that of a seed is refused.
        """
        if randomness is not None and randomness.seeded:
            raise InputError("noise from a seed protects nobody", todo="Use Randomness.secret(), the default.")
        if not _NAME.fullmatch(name) or not mechanisms:
            raise InputError("a run needs a name and mechanisms", got=name, allowed=f"{_NAME.pattern}, one or more")
        budget = self._demanded()

        def judge(rows: Sequence[AuditEntry]) -> None:
            cost = _cost([_run(row) for row in rows], budget)
            if cost > budget.epsilon:
                before = _cost([_run(row) for row in rows[:-1]], budget)
                raise DataError(
                    f"{name} would exceed the privacy budget of this record",
                    got=f"epsilon {cost:.3g} in all, {before:.3g} of it spent",
                    allowed=f"{budget.epsilon:g} at delta {budget.delta:g}",
                    todo="Add noise, take fewer steps, or let whoever governs the record raise the budget.",
                )

        detail = {"run": name, "mechanisms": [one.to_json() for one in mechanisms]}
        append_judged(self.record, _SPENT, "derive", detail, judge)
        return self.runs()[-1]

    def _demanded(self) -> Budget:
        found = self.budget()
        if found is None:
            raise InputError("this record has no privacy budget", todo="Set one: vitruvian privacy budget.")
        return found


def _cost(runs: Sequence[Run], budget: Budget) -> float:
    return epsilon_of([one for run in runs for one in run.mechanisms], budget.delta, step=_STEP)


def _budget(row: AuditEntry) -> Budget:
    told = orjson.loads(row.detail)
    return Budget(told["epsilon"], told["delta"])


def _run(row: AuditEntry) -> Run:
    told = orjson.loads(row.detail)
    return Run(told["run"], row.actor, row.at, tuple(Mechanism.from_json(one) for one in told["mechanisms"]))
