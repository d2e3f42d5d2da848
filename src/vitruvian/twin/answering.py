"""Putting an answer together: the sentence, the curves, the reasons, what was learned, what to measure next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vitruvian import __version__
from vitruvian.core import SolveError, to_datetime
from vitruvian.infer import LevelCheck, draw_level, next_level, predictions, weighted_quantile
from vitruvian.infer import learned as infer_learned
from vitruvian.model import Model
from vitruvian.twin.answer import (
    Answer,
    Band,
    Given,
    Interval,
    Learned,
    Level,
    Message,
    ModelUsed,
    NextLevel,
    Option,
    Used,
)
from vitruvian.twin.bounds import within_absolute
from vitruvian.twin.calibrate import Fit
from vitruvian.twin.candidates import Candidate
from vitruvian.twin.case import Case
from vitruvian.twin.evaluate import bands, next_start
from vitruvian.twin.goals import Goal
from vitruvian.twin.recommend import NEAR, OFF_THE_CLOCK, Compared, as_options, compare, exact_dose
from vitruvian.twin.words import (
    covariate_value,
    number_text,
    output_name,
    percent_text,
    target_name,
    target_text,
    target_unit,
    unit_text,
)

if TYPE_CHECKING:
    from vitruvian.twin.twin import Twin

_HOUR_MS = 3_600_000
_POINTS = 128
_PAST_H = 60 * 24.0


def answer(
    twin: Twin, goal: Goal, compared: Compared, messages: tuple[Message, ...], standard_at: int | None
) -> Answer:
    """The whole answer from a comparison that the guard let pass."""
    case, fits = twin.case, twin.fits or ()
    options = list(as_options(compared, fits, goal))
    best = compared.best(goal)
    if best is None:
        why = _none_allowed(compared, goal)
        return replace(refusal(twin, goal, (*messages, why)), options=tuple(options), standard=standard_at)
    ahead = _Ahead.of(case, fits, compared, best, standard_at, goal)
    for k, drawn in ahead.options.items():
        first = next_start(case, compared.candidates[k]) - case.now
        options[k] = replace(options[k], band=drawn, first_h=first)
    if best != standard_at:
        options[best] = replace(options[best], label="personalised")
    exact = _exact(case, fits, compared, best, goal)
    base = _empty(twin, goal, messages)
    return replace(
        base,
        sentence=_sentence(case, options, best, standard_at, goal),
        reasons=(_ranking(goal), *_passed_over(compared, best, goal), *base.reasons),
        options=tuple(options),
        recommended=best,
        standard=standard_at,
        exact_dose=exact,
        exact_dose_text=_exact_text(exact, compared.candidates[best], goal),
        past=ahead.past,
        levels=_levels(case, fits, twin.seed),
        learned=_learned(case, fits),
        models=_models(fits),
        spread=_spread(options[best], fits, goal),
        next_level=_next(case, ahead, compared, best, goal, twin.seed),
    )


def option(case: Case, fits: Sequence[Fit], candidate: Candidate, goal: Goal) -> Option:
    """One regimen of somebody's own, with its curve; nothing else is simulated."""
    (found,) = as_options(compare(case, fits, [candidate], goal), fits, goal)
    start, times = next_start(case, candidate), _future_times(case, candidate, goal)
    ahead = [case.given + candidate.schedule(case.drug.name, start)]
    curves = [f.draws.curves(ahead, [times], goal.target.output) for f in fits]
    (band,) = bands(case, fits, curves, [times], goal.target.output)
    return replace(found, band=band, first_h=start - case.now)


def unranked(twin: Twin, goal: Goal, messages: tuple[Message, ...]) -> Answer:
    """What is known before any regimen is looked at: levels, what they taught, models, messages."""
    case, fits = twin.case, twin.fits or ()
    learned, levels = _learned(case, fits), _levels(case, fits, twin.seed)
    return replace(_empty(twin, goal, messages), levels=levels, learned=learned, models=_models(fits))


def refusal(twin: Twin, goal: Goal, messages: tuple[Message, ...]) -> Answer:
    """An answer that recommends nothing, and says why."""
    reasons = [m for m in messages if m.severity == "refusal"]
    first = reasons[0] if reasons else Message("refusal", "none", "no regimen is acceptable")
    more = f" ({len(reasons) - 1} more reason{'s' if len(reasons) > 2 else ''} below)" if len(reasons) > 1 else ""
    sentence = f"No dose of {twin.case.drug.name} is recommended: {first.text}{more} {first.todo}".strip()
    fits = twin.fits or ()
    return replace(
        _empty(twin, goal, messages),
        sentence=sentence,
        refused=True,
        levels=_levels(twin.case, fits, twin.seed),
        models=_models(fits),
    )


def moment(case: Case, hours: float) -> str:
    """The local date and time of `hours` on the twin's clock, as text."""
    at = to_datetime(case.origin_ms + round(hours * _HOUR_MS), case.offset)
    return at.strftime("%Y-%m-%d %H:%M")


def by_severity(messages: Iterable[Message]) -> tuple[Message, ...]:
    """Each message once, refusals first."""
    order = {"refusal": 0, "warning": 1, "note": 2}
    return tuple(sorted(dict.fromkeys(messages), key=lambda m: order[m.severity]))


def _empty(twin: Twin, goal: Goal, messages: tuple[Message, ...]) -> Answer:
    case = twin.case
    return Answer(
        patient=case.patient,
        drug=case.drug.name,
        asked_at=moment(case, case.now),
        sentence="",
        refused=False,
        goal=goal.stated(target_unit(goal.target)),
        options=(),
        recommended=None,
        standard=None,
        exact_dose=None,
        exact_dose_text="",
        messages=by_severity(messages),
        reasons=case.reasons,
        data_used=(*case.used, *_defaults(case, twin.fits or ())),
        levels=(),
        past=None,
        learned=(),
        models=(),
        spread="",
        next_level=None,
        would_be_wrong_if=_wrong_if(case),
        monitoring=tuple(f"{m.what}: {m.when}" for m in case.drug.monitoring),
        citations=_citations(twin, goal),
        seed=twin.seed,
        version=__version__,
        given=_given(case),
        as_of=to_datetime(case.origin_ms + round(case.now * _HOUR_MS), case.offset).isoformat(timespec="seconds"),
    )


def _sentence(case: Case, options: Sequence[Option], best: int, standard: int | None, goal: Goal) -> str:
    o = options[best]
    text = f"Give {case.drug.name} {o.regimen}: {percent_text(o.p_target)} chance of {target_text(goal.target)}"
    harm = {h.name: target_text(h) for h in goal.harms}
    if o.p_harm:
        name, p = max(o.p_harm.items(), key=lambda item: item[1])
        text += f" and {percent_text(p)} chance of harm ({harm[name]})"
    if standard is None or standard == best:
        return text + ("; this is the standard dose." if standard == best else ".")
    s = options[standard]
    text += f". The standard dose, {s.regimen}, has {percent_text(s.p_target)}"
    if s.p_harm:
        text += f" and {percent_text(max(s.p_harm.values()))}"
    return text + (f", and is not allowed ({s.why})." if not s.allowed else ".")


@dataclass(frozen=True)
class _Ahead:
    """Curves to draw, from one pass: the past, and the future of the recommended and the standard option.

    `curve` (S,K) is the recommended option at `times` under the weightiest fit, `position` in the fits.
    """

    past: Band | None
    options: dict[int, Band]
    fit: Fit
    position: int
    times: np.ndarray
    curve: np.ndarray

    @classmethod
    def of(
        cls, case: Case, fits: Sequence[Fit], compared: Compared, best: int, standard: int | None, goal: Goal
    ) -> _Ahead:
        shown = list(dict.fromkeys(k for k in (best, standard) if k is not None))
        schedules, times = [], []
        for k in shown:
            c = compared.candidates[k]
            schedules.append(case.given + c.schedule(case.drug.name, next_start(case, c)))
            times.append(_future_times(case, c, goal))
        if case.given.doses and case.now > 0:
            schedules.append(case.given)
            times.append(
                np.linspace(max(0.0, case.now - _past_hours(compared.candidates[best], goal)), case.now, _POINTS)
            )
        curves = [f.draws.curves(schedules, times, goal.target.output) for f in fits]
        drawn = bands(case, fits, curves, times, goal.target.output)
        position = int(np.argmax([f.weight for f in fits]))
        past = drawn[len(shown)] if len(drawn) > len(shown) else None
        return cls(past, dict(zip(shown, drawn, strict=False)), fits[position], position, times[0], curves[position][0])


def _future_times(case: Case, c: Candidate, goal: Goal) -> np.ndarray:
    """Even times ahead, with the moments just at and after each dose put in place of the nearest."""
    hours = 28 * 24.0 if goal.target.metric == "inr" else max(72.0, 4 * c.interval)
    times = case.now + np.linspace(0.0, hours, _POINTS)
    if goal.target.metric == "inr":
        return times
    kinks = np.array([k for k in c.kinks(next_start(case, c), case.now + hours) if k > case.now])
    times[np.searchsorted(times, kinks).clip(max=_POINTS - 1)] = kinks
    return np.sort(times)


def _given(case: Case) -> tuple[Given, ...]:
    """Doses given of late."""
    each = case.given.given(case.now) if case.given.doses else []
    recent = [d for d in each if d[0] >= case.now - _PAST_H]
    return tuple(Given(moment(case, t), t - case.now, amount, unit) for t, amount, unit in recent)


def _past_hours(c: Candidate, goal: Goal) -> float:
    """How much of the past to draw: for levels not more than the points resolve between doses."""
    return _PAST_H if goal.target.metric == "inr" else min(_PAST_H, _POINTS / 8 * c.interval)


def _levels(case: Case, fits: Sequence[Fit], seed: int) -> tuple[Level, ...]:
    if not fits or not case.levels:
        return ()
    best = max(fits, key=lambda f: f.weight)
    levels = sorted(case.levels, key=lambda v: v.time)
    return tuple(
        Level(
            when=v.when or moment(case, v.time),
            time_h=v.time - case.now,
            value=v.value,
            unit=v.unit,
            output=v.output,
            predicted=_expected(best, check, seed),
            p_value=check.p_others,
            influence=max((abs(s) for s in check.shift.values()), default=0.0),
            remark="does not fit the other data" if check.surprising else "",
        )
        for v, check in zip(levels, best.checks, strict=True)
    )


def _expected(fit: Fit, check: LevelCheck, seed: int) -> Interval:
    """What a level at that moment would be, residual error included."""
    output = fit.model.outputs[fit.model.output_index(check.output)]
    f = predictions(fit.main)[0][:, check.record]
    levels = draw_level(output.error, f, np.random.default_rng([seed, check.record]).standard_normal(len(f)))
    low, middle, high = (float(q) for q in weighted_quantile(levels, fit.main.weight[0], (0.05, 0.5, 0.95)))
    return Interval(middle, max(low, 0.0), high, check.unit)


def _learned(case: Case, fits: Sequence[Fit]) -> tuple[Learned, ...]:
    if not case.levels:
        return ()
    best = max(fits, key=lambda f: f.weight)
    found = []
    for item in infer_learned(best.main):
        if item.name.startswith("Z_"):
            continue
        before, after = item.prior, item.posterior
        unit = item.unit or _unit(best.model, item.name)
        found.append(
            Learned(
                parameter=item.name,
                unit=unit,
                prior=Interval(before[1], before[0], before[2], unit),
                posterior=Interval(after[1], after[0], after[2], unit),
                learned=float(np.clip(1 - item.remaining**2, 0, 1)),
            )
        )
    return tuple(found)


def _unit(model: Model, name: str) -> str:
    """Unit of an individual quantity that is no parameter of its own, by its standard symbol."""
    if name.startswith("V"):
        return "L"
    return (
        f"L/{model.time_unit}" if name in ("CL", "CLM", "Q", "Q2") else f"1/{model.time_unit}" if name[0] == "K" else ""
    )


def _models(fits: Sequence[Fit]) -> tuple[ModelUsed, ...]:
    return tuple(
        ModelUsed(
            name=f.model.name,
            title=f.model.title,
            weight=f.weight,
            source=str(f.model.source),
            status=f.model.source.status,
            method=f.main.method[0],
            effective_samples=float(f.main.ess[0]) if f.main.method[0] != "prior" else None,
            pareto_k=float(f.main.pareto_k[0]) if np.isfinite(f.main.pareto_k[0]) else None,
            converged=f.converged,
        )
        for f in sorted(fits, key=lambda f: -f.weight)
    )


def _spread(option: Option, fits: Sequence[Fit], goal: Goal) -> str:
    if len(fits) < 2:
        return ""
    p = [value for value, _ in option.per_model.values()]
    m = [value for _, value in option.per_model.values()]
    return (
        f"{len(fits)} published models were averaged. For the recommended dose they give a chance of the target from "
        f"{percent_text(min(p))} to {percent_text(max(p))} and a median {target_name(goal.target)} of "
        f"{number_text(min(m))}–{number_text(max(m))} {unit_text(target_unit(goal.target))}".rstrip()
        + "."
    )


def _next(case: Case, ahead: _Ahead, compared: Compared, best: int, goal: Goal, seed: int) -> NextLevel | None:
    """The time within the coming interval at which a level would narrow the metric of the goal most."""
    output = next(o for o in ahead.fit.model.outputs if o.name == goal.target.output)
    if output.error.form == "none":
        return None
    c = compared.candidates[best]
    start = next_start(case, c)
    length = 14 * 24.0 if goal.target.metric == "inr" else max(c.interval, 24.0)
    inside = np.flatnonzero((ahead.times > start) & (ahead.times <= start + length))
    if not len(inside):
        return None
    values = compared.outcome[best].values[ahead.position]
    even = np.full(len(values), 1.0 / len(values))
    found = next_level(values, even, ahead.curve[:, inside], ahead.times[inside], output, seed=seed)
    after = found.time - start
    text = (
        f"A level ({output_name(output.name)}) at {moment(case, found.time)}, {after:.1f} h after the next dose starts,"
        f" teaches most: it is expected to remove {percent_text(found.reduction)} of the variance of the "
        f"{target_name(goal.target)}."
    )
    return NextLevel(moment(case, found.time), found.time - case.now, output.name, found.reduction, text)


def _exact(case: Case, fits: Sequence[Fit], compared: Compared, best: int, goal: Goal) -> float | None:
    """The exact dose at the recommended interval; `None` where none within the absolute bounds exists."""
    like = compared.candidates[best]
    try:
        seen = list(zip(compared.candidates, compared.outcome, strict=True))
        amount = exact_dose(case, fits, like, goal.target, seen=seen)
    except SolveError:
        return None
    own = replace(like, amount=amount, loading=None)
    person = case.person
    return amount if within_absolute(case.drug, own, weight=person.get("WT"), bsa=person.get("BSA")) else None


def _exact_text(exact: float | None, c: Candidate, goal: Goal) -> str:
    middle = f"the middle of the target ({target_text(goal.target)})"
    if exact is None:
        return f"No dose within the absolute bounds, every {c.interval:g} h, brings the median to {middle}."
    return f"The dose that brings the median to {middle} every {c.interval:g} h is {number_text(exact)} {c.unit}."


def _ranking(goal: Goal) -> str:
    """How the recommended regimen was chosen: the table's highest chance need not be the answer."""
    return (
        f"Regimens are ranked by the chance of the target less {goal.harm_weight:g} times the largest chance of harm, "
        f"among those allowed and with at most {percent_text(goal.harm_cap)} harm; one not given once to three times a "
        f"day (or weekly or less often) must be better by {percent_text(OFF_THE_CLOCK)}. Of those within "
        f"{percent_text(NEAR)} of the best, the smallest daily dose is recommended."
    )


def _passed_over(compared: Compared, best: int, goal: Goal) -> tuple[str, ...]:
    """Why the regimen of the greatest value, ruled out or not, is not the recommended one; nothing where it is."""
    first = max(range(len(compared.candidates)), key=compared.value)
    if compared.value(first) <= compared.value(best):
        return ()
    c = compared.candidates[first]
    if compared.faults[first]:
        why = f"is not allowed ({'; '.join(compared.faults[first])})"
    elif (harm := compared.harm(first)) > goal.harm_cap:
        why = f"has {100 * harm:.1f} % chance of harm, over the limit of {percent_text(goal.harm_cap)}"
    else:
        why = f"is better by {100 * (compared.value(first) - compared.value(best)):.1f} % only, and is more a day"
    chance = percent_text(compared.outcome[first].p_target)
    return (f"{c}, with {chance} chance of the target, ranks before the recommended regimen but {why}.",)


def _none_allowed(compared: Compared, goal: Goal) -> Message:
    if all(compared.faults):
        reasons = sorted({f for fault in compared.faults for f in fault})
        return Message("refusal", "no-allowed-option", f"Every regimen is ruled out: {'; '.join(reasons)}.")
    text = f"Every allowed regimen has more than {percent_text(goal.harm_cap)} chance of harm."
    return Message("refusal", "harm-cap", text, "Consider another drug, or measure a level and ask again.")


def _wrong_if(case: Case) -> tuple[str, ...]:
    found = ["a dose was not given, or not at the recorded time", "a level's sampling time or unit is wrong"]
    if not case.levels:
        found = ["this person differs from the people the models were made from: no level has been measured yet"]
    if "CRCL" in case.covariates:
        found.append("creatinine does not reflect kidney function (unstable, low muscle mass, recent change)")
    if case.effects:
        found.append("another interacting drug is taken, or an interacting drug was started or stopped unrecorded")
    return tuple(found)


def _defaults(case: Case, fits: Sequence[Fit]) -> list[Used]:
    """Covariates that nobody recorded and for which a model's own reference value stands."""
    known = {*case.covariates, *(n for a in case.alternatives for n in a.covariates)}
    missing = {c.name: c for f in fits for c in f.model.covariates if c.default is not None and c.name not in known}
    return [
        Used(n, covariate_value(c, c.default or 0.0), "", None, "not recorded: the model's reference value")
        for n, c in missing.items()
        if n != "DOSE"
    ]


def _citations(twin: Twin, goal: Goal) -> tuple[str, ...]:
    models = [f.model for f in twin.fits or ()] or list(twin.models or twin.case.drug.models)
    found = [str(m.source) for m in models] + [str(goal.target.source)] + [str(h.source) for h in goal.harms]
    return tuple(dict.fromkeys([*found, *twin.case.citations]))
