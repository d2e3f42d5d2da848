"""Yes-or-no covariates from what the record says of a person: conditions, procedures, co-medication."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vitruvian.record import Fact


@dataclass(frozen=True)
class State:
    """A covariate that is 1 while one of these SNOMED CT codes (condition or procedure) or drugs is recorded."""

    covariate: str
    meaning: str
    snomed: frozenset[str] = frozenset()
    drugs: frozenset[str] = frozenset()


STATES = (
    State("AF", "atrial fibrillation", frozenset({"49436004", "282825002", "440059007", "440028005"})),
    State("NVAF", "atrial fibrillation", frozenset({"49436004", "282825002", "440059007", "440028005"})),
    State("ACS", "acute coronary syndrome", frozenset({"394659003", "22298006", "57054005"})),
    State("DIALYSIS", "on dialysis", frozenset({"265764009", "302497006", "108241001", "71192002", "236435004"})),
    State("CYSTIC_FIBROSIS", "cystic fibrosis", frozenset({"190905008"})),
    State("CF", "cystic fibrosis", frozenset({"190905008"})),
    State("GIST", "gastrointestinal stromal tumour", frozenset({"420120006"})),
    State("ECMO", "on extracorporeal membrane oxygenation", frozenset({"233573008"})),
    State("AMIODARONE", "on amiodarone", drugs=frozenset({"amiodarone"})),
)
_CLOSED = frozenset({"resolved", "inactive", "remission"})


@dataclass(frozen=True)
class Shown:
    """A state of this person: 1 or 0, the fact that shows it, its meaning, and where that is from."""

    value: float
    fact: Fact | None
    meaning: str
    origin: str


def states(facts: Sequence[Fact], taking: Sequence[str], names: set[str]) -> dict[str, Shown]:
    """Each state in `names`; 0 means that the record holds no sign of it, and is said so."""
    found: dict[str, Shown] = {}
    for state in STATES:
        if state.covariate not in names:
            continue
        fact = next((f for f in facts if f.kind in ("condition", "procedure") and _shows(f, state)), None)
        taken = state.drugs & set(taking)
        origin = "medication" if taken else "" if fact else "no such condition or drug is recorded"
        found[state.covariate] = Shown(float(fact is not None or bool(taken)), fact, state.meaning, origin)
    return found


def _shows(f: Fact, state: State) -> bool:
    return f.code in state.snomed and f.status not in _CLOSED
