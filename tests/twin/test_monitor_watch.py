"""Rules of the watch one by one: quality, limits with their delay, silence, late and future samples, words, rates."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_signals import START, heart_rate

from vitruvian.learn.anomaly import Cusum, added, peaks
from vitruvian.tables.signals import signals
from vitruvian.twin.monitor import RULES, Alert, Over, Rate, Span, Usual, Watch, passed, sampled, together, usual_from
from vitruvian.twin.monitor.past import windowed
from vitruvian.twin.monitor.quality import Sieve, sieved

RULE = RULES["heart_rate"]
SECOND, MINUTE = 1000, 60_000


def feed(watch: Watch, values: list[float], every: int = SECOND, start: int = START):
    found, verdicts = [], []
    for k, value in enumerate(values):
        at = start + every * k
        watch, verdict, events = sampled(watch, at, value, at)
        found += events
        verdicts.append(verdict)
    return watch, verdicts, found


@pytest.fixture(scope="module")
def usual() -> Usual:
    signal = heart_rate(0, 3)
    found = usual_from(RULE, signal.at, signal.value, 0)
    assert found is not None
    return found


def test_a_limit_calls_after_its_delay_and_includes_the_value() -> None:
    _, _, early = feed(Watch(RULE), [100, *[131] * 19])
    assert early == []
    watch, _, events = feed(Watch(RULE), [100, *[131] * 20])
    (alert,) = events
    assert (alert.kind, alert.severity, alert.value, alert.unit) == ("limit", "urgent", 131, "/min")
    assert alert.began_ms == START + SECOND
    assert alert.raised_ms == START + 20 * SECOND
    assert "NEWS" in alert.sources[0]
    _, _, none = feed(Watch(RULE), [100, *([131] * 10 + [130]) * 10])
    assert none == []
    _, _, later = feed(watch, [80] * 20, MINUTE, START + MINUTE)
    assert [type(one) for one in later] == [Over]


def test_quality_of_samples() -> None:
    _, verdicts, _ = feed(Watch(RULE), [70, 71, 300, 72, 10, math.nan, 140, 71, 140, 141, 142, 143])
    jumps = ["jump", "good", "jump", "jump", "good", "good"]
    assert verdicts == ["good", "good", "implausible", "good", "implausible", "no value", *jumps]
    sieve = Sieve()
    for minute in range(32):
        sieve, quality = sieved(sieve, RULE, START + minute * MINUTE, 70.0)
    assert quality == "stuck"
    assert sieved(sieve, RULE, START + 32 * MINUTE, 71.0)[1] == "good"


def test_doubtful_samples_move_no_alert() -> None:
    watch, verdicts, events = feed(Watch(RULE), [70, *[70, 240] * 20])
    assert events == []
    assert verdicts.count("jump") == 20
    assert watch.value == 70


def test_a_steep_fall_is_followed_and_no_jump() -> None:
    falling = [150.0, 140, 120, 95, 70, 52, 50]
    _, verdicts, (alert,) = feed(Watch(RULES["glucose"]), falling, 5 * MINUTE)
    assert set(verdicts) == {"good"}
    assert (alert.kind, alert.began_ms, alert.raised_ms) == ("limit", START + 25 * MINUTE, START + 30 * MINUTE)


def test_mostly_bad_samples_are_told_of() -> None:
    _, _, events = feed(Watch(RULE), [70, *[260.0] * 30])
    assert [one.kind for one in events] == ["quality"]


def test_late_and_future_samples_move_nothing() -> None:
    watch, _, _ = feed(Watch(RULE), [70.0] * 120)
    now = START + 120 * SECOND
    for at, want in ((START, "late"), (now + 6 * MINUTE, "future"), (START - 90 * MINUTE, "late")):
        same, verdict, events = sampled(watch, at, 200.0, now)
        assert (verdict, events) == (want, [])
        assert same == watch
    ahead, verdict, _ = sampled(watch, now + 4 * MINUTE, 70.0, now)
    assert verdict == "good"
    assert ahead.newest == now + 4 * MINUTE


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(10)))
def test_order_within_a_window_does_not_matter(order: list[int]) -> None:
    watch = Watch(RULE)
    for k in order:
        watch, _, _ = sampled(watch, START + k * SECOND, 70.0 + k, START + 10 * SECOND)
    assert sorted(watch.held) == [70.0 + k for k in range(10)]
    assert watch.newest == START + 9 * SECOND


def test_silence_is_told_once_and_ends_with_the_next_sample(usual: Usual) -> None:
    watch, _, _ = feed(Watch(RULE, usual), [70.0] * 5, MINUTE)
    quiet, events = passed(watch, START + 4 * MINUTE + usual.silence_ms)
    assert events == []
    quiet, (alert,) = passed(quiet, START + 5 * MINUTE + usual.silence_ms)
    assert isinstance(alert, Alert)
    assert (alert.kind, alert.severity) == ("missing", "technical")
    assert passed(quiet, START + 90 * MINUTE)[1] == []
    at = START + 91 * MINUTE
    assert [type(one) for one in sampled(quiet, at, 70.0, at)[2]] == [Over]
    fresh, _, _ = feed(Watch(RULE), [70.0])
    assert passed(fresh, START + 9 * MINUTE)[1] == []


def test_every_alert_says_why_with_band_and_forecast(usual: Usual) -> None:
    high = usual.level[0] + (usual.z_limit + 2) * usual.spread[0]
    values = [usual.level[0]] * 8 + [min(high, 129.0)] * 12
    _, _, events = feed(Watch(RULE, usual), [v + (k % 2) for k, v in enumerate(values) for _ in range(4)], 15 * SECOND)
    kinds = {one.kind: one for one in events if isinstance(one, Alert)}
    assert {"outlier", "residual"} <= set(kinds)
    for one in kinds.values():
        assert one.cause.startswith("Heart rate")
        assert len(one.reason) > 40
        assert one.sources
        assert one.band is not None
        assert one.band.low < one.band.median < one.band.high
    residual = kinds["residual"]
    assert residual.forecast is not None
    assert residual.value is not None
    assert not residual.forecast.low <= residual.value <= residual.forecast.high


def with_twin(usual: Usual, span: Span, *values: float) -> list[Alert]:
    """Residual alerts of usual minutes and then these values, where the twin expects `span` all the time."""
    twin = tuple((START + k * MINUTE, span) for k in range(40))
    _, _, events = feed(Watch(RULE, usual, twin=twin), [*[62.0, 63.0] * 12, *values * 12], 30 * SECOND)
    return [one for one in events if isinstance(one, Alert) and one.kind == "residual"]


def test_a_twin_s_forecast_stands_before_the_person_s_own(usual: Usual) -> None:
    band = Span(50.0, 55.0, 60.0)
    (told,) = with_twin(usual, band, 110.0, 111.0)
    assert told.forecast == band
    assert not with_twin(usual, Span(100.0, 110.0, 120.0), 110.0, 111.0)  # the twin explains it
    assert not with_twin(usual, band, 62.0, 63.0)  # the person's own past does: that alone has a known rate


@pytest.mark.parametrize(
    "span", [(math.nan, 55.0, 60.0), (50.0, math.nan, 60.0), (60.0, 55.0, 50.0), (50.0, 55.0, math.inf)]
)
def test_a_forecast_that_is_no_number_is_none(usual: Usual, span: tuple[float, float, float]) -> None:
    """The person's own forecast stands in its place; what is no number neither calls nor hides a call."""
    (told,) = with_twin(usual, Span(*span), 110.0, 111.0)
    assert told.forecast is not None
    assert told.forecast.sound
    assert not with_twin(usual, Span(*span), 62.0, 63.0)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_no_number_calls_nobody_and_breaks_nothing(usual: Usual, value: float) -> None:
    watch, verdicts, events = feed(Watch(RULE, usual), [70.0, value, 71.0] * 6, 30 * SECOND)
    assert [one for one in events if isinstance(one, Alert)] == []
    assert set(verdicts) == {"good", "no value"}
    assert all(math.isfinite(x) for one in watch.past for x in (one.value, one.z))
    assert math.isfinite(watch.sums.size)


def test_cusum_by_hand() -> None:
    sums = Cusum()
    for k, z in enumerate([1.0, 2.0, 9.0, -1.0]):  # 0.5, 2.0, 4.5 (clipped at 3), 3.0
        sums = added(sums, z, k + 1, 5.0)
    assert (sums.up, sums.up_since) == (3.0, 1)
    assert sums.down == 0.5
    assert peaks(np.array([1.0, 2.0, 9.0, -9.0, -9.0])).tolist() == [5.0, 4.5]


def test_rate_is_the_exact_poisson_interval() -> None:
    # Garwood: 95 % of 0 events is 0–3.689, of 5 events 1.623–11.668
    assert Rate(0, 1.0).high == pytest.approx(3.689, abs=1e-3)
    assert (Rate(5, 1.0).low, Rate(5, 1.0).high) == (pytest.approx(1.623, abs=1e-3), pytest.approx(11.668, abs=1e-3))
    both = together([Rate(2, 4.0, {"limit": 2}), Rate(1, 2.0, {"limit": 1})])
    assert both is not None
    assert both.per_day == 1.0
    assert "95 %" in str(both)
    assert together([]) is None


def test_the_rate_counted_in_another_way() -> None:
    """Limits from two thirds of the past, alerts of the last third: as runs beyond the limit, and by a clock."""
    rule, learn = RULES["heart_rate"], 6
    signal = heart_rate(3, 9).shifted(6.5, 80, 30).shifted(7.25, 85, 45).silent(7.5, 720).shifted(8.5, 90, 20)
    whole = usual_from(rule, signal.at, signal.value, 0)
    first = usual_from(rule, signal.until(learn).at, signal.until(learn).value, 0)
    assert whole is not None
    assert first is not None
    assert whole.rate is not None
    later = signal.from_(learn)
    beyond = later.at[later.value >= rule.high]
    runs = np.split(beyond, np.flatnonzero(np.diff(beyond) > 15 * MINUTE) + 1)
    assert whole.rate.by_kind["limit"] == len([run for run in runs if run[-1] - run[0] >= 19 * SECOND]) == 3
    assert whole.rate.by_kind["missing"] == 1
    watch, count, samples = Watch(rule, first), 0, dict(later)
    for clock in range(int(later.at[0]), int(later.at[-1]) + 1, 10 * SECOND):
        watch, events = passed(watch, clock)
        if clock in samples:
            watch, _, more = sampled(watch, clock, samples[clock], clock)
            events += more
        count += sum(isinstance(one, Alert) for one in events)
    assert whole.rate.alerts == count
    assert whole.rate.days == pytest.approx(2.5, abs=0.01)  # of three days, half a day was silent


def test_the_rate_of_several_signals_is_not_rounded_down() -> None:
    assert together([Rate(1, 3.0), Rate(1, 5.0)]).per_day == pytest.approx(0.6)  # 1/3 + 1/5 = 0.53: 3 in 5 days
    assert together([]) is None


def test_windows_are_medians_of_whole_minutes() -> None:
    at = START + np.array([0, 10, 50, 60, 200]) * SECOND
    ends, medians = windowed(RULE, at, np.array([1.0, 5.0, 2.0, 7.0, 9.0]))
    assert ((ends - START) // SECOND).tolist() == [60, 120, 240]
    assert medians.tolist() == [2.0, 7.0, 9.0]


def test_rules_are_whole() -> None:
    for name, rule in RULES.items():
        signal = signals()[name]
        assert rule.sources
        limits = [one for one in (rule.low, rule.high) if one is not None]
        assert all(signal.low < one < signal.high for one in limits)
        assert all(a < b for a, b in pairwise(limits))
