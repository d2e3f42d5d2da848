"""Windows of series scored and explained on one core: 48 steps of 8 channels, 40 % missing, memory of 32 numbers."""

from __future__ import annotations

import numpy as np

from bench.timing import Row, best
from vitruvian.learn import Feature, Target
from vitruvian.learn.sequence import SequenceModel, Shape, Training, Windows, fit_sequences, nothing_fixed

LIMIT = 20_000
STEPS, CHANNELS = 48, 8


def rows(windows: int, rounds: int) -> list[Row]:
    """Scored from raw windows to margins: scaling and gaps included; GRU-D holds the limit."""
    some = made_up(windows, seed=0)
    few = some.take(np.arange(64))
    found = []
    for kind in ("gru_d", "lstm", "transformer"):
        model = trained(kind)
        spent = best(lambda model=model: model.margins(some), rounds)  # type: ignore[misc]
        explained = best(lambda model=model: model.explain(few), rounds)  # type: ignore[misc]
        rate, told = windows / spent.cpu, len(few) / explained.cpu
        found.append(
            Row(
                f"{windows:,} windows of {STEPS}x{CHANNELS} scored by {kind}, 32 numbers",
                f"≥ {LIMIT:,} windows per CPU-second" if kind == "gru_d" else "-",
                f"{rate:,.0f}",
                rate >= LIMIT if kind == "gru_d" else None,
                f"explained by integrated gradients: {told:,.0f} windows per CPU-second",
            )
        )
    return found


def made_up(windows: int, seed: int) -> Windows:
    """Noise; how long it takes does not depend on what is in it."""
    random = np.random.default_rng(seed)
    values = random.standard_normal((windows, STEPS, CHANNELS))
    values[random.random(values.shape) < 0.4] = np.nan
    channels = tuple(Feature(f"c{k}", f"Channel {k}") for k in range(CHANNELS))
    times = np.broadcast_to(np.arange(1 - STEPS, 1.0), (windows, STEPS)).copy()
    return Windows(channels, values, times, nothing_fixed(windows))


def trained(kind: str) -> SequenceModel:
    """A model of one epoch."""
    some, place = made_up(600, seed=1), np.arange(600) % 3
    outcome = np.nan_to_num(some.values[:, -1, 0]) > 0.5
    parts = {"train": place == 0, "stop": place == 1, "calibrate": place == 2}
    how = Training(epochs=1, batch=100)
    named = {"name": "bench", "title": "Bench", "target": Target("event", "Event"), "unit": "h"}
    return fit_sequences(some, outcome, parts, Shape(kind, 32), how, **named)  # type: ignore[arg-type]
