"""Made-up people whose true hazards are known."""

import numpy as np


def at_once(n: int, seed: int, ties: bool = True) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Three covariates, times and events (1, 2, or 0: censored); hazards 0.1 exp(0.7 a - 0.4 b) and 0.05 exp(0.5 c)."""
    drawn = np.random.default_rng(seed)
    x = np.stack([drawn.normal(size=n), drawn.normal(size=n), (drawn.random(n) < 0.4).astype(float)], axis=1)
    first = drawn.exponential(1.0 / (0.1 * np.exp(0.7 * x[:, 0] - 0.4 * x[:, 1])))
    second = drawn.exponential(1.0 / (0.05 * np.exp(0.5 * x[:, 2])))
    censored = drawn.uniform(3.0, 12.0, n)
    time = np.minimum.reduce([first, second, censored])
    event = np.where(time == first, 1, np.where(time == second, 2, 0))
    return x, np.ceil(time * 10) / 10 if ties else time, event


def changing(n: int, seed: int) -> tuple[np.ndarray, ...]:
    """People watched from day 0 to 2, of whom `b` changes every day: person, start, stop, event, values."""
    drawn = np.random.default_rng(seed)
    found = []
    for person in range(n):
        a, b, now = drawn.normal(), drawn.normal(), float(drawn.integers(0, 3))
        while True:
            b = 0.8 * b + 0.6 * drawn.normal()
            time = now + np.ceil(20 * drawn.exponential(1.0 / (0.15 * np.exp(0.5 * a + 0.9 * b)))) / 20
            if time <= now + 1.0:
                found.append((person, now, time, 1, a, b))
                break
            censored = drawn.random() < 0.08 or now > 8
            found.append((person, now, now + 1.0, 0, a, b))
            now += 1.0
            if censored:
                break
    person, start, stop, event, a, b = map(np.array, zip(*found, strict=True))
    return person, start, stop, event, np.stack([a, b], axis=1)
