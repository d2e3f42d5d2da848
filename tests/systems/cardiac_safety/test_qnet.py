"""qNet against the published numbers, abnormal beats, and drugs from end to end."""

from __future__ import annotations

import numpy as np
import pytest

from vitruvian.core import DataError
from vitruvian.systems.cardiac_safety import (
    DOSES,
    RISKS,
    Assessed,
    Beats,
    CardiacDrug,
    Potency,
    assess,
    exposed,
    library,
    named_thresholds,
    published,
    settled_beats,
    skill,
)
from vitruvian.systems.cardiac_safety.assess import _assessed
from vitruvian.systems.cardiac_safety.orbit import FLAGS
from vitruvian.systems.cardiac_safety.qnet import control, ranked_in

GOLDEN = {  # the initiative's own program (Li 2019, doi:10.1002/cpt.1184), CVODE 1e-6, beat 1000
    ("dofetilide", 0.0): (0.0697, 289.2),
    ("dofetilide", 4.0): (0.0437, 417.5),
    ("verapamil", 4.0): (0.0744, 344.7),
}


def parameters(which: list[tuple[str, float]]) -> dict[str, np.ndarray]:
    drugs = library("manual")
    parts = [exposed(ranked_in(), published(drugs[name]), dose * drugs[name].cmax) for name, dose in which]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def test_published_beats_and_an_abnormal_one() -> None:
    which = [*GOLDEN, ("quinidine", 4.0)]
    told: list[int] = []
    found = settled_beats(parameters(which), progress=told.append)
    for at, (qnet, apd90) in enumerate(GOLDEN.values()):
        assert found.qnet[at] == pytest.approx(qnet, rel=0.01)
        assert found.apd90[at] == pytest.approx(apd90, abs=1.0)
    assert found.normal.tolist() == [True, True, True, False]
    assert found.abnormal["failed_repolarisation"][3] or found.abnormal["ead"][3]
    assert sum(told) == len(which)


def test_the_control_is_settled() -> None:
    assert control().shape == (len(ranked_in().State._fields),)
    assert not control().flags.writeable
    found = settled_beats(parameters([("dofetilide", 0.0)]))
    assert found.qnet[0] == pytest.approx(0.06938, rel=1e-3)
    assert found.left[0] < 3e-4


def test_a_drug_from_end_to_end() -> None:
    drug = CardiacDrug("mine", 10.0, {"IKr": Potency(20.0, 1.0)}, None, "high")
    (found,) = assess([drug], named_thresholds("nanion-8"), samples=4, doses=(2.0,), seed=3)
    (dose,) = found.doses
    assert found.score == dose.qnet
    assert dose.concentration == 20.0
    assert not dose.abnormal
    assert found.band is not None
    assert found.band.low < found.band.median < found.band.high
    assert found.samples == found.ranked == 4
    assert sum(found.probabilities.values()) == pytest.approx(1.0)
    assert dose.apd90 is not None
    assert 340.0 < dose.apd90 < 500.0
    assert any("no hERG kinetics" in reason for reason in found.reasons)
    assert any("another laboratory" in reason for reason in found.reasons)
    with pytest.raises(DataError):
        assess([], named_thresholds("nanion-8"))
    with pytest.raises(DataError, match="multiples"):
        assess([drug], named_thresholds("nanion-8"), doses=(0.0,))


def judged(scores: list[float], dataset: str) -> Assessed:
    """A drug whose samples have these scores, by thresholds of the "manual" data set."""
    drug = CardiacDrug("mine", 10.0, {"IKr": Potency(20.0, 1.0)}, source="manual patch clamp", dataset=dataset)
    n = len(scores)
    abnormal = {name: np.zeros(n, bool) for name in FLAGS}
    beats = Beats(np.array(scores), np.full(n, 300.0), abnormal, np.zeros(n), np.zeros((1, n)))
    return _assessed(drug, (1.0,), [beats], [beats], named_thresholds("validation-2019"))


def test_a_tie_is_the_higher_class_and_a_data_set_is_told_by_its_name() -> None:
    tie = judged([0.08, 0.04], "manual")
    assert tie.probabilities == {"low": 0.5, "intermediate": 0.0, "high": 0.5}
    assert tie.risk == "high"
    assert not any("another laboratory" in reason for reason in tie.reasons)
    assert any("another laboratory" in reason for reason in judged([0.08], "chantest").reasons)
    assert {one.dataset for one in library("chantest").values()} == {"chantest"}


@pytest.mark.slow
def test_many_beats_agree_with_leaps() -> None:
    """A thousand beats come near to where leaps go.

    Not nearer: sodium and potassium still drift then (verapamil's qNet by 3e-5 of itself in each further thousand
    beats, towards where the leap is, 0.3 % lower).
    """
    from vitruvian.systems.cardiac_safety.orbit import cycle
    from vitruvian.systems.cardiac_safety.qnet import CYCLE_LENGTH, FINENESS, NET

    which = [(name, 4.0) for name in ("dofetilide", "verapamil", "ranolazine", "bepridil", "mexiletine", "pimozide")]
    p = parameters(which)
    start = tuple(np.repeat(control()[:, None], len(which), axis=1))
    plain, _ = cycle(ranked_in(), p, start, cycle_length=CYCLE_LENGTH, currents=NET, beats=999, fineness=FINENESS)
    found = settled_beats(p)
    assert found.qnet == pytest.approx(plain.charge, rel=4e-3)
    assert found.apd90 == pytest.approx(plain.apd90, abs=0.5)


@pytest.mark.slow
def test_semantic_order_and_skill_of_28_drugs() -> None:
    drugs = list(library("manual").values())
    found = {one.drug.name: one for one in assess(drugs, named_thresholds("validation-2019"), samples=0)}
    free = settled_beats(parameters([("dofetilide", 0.0)])).qnet[0]
    training = [row for row in found if row in _TRAINING]
    for name in training:
        for dose in found[name].doses:
            if dose.qnet is not None:
                assert (dose.qnet > free) == (found[name].drug.risk == "low"), (name, dose.times_cmax)
    judged = [one for one in found.values() if one.risk is not None and one.drug.risk is not None]
    scores = [one.score if one.score is not None else 0.0 for one in judged]
    names = [one.drug.name for one in judged]
    told = skill(names, [one.drug.risk or RISKS[0] for one in judged], [one.risk or RISKS[0] for one in judged], scores)
    assert told.of == 28
    assert 20 <= told.right < 28
    assert all(split.auc > 0.85 for split in told.splits)
    assert len(DOSES) == 4


_TRAINING = (
    "quinidine", "bepridil", "dofetilide", "sotalol", "chlorpromazine", "cisapride", "terfenadine", "ondansetron",
    "diltiazem", "mexiletine", "ranolazine", "verapamil",
)  # fmt: skip
