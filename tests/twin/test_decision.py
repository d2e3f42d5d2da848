"""Doses solved for and chosen: a golden row, closed forms, round trips, and what a recommendation must be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from twin_cases import ADULT, GOTI, NEVER, VANCOMYCIN, case, fits, known, twin

from vitruvian.core import InputError, SolveError, Source
from vitruvian.model import Model
from vitruvian.model.schedule import infusion
from vitruvian.pharmacology import Drug, Target, find, library
from vitruvian.twin import Candidate, Goal, goal_for, goals
from vitruvian.twin.answering import _passed_over
from vitruvian.twin.draws import Draws
from vitruvian.twin.evaluate import Outcome, outcomes, unit_factor
from vitruvian.twin.guard import is_real, option_faults
from vitruvian.twin.metrics import limits, metric
from vitruvian.twin.recommend import Compared, _over, compare, exact_dose
from vitruvian.twin.window import window

SOURCE = Source("a test", status="assumption")
GRAM = Candidate(1000, "mg", 12.0, "iv", 1.0)
TROUGH = Target("trough", "trough", 10, 15, "mg/L", SOURCE)
AUC = next(t for t in VANCOMYCIN.efficacy_targets if t.metric == "auc24")


@pytest.fixture(scope="module")
def naive():
    """A person before any dose and level."""
    return twin(case(given=NEVER, now=0.0))


@pytest.fixture(scope="module")
def treated():
    """A person after four doses, with two levels."""
    return twin(case([(26.0, 24.0), (47.5, 12.0)]))


def test_single_dose_for_an_auc(naive):
    """Goti 2018, CLcr 65 mL/min, 70 kg, given etas: AUC0-24 = 400 mg·h/L needs 2377.758 mg over 2 h.

    Source: posologyr tests/testthat/test_doseoptim.R (two-compartment closed form); tolerance 0.1 %.
    """
    person = known(fits(naive)[0], [0.10796221, 0.04643863, 0.06859768])
    target = Target("auc", "auc24", 400, np.inf, "mg.h/L", SOURCE, when="day_1")
    found = exact_dose(naive.case, [person], Candidate(1000, "mg", 24.0, "iv", 2.0), target)
    assert found == pytest.approx(2377.758, rel=1e-3)


@pytest.mark.parametrize("target", [AUC, TROUGH], ids=lambda t: t.metric)
@pytest.mark.parametrize("interval", [12.0, 24.0])
def test_the_exact_dose_reaches_its_goal(treated, target, interval):
    like = replace(GRAM, interval=interval)
    amount = exact_dose(treated.case, fits(treated), like, target)
    reached = outcomes(treated.case, fits(treated), [replace(like, amount=amount)], [target])[0][0]
    low, high = limits(target)
    assert reached.interval().median == pytest.approx(np.sqrt(low * high), rel=2e-4)


def test_a_dose_that_nothing_reaches_is_said(treated):
    """Where the metric does not grow in proportion to the dose, amounts up to 30 times are tried."""
    with pytest.raises(SolveError, match="no dose"):
        exact_dose(treated.case, fits(treated), GRAM, replace(AUC, low=1e6, high=2e6, when="day_1"))


def test_what_is_seen_already_brackets_the_exact_dose(treated):
    """From curves of two regimens the same amount follows as from a grid of its own."""
    target, like = replace(AUC, when="day_1"), replace(GRAM, amount=500)
    around = [like, replace(GRAM, amount=1500, label="standard"), replace(GRAM, amount=4000, interval=8.0)]
    seen = list(zip(around, outcomes(treated.case, fits(treated), around, [target])[0], strict=True))
    alone = exact_dose(treated.case, fits(treated), like, target)
    assert 500 < alone < 1500
    assert exact_dose(treated.case, fits(treated), like, target, seen=seen) == pytest.approx(alone, rel=1e-4)


def test_every_draw_has_what_its_own_alternative_says(treated):
    """Curves of a mixture are, draw by draw, those of the alternative that the draw has."""
    draws = fits(treated)[0].draws
    given = [{**draws.covariates[0], "CRCL": crcl} for crcl in (30.0, 120.0)]
    which = np.arange(len(draws.eta)) % 2
    mixed = replace(draws, covariates=tuple(given), alternative=which)
    asked = [GRAM.schedule("vancomycin", 0.0)], [np.array([6.0, 30.0])], "concentration"
    alone = [replace(draws, covariates=(one,)).curves(*asked)[0] for one in given]
    found = mixed.curves(*asked)[0]
    assert found == pytest.approx(np.where(which[:, None] == 0, *alone), rel=1e-9)
    assert np.median(found[which == 0, 1]) > 1.5 * np.median(found[which == 1, 1])


def test_a_person_who_clears_more_needs_more(naive):
    fit, like = fits(naive)[0], GRAM
    doses = [
        exact_dose(naive.case, [known(fit, [eta, 0.0, 0.0])], like, target)
        for target in (AUC, TROUGH)
        for eta in np.linspace(-0.8, 0.8, 5)
    ]
    assert (np.diff(doses[:5]) > 0).all()
    assert (np.diff(doses[5:]) > 0).all()


def test_better_kidneys_need_more(naive):
    doses = [twin(case(given=NEVER, now=0.0, CRCL=c)).exact_dose(GRAM) for c in (30.0, 60.0, 90.0, 150.0, 200.0)]
    assert (np.diff(doses[:4]) > 0).all()
    assert doses[4] == doses[3]  # capped at 150 mL/min


# -- closed forms --------------------------------------------------------------------------------------------------

_EVERY = [(find(d), m) for d in library() for m in find(d).models if m.linear and not m.breakpoints]
_QUICK = {"vancomycin_goti_2018", "apixaban_cirincione_2018", "infliximab_fasanmade_2009"}


@pytest.mark.parametrize(
    ("drug", "model"),
    [pytest.param(d, m, id=m.name, marks=() if m.name in _QUICK else pytest.mark.slow) for d, m in _EVERY],
)
def test_steady_auc_is_dose_over_clearance(drug: Drug, model: Model):
    """AUC over an interval at steady state = F·dose/CL, whatever the model's compartments and absorption are."""
    person = {c.name: _middle(c) for c in model.covariates}
    size = sum(v.variance > 0 for v in model.variability)
    eta = np.random.default_rng(3).normal(0, 0.2, (4, len(model.random_effects)))
    assert eta.shape[1] >= size
    route = drug.regimens[0].route if drug.regimens[0].route in model.routes else next(iter(model.routes))
    molar = {"molar_mass": drug.molar_mass, "moiety_factor": drug.products[0].moiety_factor}
    draws = Draws(model, model.theta, eta, np.zeros(4, dtype=int), (person,), **molar)
    amount = drug.amounts(drug.regimens[0].route, 1.0, 1e5, most_units=1)[0]
    interval = 24.0 if route == "oral" else 168.0 if model.name.startswith(("adalimumab", "infliximab")) else 12.0
    c = Candidate(amount, drug.products[0].unit, interval, route, 1.0 if route == "iv" else None)
    target = Target("auc", "auc24", 1, 2, model.outputs[0].unit + ".h", SOURCE)
    where = window(0.0, interval, c.kinks(0.0, interval))
    curve = draws.curves([c.steady(drug.name)], [where.time], model.outputs[0].name, steady=True)[0]
    own = replace(draws, covariates=({**person, "DOSE": amount} if "DOSE" in person else person,)).individual(0.0)
    taken = amount * drug.products[0].moiety_factor * own.get("F", 1.0)
    from vitruvian.core import convert

    per_hour = convert(1.0, "h", model.time_unit)
    dose = convert(1.0, c.unit, model.amount_unit, molar_mass=drug.molar_mass) * taken
    output = convert(1.0, f"{model.amount_unit}/L", model.outputs[0].unit, molar_mass=drug.molar_mass)
    expected = output * dose / (own["CL"] * per_hour) * 24.0 / interval
    factor = unit_factor(replace(case(), drug=drug), model, target)
    assert factor * metric(target, where, curve) == pytest.approx(expected, rel=2e-4)


def _middle(c) -> float:
    if c.default is not None:
        return c.default
    if c.categories:
        return float(min(c.categories))
    low, high = c.soft if np.isfinite(c.soft).all() else (0.0, 2.0 * ADULT.get(c.name, 0.0))
    return ADULT.get(c.name, (low + high) / 2)


# -- what a recommendation must be ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def answered(treated):
    return treated.recommend()


def test_probabilities_are_whole(answered):
    for o in answered.options:
        assert o.p_below + o.p_target + o.p_above == pytest.approx(1.0, abs=1e-9)
        assert all(0 <= p <= 1 for p in (o.p_below, o.p_target, o.p_above, *o.p_harm.values()))
        assert o.metric.low <= o.metric.median <= o.metric.high


def test_the_recommended_option_is_allowed_and_the_best_of_those(treated, answered):
    goal, best = treated.goal(None), answered.best
    assert best.allowed
    assert max(best.p_harm.values()) <= goal.harm_cap
    assert best.label == "personalised"
    assert answered.options[answered.standard].label == "standard"
    chosen = Candidate(best.dose, best.dose_unit, best.interval_h, best.route, best.duration_h)
    assert not option_faults(VANCOMYCIN, chosen, treated.case.person)
    assert is_real(VANCOMYCIN, chosen)
    open_to = [o for o in answered.options if o.allowed and max(o.p_harm.values()) <= goal.harm_cap]
    assert best.utility >= max(o.utility for o in open_to) - 0.03
    for o in answered.options:
        assert o.utility == pytest.approx(o.p_target - goal.harm_weight * max(o.p_harm.values()))


@pytest.mark.parametrize("broken", ["weight", "draws"])
def test_what_is_no_number_is_no_dose(treated, broken):
    """A weight that is no number would make every chance 100 %; draws that are none have no curve."""
    fit = fits(treated)[0]
    nowhere = np.full_like(fit.draws.eta, np.nan)
    wrong = replace(fit, weight=np.nan) if broken == "weight" else replace(fit, draws=replace(fit.draws, eta=nowhere))
    answer = replace(treated, fits=(wrong,)).recommend()
    assert answer.refused
    assert answer.recommended is None
    assert "not a number" in answer.sentence or "not finite" in answer.sentence


def test_a_better_option_outside_the_guard_is_not_recommended(treated):
    """The cap on harm and the bounds come before utility."""
    strict = replace(goal_for(VANCOMYCIN), harm_cap=0.05)
    loose = replace(strict, harm_cap=1.0, harm_weight=0.0)
    options = [
        Candidate(a, "mg", 12.0, "iv", d) for a, d in ((250, 1.0), (500, 1.0), (750, 1.0), (1000, 1.0), (4250, 4.5))
    ]
    found = compare(treated.case, fits(treated), options, strict)
    best = found.best(strict)
    assert best is None or found.harm(best) <= 0.05
    free = found.best(loose)
    assert free is not None
    assert found.outcome[free].p_target >= max(found.outcome[k].p_target for k in range(4)) - 0.03
    assert "absolute bound" in found.faults[4][0]
    assert found.best(replace(goal_for(VANCOMYCIN, "auc24 3000-9000 mg.h/L"), harm_cap=1.0, harms=())) != 4


def test_nothing_is_recommended_when_every_option_harms(treated):
    answer = treated.compare([replace(GRAM, amount=2000, duration=2.0)])
    assert answer.refused
    assert answer.recommended is None
    assert "chance of harm" in answer.sentence


def test_a_higher_dose_raises_the_metric_and_the_harm(treated):
    options = [replace(GRAM, amount=a) for a in (500.0, 750.0, 1000.0, 1500.0, 2000.0)]
    found = compare(treated.case, fits(treated), options, treated.goal(None))
    assert (np.diff([o.interval().median for o in found.outcome]) > 0).all()
    assert (np.diff([found.harm(k) for k in range(5)]) >= 0).all()


def _made_up(rows):
    """A comparison of regimens (amount, interval, P(target), P(harm)) without any model."""

    def outcome(p):
        share = np.arange(1000) < round(1000 * p)
        return Outcome(AUC, (np.where(share, 500.0, 300.0),), (1.0,))

    options = tuple(Candidate(amount, "mg", every, "iv", 1.0) for amount, every, _, _ in rows)
    return Compared(
        options,
        tuple(outcome(p) for _, _, p, _ in rows),
        tuple((outcome(p),) for _, _, _, p in rows),
        ((),) * len(rows),
        tuple(p - 0.5 * harm for _, _, p, harm in rows),
    )


def test_the_recommendation_follows_the_rule_that_is_printed():
    """Of those within 2 % of the best, the smallest daily dose; of one daily dose, the better; the cap is the cap."""
    goal = Goal(AUC)
    twice, once, more = (500, 12.0, 0.529, 0.075), (1000, 24.0, 0.529, 0.049), (1250, 24.0, 0.65, 0.253)
    for rows in ([twice, once, more], [more, once, twice]):
        found = _made_up(rows)
        assert str(found.candidates[found.best(goal)]).startswith("1000 mg")
        assert _over(found.harm(rows.index(more)), goal.harm_cap) == ("25.3 % chance of harm, over the limit of 25 %",)
        (said,) = _passed_over(found, found.best(goal), goal)
        assert said.startswith("1250 mg")
        assert "25.3 %" in said
    near = _made_up([(1250, 24.0, 0.545, 0.05), once])
    assert near.best(goal) == 1
    assert "more a day" in _passed_over(near, 1, goal)[0]
    better = _made_up([(1250, 24.0, 0.56, 0.05), once])
    assert better.best(goal) == 0
    assert not _passed_over(better, 0, goal)


def test_ranking_does_not_depend_on_the_order_of_options(treated):
    options = [replace(GRAM, amount=a) for a in (500.0, 750.0, 1000.0, 1500.0, 2000.0)]
    goal = treated.goal(None)
    one = compare(treated.case, fits(treated), options, goal)
    other = compare(treated.case, fits(treated), options[::-1], goal)
    assert one.utility == other.utility[::-1]
    assert options[one.best(goal)] == options[::-1][other.best(goal)]


def test_options_of_another_form_are_refused(treated):
    with pytest.raises(InputError, match="nothing to compare"):
        treated.compare([])
    with pytest.raises(InputError, match="one repeated dose"):
        treated.compare([infusion("vancomycin", 1000, "mg", over=1)])
    with pytest.raises(InputError, match="another drug"):
        treated.forecast(infusion("gentamicin", 300, "mg", over=1, every=24), hours=24)


def test_goals_say_what_is_wrong_with_them():
    for text, complaint in (
        ("auc24 600-400 mg.h/L", "low < high"),
        ("nonsense", "no goal of this name"),
        ("peak 10-15", "needs its unit"),
        ("time_above 60-100 %", "needs its concentration"),
    ):
        with pytest.raises(InputError, match=complaint):
            goal_for(VANCOMYCIN, text)
    assert isinstance(goal_for(VANCOMYCIN, "trough 10-15 mg/L"), Goal)
    assert goals.goal_for(VANCOMYCIN, "auc24").target is AUC
    assert GOTI.linear
