"""Descent keeps the best by people kept apart, and an interrupted run ends where one in a piece does."""

import jax.numpy as jnp
import numpy as np
import pytest

from vitruvian.core import DataError
from vitruvian.systems.hybrid.descent import descend

START = {"x": jnp.array([3.0, -2.0])}


def loss(now):
    return (now["x"] ** 2).sum()


def apart(now):
    return ((now["x"] - 1.0) ** 2).sum()


def test_the_best_for_people_kept_apart_is_kept() -> None:
    found, value = descend(loss, apart, START, steps=400, rate=0.05)
    assert value == apart(found)
    assert value < apart({"x": jnp.zeros(2)})


def test_an_interrupted_run_goes_on(tmp_path) -> None:
    file, stop = tmp_path / "state.npz", iter([False, True])

    def interrupted(done: int) -> None:
        if next(stop):
            raise KeyboardInterrupt

    whole, value = descend(loss, apart, START, steps=80, rate=0.05)
    with pytest.raises(KeyboardInterrupt):
        descend(loss, apart, START, steps=80, rate=0.05, file=file, key="a", progress=interrupted)
    told: list[int] = []
    again, same = descend(loss, apart, START, steps=80, rate=0.05, file=file, key="a", progress=told.append)
    assert told == [60, 80]
    assert same == value
    np.testing.assert_array_equal(again["x"], whole["x"])
    with pytest.raises(DataError, match="another run"):
        descend(loss, apart, START, steps=80, rate=0.05, file=file, key="b")
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(DataError, match="cannot be read"):
        descend(loss, apart, START, steps=80, rate=0.05, file=file, key="a")
