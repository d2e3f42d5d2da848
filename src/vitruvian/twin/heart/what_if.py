"""What an intervention would do to this person: every draw of the twin before and after, with bands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from vitruvian.core import RefusalError, SolveError
from vitruvian.twin.answer import Interval, Message
from vitruvian.twin.heart.calibrate import HeartTwin, each
from vitruvian.twin.heart.fitting import LANES, ON_ORBIT, orbits
from vitruvian.twin.heart.interventions import Intervention, intervention
from vitruvian.twin.heart.predict import LOOP, STEPS, whole
from vitruvian.twin.heart.unknowns import person

SHOWN = (
    "V_left_ventricle",
    "P_left_ventricle",
    "P_aorta",
    "P_systemic_arteries",
    "P_left_atrium",
    "Q_aortic",
    "Q_mitral",
)
"""Courses of a beat that are kept: mL, mmHg and mL/s."""
_RESPONSE = {"period": 0.25, "R_systemic": 0.08, "Emax_left_ventricle": 0.10}
"""SD of the response of another model per change of the logarithm of a parameter; see docs/circulation.md."""
_PER_LITRE = 0.25
"""The same per litre of blood."""
_LOW_SYSTOLIC, _LOW_MEAN, _HIGH_FILLING = 90.0, 65.0, 18.0


@dataclass(frozen=True)
class Beat:
    """The beat of n draws."""

    numbers: Mapping[str, Float[np.ndarray, " n"]]
    """What a clinician reads, by name."""
    curves: Mapping[str, Float[np.ndarray, "n t"]]
    """`SHOWN` over the phase of the beat."""
    period: Float[np.ndarray, " n"]

    @property
    def _away(self) -> Float[np.ndarray, " n"]:
        """How far the loop of each draw lies from the medians: squared shares of its volumes and its pressure."""
        volume, pressure = self.curves["V_left_ventricle"], self.curves["P_left_ventricle"].max(1)
        found = 0.0
        for values in (volume.max(1), volume.min(1), pressure):
            found = found + (values / np.median(values) - 1.0) ** 2
        return np.asarray(found)

    def interval(self, name: str) -> Interval:
        """Median and 90 % of a number."""
        low, middle, high = (float(x) for x in np.quantile(self.numbers[name], (0.05, 0.5, 0.95)))
        return Interval(middle, low, high, UNITS[name])


def typical_draw(*beats: Beat) -> int:
    """The one draw that lies nearest to the medians in all of these beats of the same draws: to be drawn as a loop."""
    return int(np.sum([beat._away for beat in beats], axis=0).argmin())


_TITLES = {
    "heart_rate": ("heart rate", "/min"),
    "systolic": ("systolic pressure", "mmHg"),
    "diastolic": ("diastolic pressure", "mmHg"),
    "mean_arterial": ("mean arterial pressure", "mmHg"),
    "cardiac_output": ("cardiac output", "L/min"),
    "stroke_volume": ("stroke volume (into the aorta)", "mL"),
    "ejection_fraction": ("ejection fraction", "%"),
    "edv": ("end-diastolic volume of the left ventricle", "mL"),
    "esv": ("end-systolic volume of the left ventricle", "mL"),
    "left_atrial": ("left atrial pressure (wedge)", "mmHg"),
    "central_venous": ("central venous pressure", "mmHg"),
    "pulmonary_systolic": ("systolic pulmonary pressure", "mmHg"),
    "stroke_work": ("stroke work", "mmHg·L"),
    "resistance": ("systemic resistance", "mmHg·s/mL"),
    "compliance": ("arterial compliance", "mL/mmHg"),
}
UNITS = {name: unit for name, (_, unit) in _TITLES.items()}
"""Numbers of a beat and their units."""


def title_of(name: str) -> str:
    """A number of a beat in words."""
    return _TITLES[name][0]


@dataclass(frozen=True)
class WhatIf:
    """Before and after an intervention, and what to mind."""

    person: str
    intervention: Intervention
    before: Beat
    after: Beat
    p_hypotension: float
    """Chance that systolic falls below 90 or mean pressure below 65 mmHg."""
    p_congestion: float
    """Chance that left atrial pressure rises above 18 mmHg."""
    messages: tuple[Message, ...]
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-able data, without the curves."""
        rows = {
            name: {"before": asdict(self.before.interval(name)), "after": asdict(self.after.interval(name))}
            | {"change": _change(self.before.numbers[name], self.after.numbers[name])}
            for name in UNITS
        }
        return {
            "person": self.person,
            "intervention": {"name": self.intervention.name, "title": self.intervention.title}
            | {"source": self.intervention.source},
            "numbers": rows,
            "p_hypotension": self.p_hypotension,
            "p_congestion": self.p_congestion,
            "messages": [asdict(one) for one in self.messages],
            "draws": len(self.before.period),
            "seed": self.seed,
        }


def what_if(twin: HeartTwin, change: Intervention | str, amount: float | None = None, *, seed: int = 0) -> WhatIf:
    """What it would do at once, before reflexes answer. Raises `RefusalError` where the twin cannot tell."""
    _may_tell(twin)
    one = intervention(change, amount) if isinstance(change, str) else change
    _needed(twin, one)
    base = each(twin.base, len(twin.u))
    changed = one.applied(base, twin.u, np.random.default_rng(seed))
    before = _beat(twin.x, twin.u, base)
    x, found = _placed(twin, base, changed)
    lost = ~(found < ON_ORBIT)
    if lost.mean() > 0.1:
        raise SolveError(
            f"{one.title}: no steady circulation was found", got=f"in {lost.mean():.0%} of the draws",
            todo="The change is too large for this heart, or for the model.",
        )  # fmt: skip
    kept = np.flatnonzero(~lost)
    after = _beat(x[kept], twin.u[kept], {name: value[kept] for name, value in changed.items()})
    after = _answered(
        after, (_structural(base, changed) * np.random.default_rng(seed + 1).standard_normal(len(x)))[kept]
    )
    before = _only(before, kept)
    low = (after.numbers["systolic"] < _LOW_SYSTOLIC) | (after.numbers["mean_arterial"] < _LOW_MEAN)
    high = after.numbers["left_atrial"] > _HIGH_FILLING
    p_low, p_high = float(low.mean()), float(high.mean())
    messages = (*_warned(twin, p_low, p_high), *twin.messages)
    return WhatIf(twin.evidence.person, one, before, after, p_low, p_high, messages, seed)


def resting(twin: HeartTwin) -> Beat:
    """The twin's beat as it is."""
    return _beat(twin.x, twin.u, each(twin.base, len(twin.u)))


def _may_tell(twin: HeartTwin) -> None:
    identified = {one.name for one in twin.learned if one.identified}
    if not twin.converged:
        raise RefusalError("The twin was not fitted: no forecast rests on it.")
    if twin.misfit > 9.0:
        raise RefusalError(
            "The model does not follow this person's measurements (three times their errors): no forecast rests on it. "
            "Check that they belong together."
        )
    missing = [name for name in ("resistance", "contractility") if name not in identified]
    if missing:
        raise RefusalError(
            f"This person's data do not tell {' and '.join(missing)}: a forecast would be one of anybody. "
            "Add blood pressure, and EF with EDV or LVOT VTI."
        )


def _needed(twin: HeartTwin, one: Intervention) -> None:
    """A valve is not repaired where none is known to be ill."""
    tight = {"mitral_repair": twin.base["leak_mitral"] < 0.1}
    tight["aortic_replacement"] = twin.base["leak_aortic"] < 0.1 and twin.base["A_aortic"] > 1.7
    if tight.get(one.name):
        raise RefusalError(
            f"{one.title}: no disease of that valve is known of this person. "
            "Give its area (aortic_valve_area) or its regurgitant orifice (mitral_leak, aortic_leak)."
        )


def _placed(twin: HeartTwin, base: Mapping[str, Any], changed: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """States after the change; the way there in two halves where one step does not find it."""
    x, found = orbits(twin.x, twin.u, changed, limit=12)
    if (found.off < ON_ORBIT).all():
        return x, found.off
    half = {name: 0.5 * (base[name] + changed[name]) for name in changed}
    near, _ = orbits(twin.x, twin.u, half, limit=12)
    again, better = orbits(near, twin.u, changed, limit=12)
    use = ~(found.off < ON_ORBIT)
    x[use] = again[use]
    return x, np.where(use, better.off, found.off)


def _beat(x: Float[np.ndarray, "n f"], u: Float[np.ndarray, "n q"], base: Mapping[str, np.ndarray]) -> Beat:
    n, parts = len(u), []
    for first in range(0, n, LANES):
        who = np.minimum(np.arange(first, first + LANES), n - 1)
        part = _course(jnp.asarray(x[who]), jnp.asarray(u[who]), {k: jnp.asarray(v[who]) for k, v in base.items()})
        parts.append({name: np.asarray(value).T[: n - first] for name, value in part.items()})
    curves = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    numbers = _numbers(curves, base)
    bad = [name for name, value in numbers.items() if not np.isfinite(value).all()]
    if bad:
        raise SolveError("a beat holds what is no number", got=", ".join(bad))
    return Beat(numbers, {name: curves[name] for name in SHOWN}, np.asarray(base["period"]))


@partial(jax.jit, static_argnames="steps")
def _course(x: Any, u: Any, base: Any, steps: int = STEPS) -> dict[str, Any]:
    p = person(u.T, base)
    phases = jnp.arange(steps)[:, None] / steps

    def step(y: Any, signals: Any) -> Any:
        after, flows = LOOP.carried(y, p, 1.0 / steps, *signals)
        return after, LOOP.seen(y, p, signals[0]) | flows

    found = jax.lax.scan(step, whole(x.T, p), (LOOP.at(phases, p), LOOP.at(phases + 0.5 / steps, p)))[1]
    wanted = (*SHOWN, "P_pulmonary_arteries", "P_right_atrium")
    total = {"C": (p["C_aorta"] + p["C_systemic_arteries"])[None]}
    return {name: found[name] for name in wanted} | total


def _numbers(curves: Mapping[str, np.ndarray], base: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    period = np.asarray(base["period"])
    arteries, volume = curves["P_systemic_arteries"], curves["V_left_ventricle"]
    edv, esv = volume.max(1), volume.min(1)
    stroke = curves["Q_aortic"].mean(1) * period
    venous = curves["P_right_atrium"].mean(1)
    work = -(curves["P_left_ventricle"] * (np.roll(volume, -1, 1) - volume)).sum(1)
    output = stroke / period
    return {
        "heart_rate": 60.0 / period,
        "systolic": arteries.max(1),
        "diastolic": arteries.min(1),
        "mean_arterial": arteries.mean(1),
        "edv": edv,
        "esv": esv,
        "ejection_fraction": 100.0 * (edv - esv) / edv,
        "stroke_volume": stroke,
        "cardiac_output": output * 0.06,
        "left_atrial": curves["P_left_atrium"].mean(1),
        "pulmonary_systolic": curves["P_pulmonary_arteries"].max(1),
        "central_venous": venous,
        "stroke_work": work / 1000.0,
        "resistance": (arteries.mean(1) - venous) / output,
        "compliance": curves["C"][:, 0],
    }


def _structural(base: Mapping[str, np.ndarray], changed: Mapping[str, np.ndarray]) -> Float[np.ndarray, " n"]:
    """SD of the logarithm by which another model's output answers the same change differently."""
    square = sum((share * np.log(changed[name] / base[name])) ** 2 for name, share in _RESPONSE.items())
    return np.asarray(np.sqrt(square + (_PER_LITRE * (changed["stressed"] - base["stressed"]) / 1000.0) ** 2))


def _answered(beat: Beat, log_factor: Float[np.ndarray, " n"]) -> Beat:
    """The beat with its output, and the pressures that follow from it, moved by a factor of each draw."""
    moved = ("stroke_volume", "cardiac_output", "systolic", "diastolic", "mean_arterial")
    numbers = {name: value * np.exp(log_factor) if name in moved else value for name, value in beat.numbers.items()}
    return Beat(numbers, beat.curves, beat.period)


def _only(beat: Beat, kept: np.ndarray) -> Beat:
    return Beat(
        {name: value[kept] for name, value in beat.numbers.items()},
        {name: value[kept] for name, value in beat.curves.items()},
        beat.period[kept],
    )


def _change(before: np.ndarray, after: np.ndarray) -> dict[str, float]:
    low, middle, high = (float(x) for x in np.quantile(after - before, (0.05, 0.5, 0.95)))
    return {"median": middle, "low": low, "high": high}


def _warned(twin: HeartTwin, p_low: float, p_high: float) -> Sequence[Message]:
    said = [Message("note", "no-reflexes", "At once, before reflexes, kidneys and hormones answer.")]
    if p_low >= 0.05:
        said.append(Message("warning", "hypotension", f"Low blood pressure has a chance of {p_low:.0%}."))
    if p_high >= 0.2:
        said.append(
            Message("warning", "congestion", f"Left atrial pressure above 18 mmHg has a chance of {p_high:.0%}.")
        )
    unsure = [one.title for one in twin.learned if one.name in ("filling", "stiffness") and not one.identified]
    if unsure:
        text = f"Not known from this person's data, taken from people alike: {', '.join(unsure)}."
        said.append(Message("note", "from-prior", text))
    return said
