"""Which of the kept twins is taken: the person's own, of this model, that knows nothing later, of days as they were."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from vitruvian.core import to_ms
from vitruvian.ingest import samples
from vitruvian.record import Patient, Record
from vitruvian.twin.doors.glucose_status import status_of
from vitruvian.twin.glucose import Evidence, GlucoseTwin, learned_until, passed_over, read_evidence, recent
from vitruvian.twin.glucose.course import Meals, Usual
from vitruvian.twin.glucose.store import MODEL, keep, newest_kept, packed
from vitruvian.twin.glucose.unknowns import PERSON

DAY = 288


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patient]:
    """The sample with a sensor, of whom twins were kept that end on their days 5 and 9."""
    with Record.open(tmp_path_factory.mktemp("kept") / "r.db") as record:
        record.ingest(*samples()["sample-e"], patient="sample-e")
        record.ingest(samples()["sample-b"][0], patient="sample-b")
        found = record.patient("sample-e")
        days = read_evidence(found)
        for last, sd in ((9, 9.0), (5, 5.0)):  # the older one was kept later
            keep(record, made_up(days, up_to(found, last).newest + 1, sd))
        newer = made_up(days, 11 * DAY, 11.0)
        summary, arrays = packed(newer)
        end = to_ms(days.moment(11 * DAY))
        record.save_state("sample-e", MODEL, "0", cutoff_ms=end, summary=summary, arrays=arrays)
        yield found


def made_up(days: Evidence, last: int, sd: float) -> GlucoseTwin:
    """A twin of the three days before `last` that knows nothing of them."""
    usual: dict[str, Any] = {one.name: 1.0 for one in fields(Usual)}
    nothing = np.zeros(0)
    z = np.zeros((4, len(PERSON)))
    return GlucoseTwin(
        days, last - 3 * DAY, last, Usual(**usual), Meals(nothing, nothing, nothing), z[0], z, sd, 180.0,
        np.zeros(3 * DAY), "made up", 0.1, 4.0, True, 0,
    )  # fmt: skip


def up_to(patient: Patient, day: int) -> Evidence:
    """What was known at the end of a day of the sample."""
    whole = read_evidence(patient)
    return read_evidence(patient, until=whole.moment(day * DAY - 1).isoformat())


@pytest.mark.parametrize(("day", "sd"), [(13, 9.0), (9, 9.0), (8, 5.0), (5, 5.0), (4, None)])
def test_the_newest_that_knows_nothing_later(patient: Patient, day: int, sd: float | None) -> None:
    """By recency alone the state of another version would be taken on day 13, and the twin of day 9 on day 8."""
    found = newest_kept(patient.record, up_to(patient, day))
    assert (found and found.twin and found.twin.sd) == sd


def test_one_too_old_is_passed_over_and_that_is_said(patient: Patient) -> None:
    assert recent(patient, up_to(patient, 12)) is not None
    days = up_to(patient, 13)
    assert recent(patient, days) is None
    assert "more than 3 days older than the newest reading" in passed_over(patient, days)
    assert "is not taken: it is more than 3 days older" in status_of(days, None, passed_over(patient, days)).credibility
    assert passed_over(patient, up_to(patient, 12)) == ""
    assert passed_over(patient, up_to(patient, 4)) == ""


def test_days_that_changed_are_learned_anew(patient: Patient) -> None:
    """A bolus taken in later changes what was learned; the last hour may still be filled up."""
    days = up_to(patient, 9)
    for step, fits in ((9 * DAY - 30, False), (9 * DAY - 6, True), (2 * DAY, True)):
        bolus = days.bolus.copy()
        bolus[step] += 3.0
        found = newest_kept(patient.record, replace(days, bolus=bolus))
        assert found is not None
        assert (found.twin is not None, found.unfit == "") == (fits, fits)
    assert "have changed since" in passed_over(patient, replace(days, carbohydrates=days.carbohydrates + 1.0))


def test_nobody_gets_the_twin_of_somebody_else(patient: Patient) -> None:
    assert newest_kept(patient.record, replace(up_to(patient, 9), person="sample-b")) is None


def test_it_says_from_when_it_is_and_what_came_since(patient: Patient) -> None:
    for day, severity in ((9, "note"), (10, "note"), (11, "warning")):
        days = up_to(patient, day)
        twin = recent(patient, days)
        assert twin is not None
        said = learned_until(twin, days)
        assert said.severity == severity
        assert f"up to {days.moment(twin.last):%Y-%m-%d %H:%M}" in said.text
        came = int(np.isfinite(days.glucose[twin.last : days.newest + 1]).sum())
        assert (f"since then came {came} readings" if came else "the newest reading among them") in said.text
    assert said.code == "stale-twin"
    assert f"; since then came {came} readings" in status_of(days, twin).credibility.lower()
