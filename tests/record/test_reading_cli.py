"""The commands patient show, timeline and export: streams, the picture, everything out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tape import Tape, row, write_tape
from typer.testing import CliRunner

from vitruvian.cli.main import app
from vitruvian.ingest import samples
from vitruvian.record import Record

T0 = 1_757_000_000_000


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A record of sample-a with two days of a watch."""
    folder = tmp_path_factory.mktemp("reading")
    beats = [row(T0 + k * 3_600_000, 60.0 + k % 9, offset=120) for k in range(48)]
    tape = write_tape(folder / "watch.tape", ("heart_rate", "watch", "/min", beats))
    with Record.open(folder / "r.db") as record:
        record.ingest(*samples()["sample-a"], patient="sample-a")
        record.ingest(tape, patient="sample-a", formats=[Tape()])
    return str(folder / "r.db")


def run(*arguments: str) -> str:
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_show_tells_the_newest_sample(url: str) -> None:
    (stream,) = json.loads(run("patient", "show", "sample-a", "--record", url, "--json"))["streams"]
    assert (stream["display"], stream["value"], stream["unit"], stream["samples"]) == ("heart rate", 62.0, "/min", 48)


def test_timeline_as_lines_and_as_a_picture(url: str, tmp_path: Path) -> None:
    days = json.loads(run("patient", "timeline", "sample-a", "--kind", "day", "--record", url, "--json"))
    assert sum(one["detail"]["samples"] for one in days) == 48
    page = tmp_path / "a.html"
    run("patient", "timeline", "sample-a", "--html", str(page), "--record", url)
    text = page.read_text()
    assert "Anton Sample" in text
    assert "Wearables and monitors" in text


def test_export(url: str, tmp_path: Path) -> None:
    manifest = json.loads(
        run("patient", "export", "sample-a", "--out", str(tmp_path / "o.zip"), "--record", url, "--json")
    )
    assert (manifest["counts"]["fhir resources"], manifest["counts"]["samples"]) == (61, 48)
    assert (tmp_path / "o.zip").stat().st_size > 1000
