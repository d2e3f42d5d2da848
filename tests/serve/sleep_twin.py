"""A twin of somebody else's package, installed for one test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import invalidate_caches
from pathlib import Path

import pytest

from vitruvian.twin.doors import twin_doors

PACKAGE = '''
"""A made-up twin."""
from vitruvian.twin.doors import Field, Line, Picture, Question, Status, Table, Told

class Sleep:
    name, title, about = "sleep", "Sleep", "How this person sleeps."
    def status(self, patient, at=None):
        return (Status("ready", f"{len(patient.facts(until=at))} facts speak of sleep.", "2025-09-01T08:00:00+02:00"),)
    def questions(self, patient):
        hours = Field("hours", "Hours in bed", unit="h", default=8.0, low=1.0, high=16.0)
        return (Question("night", "How was the night?", "Made up.", (hours,)),)
    def ask(self, patient, question, values, at=None):
        line = Line("depth", (1.0, 2.0, 1.0), (((0.5, 1.5, 0.5), (1.5, 2.5, 1.5)),))
        picture = Picture("night", "The night", "time", "h", "depth", "1", (0.0, 4.0, values["hours"]), (line,))
        table = Table("sum", "The sum", ("What", "Value"), (("hours", values["hours"]),))
        sentence = f"{values['hours']:g} hours <b>in bed</b>."
        return Told("sleep", question, sentence, pictures=(picture,), tables=(table,))

SLEEP = Sleep()
'''


@pytest.fixture
def sleep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package installed: a module and the metadata that names its entry point."""
    (tmp_path / "made_up_sleep.py").write_text(PACKAGE)
    info = tmp_path / "made_up_sleep-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: made-up-sleep\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[vitruvian.twins]\nsleep = made_up_sleep:SLEEP\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    invalidate_caches()
    twin_doors.cache_clear()
    yield
    monkeypatch.undo()
    twin_doors.cache_clear()
