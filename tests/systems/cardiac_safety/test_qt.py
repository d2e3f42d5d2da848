"""QT under drugs: direction, two drugs, potassium, refusals; and the same through ports."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vitruvian.core import InputError, RefusalError
from vitruvian.model import (
    Output,
    Parameter,
    ResidualError,
    Settled,
    Values,
    Wire,
    compile_events,
    join,
    oral,
    simulate,
)
from vitruvian.pharmacology.compartments import CompartmentModel
from vitruvian.systems.cardiac_safety import Repolarisation, library, qt_shift
from vitruvian.systems.cardiac_safety.orbit import FLAGS
from vitruvian.systems.cardiac_safety.qnet import SOURCE, Beats
from vitruvian.systems.cardiac_safety.qt import _shift

DRUGS = library("manual")
FAST: Any = {"samples": 6, "cycle_length": 2000.0}


def test_direction_of_the_shift() -> None:
    alone = qt_shift([DRUGS["dofetilide"]], [2.0], **FAST)
    assert 15.0 < alone.apd90.median < 60.0
    assert alone.apd90.low < alone.apd90.median < alone.apd90.high
    assert alone.base == pytest.approx(289.3, abs=0.3)


@pytest.mark.slow
def test_potassium_calcium_blockers_and_no_drug() -> None:
    alone = qt_shift([DRUGS["dofetilide"]], [2.0], **FAST)
    low = qt_shift([DRUGS["dofetilide"]], [2.0], potassium=3.0, **FAST)
    assert low.base > alone.base + 5.0
    assert qt_shift([DRUGS["nifedipine"]], [7.7], **FAST).qt.median < 0.0
    none = qt_shift([DRUGS["dofetilide"]], [0.0], **FAST)
    assert abs(none.qt.median) < 0.1


@pytest.mark.slow
def test_two_drugs_and_draws_of_a_level() -> None:
    both = [DRUGS["ondansetron"], DRUGS["clarithromycin"]]
    level = np.array([1000.0, 1200.0, 1500.0])
    together = qt_shift(both, [139.0, level], **FAST)
    first = qt_shift(both, [139.0, 0.0], **FAST)
    assert together.qt.median > first.qt.median > 0.0
    assert qt_shift(both, [139.0, level], rule="independent", **FAST).apd90.median >= together.apd90.median
    assert any("Hill" in reason for reason in together.reasons)


def test_refusals() -> None:
    one = [DRUGS["dofetilide"]]
    for wrong in (float("nan"), -1.0, np.array([])):
        with pytest.raises(InputError, match="free concentration of dofetilide"):
            qt_shift(one, [wrong], **FAST)
    with pytest.raises(InputError, match="as many each"):
        qt_shift(one, [1.0, 2.0], **FAST)
    with pytest.raises(InputError, match="potassium"):
        qt_shift(one, [1.0], potassium=0.4, **FAST)


@pytest.mark.slow
def test_failing_repolarisation_is_refused() -> None:
    with pytest.raises(RefusalError, match="Repolarisation fails"):
        qt_shift([DRUGS["quinidine"]], [8 * 3237.0], **FAST)


def beats(failing: int, alternans: int, left: float = 0.0, samples: int = 40) -> Beats:
    """Beats of the control and of samples 5 ms longer, the first of which fail, the last alternate."""
    at = np.arange(samples + 1)
    abnormal = {name: np.zeros(samples + 1, bool) for name in FLAGS}
    abnormal["ead"] = (at >= 1) & (at <= failing)
    abnormal["alternans"] = at > samples - alternans
    apd90 = np.where(at == 0, 290.0, 295.0)
    return Beats(np.ones(samples + 1), apd90, abnormal, np.where(at == samples // 2, left, 0.0), np.zeros((1, samples)))


def test_samples_without_a_normal_beat_are_counted_or_named() -> None:
    drugs, rng = [DRUGS["dofetilide"]], np.random.default_rng(0)
    found = _shift(beats(2, 10, left=0.01), rng, drugs)
    assert (found.failing, found.lost) == (0.05, 0.25)
    assert found.over_10 == found.over_60 == pytest.approx(2 / 30)
    for words in ("fails in 5% of the samples", "25% of the samples alternate", "may still change by 1.0%"):
        assert any(words in reason for reason in found.reasons), words
    assert len(_shift(beats(0, 0), rng, drugs).reasons) == 1
    with pytest.raises(RefusalError, match="62% of the samples alternate"):
        _shift(beats(0, 25), rng, drugs)


class Plasma(CompartmentModel):
    """One compartment, oral."""

    name = "plasma"
    title = "plasma"
    source = SOURCE
    absorption = "first_order"
    parameters = (Parameter("CL", 20.0, "L/h"), Parameter("VC", 200.0, "L"))
    outputs = (Output("concentration", "mg/L", ResidualError("none")),)

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """As given."""
        return {"CL": theta["CL"], "VC": theta["VC"], "KA": 1.0}


def test_through_ports() -> None:
    """A level in plasma, its free share, the settled beat: at each moment what the cell gives at that concentration."""
    beat = Repolarisation(
        DRUGS["dofetilide"],
        unbound=0.36,
        molar_mass=441.6,
        doses=(0.5, 2.0, 4.0),
        potassium=(4.2,),
        cycle_length=2000.0,
    )
    joined = join(Plasma(), beat, [Wire("concentration", "concentration")], Settled())
    times = np.array([1.0, 4.0, 24.0])
    person = oral("dofetilide", 0.5, "mg", count=1).to_subject(joined, times, {})
    course = simulate(joined, compile_events(joined, [person]))[0]
    level, change = (course[:, joined.output_index(name)] for name in ("concentration", "APD90_change"))
    free = level * 0.36 / 441.6 * 1e6
    assert np.all(free < 4.0)
    expected = beat.apd90({"concentration": level[1], "UNBOUND": 0.36, "MOLAR_MASS": 441.6, "potassium": 4.2})
    assert change[1] == pytest.approx(float(expected) - 289.3, abs=0.5)
    assert change[0] > 0.0
    assert change[1] > change[2] > 0.0
