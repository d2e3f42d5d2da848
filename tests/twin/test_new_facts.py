"""A new fact compiles no new program: tables of doses, levels and covariates keep their shape. No model runs here."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import jax
import numpy as np
import pytest
from twin_cases import GOTI, case

from vitruvian.model.schedule import infusion
from vitruvian.twin import Case, draws
from vitruvian.twin.calibrate import table
from vitruvian.twin.draws import Draws

LEVELS = ((26.0, 24.0), (47.5, 12.0))


def every(hours: float, count: int) -> Any:
    """Creatinine clearance measured so often."""
    return tuple(hours * k for k in range(count)), tuple(60.0 + k for k in range(count))


def given(count: int) -> Any:
    return infusion("vancomycin", 1000, "mg", over=1, every=12, count=count)


BEFORE = case(LEVELS, CRCL=60.0)
AFTER = {
    "one creatinine more": case(LEVELS, CRCL=every(24.0, 2)),
    "three more": case(LEVELS, CRCL=every(12.0, 4)),
    "one level more": case((*LEVELS, (55.0, 20.0)), CRCL=60.0),
    "one dose more": case(LEVELS, given=given(5), CRCL=60.0),
}


def shapes(person: Case) -> Any:
    """Shapes and what else a program depends on, of the table of a fit."""
    (covariates,) = person.covariates_for(GOTI)
    found = table(person, GOTI, covariates)
    return jax.tree.map(np.shape, found), found.infused, found.n_occasions, found.ordered


@pytest.mark.parametrize("what", AFTER)
def test_a_new_fact_keeps_the_shape_of_a_fit(what: str) -> None:
    assert shapes(AFTER[what]) == shapes(BEFORE)


@pytest.mark.parametrize("what", AFTER)
def test_a_new_fact_keeps_the_shape_of_a_forecast(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def predict(model: Any, events: Any, theta: Any, eta: Any, own: Any, count: Any) -> Any:
        seen.append(jax.tree.map(np.shape, (events, eta, own)))
        return np.zeros((len(events), len(eta), np.shape(events.observations.time)[-1]))

    monkeypatch.setattr(draws, "_predict", predict)
    for person in (BEFORE, AFTER[what]):
        ahead = Draws(GOTI, GOTI.theta, np.zeros((3, 3)), np.zeros(3, int), person.covariates_for(GOTI), (60.0,))
        ahead.curves([person.given], [np.linspace(60.0, 132.0, 100)], "concentration")
    assert seen[0] == seen[1]


def test_room_changes_no_event() -> None:
    """What fills a table up comes after, or does nothing: the rows of the records are those of the tight table."""
    (covariates,) = AFTER["three more"].covariates_for(GOTI)
    roomy = table(AFTER["three more"], GOTI, covariates)
    tight = table(AFTER["three more"], GOTI, covariates, room=0)
    for name in ("doses", "changes", "observations"):
        for key in ("time", "row"):
            long, short = (np.asarray(getattr(getattr(t, name), key))[0] for t in (roomy, tight))
            assert len(long) >= len(short)
            count = {"doses": 4, "changes": 3, "observations": 3}[name]
            np.testing.assert_array_equal(long[:count], short[:count])
    assert not np.asarray(roomy.doses.amount)[0, 4:].any()
    assert not np.asarray(roomy.changes.exists)[0, 3:].any()


def test_the_alarm_of_a_slow_compilation_stays_out_of_the_log() -> None:
    program = "import os, vitruvian; print(os.environ['TF_CPP_MIN_LOG_LEVEL'])"
    clean = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    found = subprocess.run([sys.executable, "-c", program], env=clean, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "3"
