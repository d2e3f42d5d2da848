"""The watch on made-up people: faults are found within a known time, clean days call seldom, and the rate says so.

Delays and rates are measured here on fixed seeds; the limits are those that were seen, with room.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from made_up_signals import DAY, START, Signal, glucose, heart_rate, saturation

from vitruvian.twin.monitor import RULES, Alert, Usual, Watch, passed, sampled, usual_from

MAKE = {"heart_rate": heart_rate, "glucose": glucose, "oxygen_saturation": saturation}
LEARN, WATCHED, FAULT = 9, 3, 10.1
SEEDS = range(2)
Fault = Callable[[Signal], Signal]


@cache
def person(name: str, seed: int) -> tuple[Signal, Usual]:
    signal = MAKE[name](seed, LEARN + WATCHED)
    past = signal.until(LEARN)
    usual = usual_from(RULES[name], past.at, past.value, 0)
    assert usual is not None
    return signal.from_(LEARN), usual


def watched(signal: Signal, usual: Usual | None) -> list[Alert]:
    """Alerts as the server would give them: the clock goes on in silence, too."""
    watch, found = Watch(RULES[signal.name], usual), []
    clock = int(signal.at[0])
    for at, value in signal:
        while clock + 60_000 < at:
            clock += 60_000
            watch, events = passed(watch, clock)
            found += events
        clock = at
        watch, _, events = sampled(watch, at, value, at)
        found += events
    return [one for one in found if isinstance(one, Alert)]


def delay_min(signal: Signal, usual: Usual, *kinds: str) -> float:
    """Minutes from the fault to the first alert of some kinds."""
    begin = START + FAULT * DAY
    later = [one for one in watched(signal, usual) if one.raised_ms >= begin and one.kind in kinds]
    return min(((one.raised_ms - begin) / 60_000 for one in later), default=np.inf)


@pytest.mark.parametrize("name", ["heart_rate", "glucose", pytest.param("oxygen_saturation", marks=pytest.mark.slow)])
def test_clean_days_call_seldom_and_the_rate_says_so(name: str) -> None:
    alerts, days, high = 0, 0.0, 0.0
    for seed in SEEDS:
        clean, usual = person(name, seed)
        assert usual.rate is not None
        alerts, days = alerts + len(watched(clean, usual)), days + WATCHED
        high += usual.rate.high / len(SEEDS)
    assert alerts / days <= 1.0
    assert alerts / days <= high


@pytest.mark.parametrize(
    ("name", "fault", "kinds", "within"),
    [
        ("heart_rate", lambda one: one.shifted(FAULT, 75), ("limit",), 4),
        ("heart_rate", lambda one: one.shifted(FAULT, 25), ("change", "residual", "outlier"), 150),
        ("heart_rate", lambda one: one.drifting(FAULT, 4), ("change", "outlier"), 360),
        ("heart_rate", lambda one: one.silent(FAULT, 120), ("missing",), 5),
        ("heart_rate", lambda one: one.stuck(FAULT), ("quality",), 35),
        ("heart_rate", lambda one: one.spikes(1, 0.7, 300.0, FAULT), ("quality",), 60),
        ("oxygen_saturation", lambda one: one.shifted(FAULT, -4), ("change", "residual", "outlier", "limit"), 40),
        ("oxygen_saturation", lambda one: one.drifting(FAULT, -0.5), ("change",), 420),
        ("glucose", lambda one: one.shifted(FAULT, 60), ("outlier", "residual"), 30),
        ("glucose", lambda one: one.drifting(FAULT, 15), ("change", "outlier"), 300),
        ("glucose", lambda one: one.silent(FAULT, 120), ("missing",), 25),
        ("glucose", lambda one: one.shifted(FAULT, -70), ("limit",), 20),
    ],
)  # fmt: skip
def test_a_fault_is_found_in_time(name: str, fault: Fault, kinds: tuple[str, ...], within: float) -> None:
    clean, usual = person(name, 0)
    assert delay_min(fault(clean), usual, *kinds) <= within
    assert delay_min(clean, usual, *kinds) > within  # and not without the fault


def test_a_second_level_of_the_day_is_usual() -> None:
    _, usual = person("heart_rate", 0)
    assert usual.by_time
    assert usual.level[usual.part(START + DAY * 12 // 24)] - usual.level[usual.part(START + DAY * 3 // 24)] > 8


def test_the_part_of_the_day_is_local() -> None:
    signal = heart_rate(0, 4)
    here = usual_from(RULES["heart_rate"], signal.at, signal.value, 0)
    away = usual_from(RULES["heart_rate"], signal.at - 6 * 3_600_000, signal.value, 360)
    assert here is not None
    assert away is not None
    assert here.level == away.level


def test_nothing_is_usual_yet_of_a_new_person() -> None:
    short = heart_rate(0, 0.02)
    assert usual_from(RULES["heart_rate"], short.at, short.value, 0) is None
    assert {one.kind for one in watched(short.shifted(0.01, 90), None)} <= {"limit", "quality"}
    day = heart_rate(0, 1)
    found = usual_from(RULES["heart_rate"], day.at, day.value, 0)
    assert found is not None
    assert found.rate is None
    assert not found.by_time
