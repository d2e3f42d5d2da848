"""Page of a closed-loop study: by stratum what each policy reached, its intervals, the grid of extremes, and what
published systems reached beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from jaxtyping import Float

from vitruvian import __version__
from vitruvian.core import DataError
from vitruvian.physiology.glucose import CVGA_ZONES, Estimate, cvga_zones, estimates, extremes, glucose_metrics
from vitruvian.reports import glucose_loop_figures as figures
from vitruvian.reports.files import write_whole
from vitruvian.reports.glucose_published import PUBLISHED
from vitruvian.reports.glucose_scale import glucose_unit
from vitruvian.reports.page import environment
from vitruvian.reports.svg import inline

_STEP = 5.0
ROWS = (
    ("in_range", "Time in 70–180 mg/dL", "%", 1, 1),
    ("below_70", "below 70", "%", 1, -1),
    ("below_54", "below 54", "%", 2, -1),
    ("above_180", "above 180", "%", 1, -1),
    ("above_250", "above 250", "%", 1, -1),
    ("mean", "Mean glucose", "mg/dL", 0, -1),
    ("cv", "Variation (CV)", "%", 1, -1),
    ("gmi", "HbA1c expected (GMI)", "%", 2, -1),
    ("lbgi", "Risk of lows (LBGI)", "", 2, -1),
    ("hbgi", "Risk of highs (HBGI)", "", 2, -1),
    ("insulin", "Insulin", "U/d", 1, 0),
    ("carbohydrates", "Carbohydrates eaten", "g/d", 0, 0),
)
"""Metric, words, unit, decimals, and whether more (1) or less (−1) is better."""
ADULT_GOALS = (("in_range", 80.0, "at least"), ("below_70", 2.0, "at most"), ("below_54", 0.3, "at most"))
"""What this project demands of the closed loop in virtual adults, %."""


class Studied(Protocol):
    """A study's result by (stratum, policy): glucose each 5 minutes (k, n), insulin (U/d), carbohydrates (g/d)."""

    @property
    def glucose(self) -> Mapping[tuple[str, str], Float[np.ndarray, "k n"]]: ...

    @property
    def insulin(self) -> Mapping[tuple[str, str], Float[np.ndarray, " n"]]: ...

    @property
    def carbohydrates(self) -> Mapping[tuple[str, str], Float[np.ndarray, " n"]]: ...


@dataclass(frozen=True)
class Comparison:
    """Two policies in the same people: means with intervals by stratum, and their paired differences."""

    ours: str
    against: str
    strata: tuple[str, ...]
    people: Mapping[str, int]
    days: float
    reached: Mapping[tuple[str, str], Mapping[str, Estimate]]
    """By (stratum, policy)."""
    differences: Mapping[str, Mapping[str, Estimate]]
    """`ours` minus `against`, by stratum."""


def comparison(result: Studied, ours: str, against: str, seed: int) -> Comparison:
    """What two policies of a study reached; raises `DataError` where a stratum lacks one of them."""
    strata = tuple(dict.fromkeys(stratum for stratum, _ in result.glucose))
    reached, differences, people = {}, {}, {}
    days = 0.0
    for stratum in strata:
        if not {(stratum, ours), (stratum, against)} <= set(result.glucose):
            known = ", ".join(policy for one, policy in result.glucose if one == stratum)
            raise DataError(f"{stratum} were not simulated with both policies", got=f"{ours}, {against}", allowed=known)
        named = {policy: _named(result, (stratum, policy)) for policy in (ours, against)}
        people[stratum] = result.glucose[stratum, ours].shape[1]
        days = result.glucose[stratum, ours].shape[0] * _STEP / 1440
        label = [stratum] * people[stratum]
        for policy, values in named.items():
            reached[stratum, policy] = estimates(values, label, seed=seed)[stratum]
        paired = {name: named[ours][name] - named[against][name] for name in named[ours]}
        differences[stratum] = estimates(paired, label, seed=seed)[stratum]
    return Comparison(ours, against, strata, people, days, reached, differences)


def loop_page(
    result: Studied, *, ours: str = "closed loop", against: str = "manual", seed: int = 1, about: Sequence[str] = ()
) -> str:
    """The page as HTML text; `about` are lines that tell how the people and their days were made."""
    found = comparison(result, ours, against, seed)
    return environment().get_template("glucose_loop.html").render(_view(found, result, about))


def loop_report(
    result: Studied, path: str | Path, *, ours: str = "closed loop", against: str = "manual", seed: int = 1,
    about: Sequence[str] = (),
) -> Path:  # fmt: skip
    """Write the page to `path`, whole or not at all; returns the path."""
    return write_whole(Path(path), loop_page(result, ours=ours, against=against, seed=seed, about=about))


def goals(found: Comparison) -> list[tuple[str, str, bool]]:
    """What is demanded, what was reached, and whether that is enough: the mean must reach it."""
    rows = []
    names = {metric: words for metric, words, *_ in ROWS}
    for metric, goal, sense in ADULT_GOALS:
        if ("adult", found.ours) in found.reached:
            one = found.reached["adult", found.ours][metric]
            good = one.mean >= goal if sense == "at least" else one.mean <= goal
            words = f"Adults: {names[metric].lower()} {sense} {goal:g} %".replace("mg/dl", "mg/dL")
            rows.append((words, _text(one, "%", 1 if metric != "below_54" else 2), bool(good)))
    for stratum in found.strata:
        more, low = found.differences[stratum]["in_range"], found.differences[stratum]["below_70"]
        who = people_words(stratum)
        rows.append(
            (
                f"{who}: more time in range than {policy_words(found.against)}",
                _text(more, "points", 1, sign=True),
                more.mean > 0,
            )
        )
        rows.append((f"{who}: not more time below 70", _text(low, "points", 2, sign=True), low.mean <= 0))
    return rows


def people_words(stratum: str) -> str:
    """A stratum as a word for its people."""
    return {"adult": "Adults", "adolescent": "Adolescents", "child": "Children"}.get(stratum, stratum.capitalize())


def policy_words(policy: str) -> str:
    """A policy's name as words."""
    known = {"basal_bolus": "basal–bolus by hand", "predictive": "predictive control", "pid": "PID control"}
    return known.get(policy, policy.replace("_", " "))


def _named(result: Studied, key: tuple[str, str]) -> dict[str, Float[np.ndarray, " n"]]:
    named = glucose_metrics(result.glucose[key], _STEP).named()
    return named | {"insulin": result.insulin[key], "carbohydrates": result.carbohydrates[key]}


def _text(one: Estimate, unit: str, decimals: int, *, sign: bool = False) -> str:
    """ "82.1 % (80.9–83.2)"."""
    if not np.isfinite(one.mean):
        return "–"
    form = f"{{:{'+' if sign else ''}.{decimals}f}}"
    to = " to " if sign else "–"
    low, high = (form.format(v).replace("-", "−") for v in (one.low, one.high))
    value = form.format(one.mean).replace("-", "−")
    return f"{value}\u00a0{unit} ({low}{to}{high})".replace("\u00a0 (", " (")


def _view(found: Comparison, result: Studied, about: Sequence[str]) -> dict[str, Any]:
    demanded = goals(found)
    zones = {key: _shares(result.glucose[key]) for key in found.reached}
    keys = [(stratum, policy) for stratum in found.strata for policy in (found.against, found.ours)]
    return {
        "f": found,
        "ours": policy_words(found.ours),
        "against": policy_words(found.against),
        "lead": _lead(found),
        "demanded": demanded,
        "missed": [words for words, _, good in demanded if not good],
        "tables": [(people_words(s), found.people[s], _rows(found, s)) for s in found.strata],
        "zones": [(people_words(s), policy_words(policy), zones[s, policy]) for s, policy in keys],
        "zone_names": CVGA_ZONES,
        "published": PUBLISHED,
        "about": about,
        "ladder": inline(figures.ladder(found), "ladder", "Time in range and below 70", _LADDER),
        "curves": inline(figures.curves(found, result, glucose_unit("mg/dL")), "curves", "Usual day", _CURVES),
        "grid": inline(figures.grid(found, result), "grid", "Control-variability grid", _GRID),
        "version": __version__,
    }


_LADDER = "Time in range and below 70 mg/dL before and with each system; the numbers are in the tables."
_CURVES = "Median and nine tenths of glucose by time of day under both policies, for each stratum."
_GRID = "Each person's lowest and highest glucose in nine zones; the shares are in the table below."


def _lead(found: Comparison) -> str:
    first = found.strata[0]
    ours, theirs = found.reached[first, found.ours], found.reached[first, found.against]
    who = ", ".join(f"{n} {people_words(s).lower()}" for s, n in found.people.items())
    loop, hand = _first(policy_words(found.ours)), policy_words(found.against)
    return (
        f"{loop} keeps {people_words(first).lower()} in range {ours['in_range'].mean:.0f}\u00a0% of "
        f"the time instead of {theirs['in_range'].mean:.0f}\u00a0% ({hand}), and below 70 for "
        f"{ours['below_70'].mean:.1f}\u00a0% instead of {theirs['below_70'].mean:.1f}\u00a0%: {who}, all virtual, "
        f"{found.days:.0f} days."
    )


def _first(words: str) -> str:
    """The words with a capital; an abbreviation stays one."""
    return words[0].upper() + words[1:]


def _rows(found: Comparison, stratum: str) -> list[tuple[str, ...]]:
    """Name, what each policy reached, their difference, and whether it is better, worse or open."""
    rows: list[tuple[str, ...]] = []
    for metric, words, unit, decimals, better in ROWS:
        change = found.differences[stratum][metric]
        good = better * change.low > 0 if better > 0 else better * change.high > 0
        bad = better * change.high < 0 if better > 0 else better * change.low < 0
        reached = [_text(found.reached[stratum, p][metric], unit, decimals) for p in (found.against, found.ours)]
        verdict = "" if better == 0 else "better" if good else "worse" if bad else "open"
        rows.append((words, *reached, _text(change, "", decimals, sign=True), verdict))
    return rows


def _shares(glucose: Float[np.ndarray, "k n"]) -> dict[str, float]:
    """Percent of people in each zone of the control-variability grid."""
    found = cvga_zones(*extremes(glucose))
    return {zone: 100.0 * found.count(zone) / max(len(found), 1) for zone in CVGA_ZONES}
