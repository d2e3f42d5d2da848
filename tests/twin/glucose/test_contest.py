"""The forecast contest on the person of the public data: every day after the first three."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vitruvian.core import DataError
from vitruvian.record import Record
from vitruvian.study import contest
from vitruvian.study.glucose_forecast import LEARNED
from vitruvian.twin.glucose import Evidence, read_evidence


@pytest.fixture(scope="module")
def person(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    (archive,) = (shared / "data" / "t1d_person").glob("*.tar.gz")
    folder = tmp_path_factory.mktemp("person")
    born = folder / "person.json"
    born.write_text('{"resourceType": "Patient", "id": "t1d", "birthDate": "1990-01-01"}')
    with Record.open(folder / "r.db") as record:
        record.ingest(born)
        record.ingest(archive, patient="t1d", zone="Europe/Prague")
        return read_evidence(record.patient("t1d"))


@pytest.mark.slow
def test_the_contest_on_a_real_person(person: Evidence) -> None:
    found = contest(person, weight=60.0)
    print(found)
    assert found.days == 25
    for minutes in (30, 60, 120):
        mine = found.of(LEARNED, minutes)
        assert mine.rmse < found.of("last value", minutes).rmse
        assert mine.rmse < found.of("linear", minutes).rmse
        assert mine.cover is not None
        assert 0.80 <= mine.cover <= 0.97
    for minutes in (60, 120):
        said = "beats every baseline" if found.beats_all(minutes) else "does not beat"
        assert f"at {minutes} min the twin with its learner {said}" in found.verdict


@pytest.mark.slow
def test_too_few_days(person: Evidence) -> None:
    with pytest.raises(DataError, match="too few days"):
        contest(person.part(0, 3 * 288))
    assert np.isfinite(person.glucose).any()
