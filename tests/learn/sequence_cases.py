"""Made-up windows in which the event is the sum of two channels' newest values, and a small model of them."""

from __future__ import annotations

from functools import cache

import numpy as np

from vitruvian.learn import Feature, Rows, Target
from vitruvian.learn.sequence import SequenceModel, Shape, Training, Windows, fit_sequences

CHANNELS = (Feature("one", "One", "mmol/L", low=-50, high=50), Feature("two", "Two", "/min"), Feature("noise", "Noise"))
TARGET = Target("event", "An event", horizon="P5D")
STEPS = 10
HOW = Training(epochs=6, batch=64, rate=0.015, seed=2)


def windows(rows: int, seed: int, missing: float = 0.3) -> tuple[Windows, np.ndarray]:
    random = np.random.default_rng(seed)
    values = 5 + 2 * random.standard_normal((rows, STEPS, 3)).cumsum(axis=1) / 2
    age = random.standard_normal((rows, 1))
    score = (values[:, -1, 0] - 5) - (values[:, -1, 1] - 5) + age[:, 0]
    outcome = score + 0.5 * random.standard_normal(rows) > 1.5
    values[random.random(values.shape) < missing] = np.nan
    times = np.broadcast_to(-np.arange(STEPS - 1, -1, -1.0), (rows, STEPS)).copy()
    times[: rows // 5, : STEPS // 2] = np.nan
    values[: rows // 5, : STEPS // 2] = np.nan
    fixed = Rows((Feature("age", "Age", "a"),), np.where(random.random((rows, 1)) < 0.1, np.nan, age))
    return Windows(CHANNELS, values, times, fixed), outcome


def parts(rows: int) -> dict[str, np.ndarray]:
    place = np.arange(rows) % 10
    return {"train": place < 6, "stop": place == 6, "calibrate": place > 6}


@cache
def model(kind: str = "gru_d") -> SequenceModel:
    some, outcome = windows(1000, seed=1)
    return fit_sequences(
        some, outcome, parts(1000), Shape(kind, hidden=12, layers=1),  # type: ignore[arg-type]
        HOW, name="made_up", title="Made up", target=TARGET, unit="d",
    )  # fmt: skip
