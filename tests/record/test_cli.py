"""The commands ingest, patient and quarantine: output, exit codes, nothing made by reading."""

from __future__ import annotations

import base64
import json
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from vitruvian.ingest import samples
from vitruvian.record import Record


def vitruvian(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "vitruvian.cli.main", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a record of sample-a."""
    path = tmp_path_factory.mktemp("cli")
    done = vitruvian("ingest", *samples()["sample-a"], "--patient", "sample-a", "--json", cwd=path)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["records_in"] == report["stored"] == 62
    assert {name: counts["stored"] for name, counts in report["by_format"].items()} == {"fhir": 61, "vcf": 1}
    return path


def test_list_show_timeline(folder: Path) -> None:
    listed = json.loads(vitruvian("patient", "list", "--json", cwd=folder).stdout)
    assert listed == [{"id": "sample-a", "birth_date": "1944-08-20", "name": "Anton Sample", "sex": "male"}]
    shown = json.loads(vitruvian("patient", "show", "H-A-0001", "--json", cwd=folder).stdout)
    creatinine = next(one for one in shown["latest"] if one["code"] == "2160-0")
    assert (creatinine["value"], creatinine["unit"], creatinine["start"]) == (
        1.63,
        "mg/dL",
        "2025-09-16T07:50:00+02:00",
    )
    assert len(shown["condition"]) == 3
    text = vitruvian("patient", "timeline", "sample-a", "--since", "2025-09-01", cwd=folder).stdout
    assert "2025-09-17T08:00  medication_request  apixaban  5 mg  active" in text


def test_exit_codes(folder: Path, tmp_path: Path) -> None:
    genome = samples()["sample-c"][1]
    refused = vitruvian("ingest", genome, "--record", folder / "vitruvian.db", cwd=tmp_path)
    assert refused.returncode == 3
    assert "does not say whose it is" in refused.stderr
    assert "genome.vcf" in vitruvian("quarantine", "list", cwd=folder).stdout
    assert json.loads(vitruvian("quarantine", "list", "--json", cwd=folder).stdout)[0]["place"] == "file"
    unknown = vitruvian("patient", "show", "sample-x", cwd=folder)
    assert unknown.returncode == 2
    assert "Nearest: sample-a" in unknown.stderr
    absent = vitruvian("patient", "list", cwd=tmp_path)
    assert absent.returncode == 2
    assert "there is no record" in absent.stderr
    assert list(tmp_path.iterdir()) == []
    missing = vitruvian("ingest", "nothing.json", cwd=tmp_path)
    assert missing.returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_quarantine_is_replayed_with_what_was_missing(tmp_path: Path) -> None:
    bundle, known = samples()["sample-c"]
    genome = tmp_path / "genome.vcf"
    genome.write_text(known.read_text().replace("FORMAT\tsample-c", "FORMAT\tspit-kit-9"))
    assert vitruvian("ingest", bundle, cwd=tmp_path).returncode == 0
    assert vitruvian("ingest", genome, cwd=tmp_path).returncode == 3
    waiting = json.loads(vitruvian("quarantine", "list", "--json", cwd=tmp_path).stdout)
    assert [one["name"] for one in waiting] == ["genome.vcf"]
    assert vitruvian("quarantine", "replay", cwd=tmp_path).returncode == 3
    done = vitruvian("quarantine", "replay", waiting[0]["id"], "--patient", "sample-c", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    counts = {"records_in": 1, "stored": 1, "duplicate": 0, "quarantined": 0}
    assert json.loads(done.stdout)["by_format"] == {"vcf": counts}
    assert json.loads(vitruvian("quarantine", "list", "--json", cwd=tmp_path).stdout) == []
    again = vitruvian("quarantine", "replay", waiting[0]["id"], cwd=tmp_path)
    assert again.returncode == 2
    assert "not in quarantine" in again.stderr


def test_junk_in_quarantine_is_dismissed_with_a_reason_and_its_bytes_stay(tmp_path: Path) -> None:
    (tmp_path / "junk.txt").write_text("nothing of anybody")
    assert vitruvian("ingest", "junk.txt", cwd=tmp_path).returncode == 3
    (waiting,) = json.loads(vitruvian("quarantine", "list", "--json", cwd=tmp_path).stdout)
    assert vitruvian("quarantine", "dismiss", waiting["id"], "--reason", " ", cwd=tmp_path).returncode == 2
    assert vitruvian("quarantine", "dismiss", waiting["id"], "--reason", "a test", cwd=tmp_path).returncode == 0
    with Record.open(tmp_path / "vitruvian.db") as record:
        assert record.quarantined() == []
        assert record.replay().records_in == 0
        assert [(one.id, one.dismissed) for one in record.quarantined(dismissed=True)] == [(waiting["id"], "a test")]
        assert record.replay([waiting["id"]]).quarantined == 1
        assert len(record.quarantined()) == 1, "what comes again waits again"
        said = [one for one in record.audit_log() if one.action == "quarantine"]
        assert [json.loads(one.detail) for one in said] == [{"dismissed": [waiting["id"]]}]


def test_what_is_told_badly_is_refused(tmp_path: Path) -> None:
    bundle = samples()["sample-a"][0]
    zone = vitruvian("ingest", bundle, "--zone", "Middle/Earth", cwd=tmp_path)
    assert zone.returncode == 2
    assert "no such time zone" in zone.stderr
    sample = vitruvian("ingest", bundle, "--sample", "NA12878", cwd=tmp_path)
    assert sample.returncode == 2
    assert "NAME=PATIENT" in sample.stderr


def waiting_for_rows(db: Path) -> None:
    """Return as soon as a file is stored."""
    for _ in range(4000):
        with suppress(sqlite3.OperationalError), closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as known:
            if known.execute("SELECT count(*) FROM resource").fetchone()[0]:
                return
        time.sleep(0.005)
    raise AssertionError("nothing was stored")


def test_a_stopped_ingest_says_what_was_stored_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / "many").mkdir()
    for k in range(300):
        (tmp_path / "many" / f"{k}.json").write_text(json.dumps({"resourceType": "Patient", "id": f"p{k}"}))
    command = [sys.executable, "-m", "vitruvian.cli.main", "ingest", "many", "--json"]
    started = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    waiting_for_rows(tmp_path / "vitruvian.db")
    started.send_signal(signal.SIGINT)
    out, told = started.communicate()
    assert started.returncode == 130, told
    stored = json.loads(out)["stored"]
    assert 0 <= stored < 300
    assert f"{stored} stored" in told
    assert "the same command goes on" in told
    assert "Traceback" not in told
    again = json.loads(vitruvian("ingest", "many", "--json", cwd=tmp_path).stdout)
    assert (again["stored"] + again["duplicate"], again["quarantined"]) == (300, 0)
    assert again["duplicate"] - stored in (0, 1)  # one may have been committed, but not told, when the signal came


def test_nothing_found_is_said(folder: Path) -> None:
    for verb, words in (("log", "nobody was linked"), ("candidates", "no two persons")):
        assert words in vitruvian("identity", verb, cwd=folder).stdout
        assert json.loads(vitruvian("identity", verb, "--json", cwd=folder).stdout) == []


def test_reasons_are_printed_once(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello")
    (tmp_path / "b.json").write_text(json.dumps({"resourceType": "Patient", "id": "p"}))
    told = vitruvian("ingest", "a.txt", "b.json", cwd=tmp_path).stderr
    assert "a.txt: the file is of no known format" in told
    (tmp_path / "vitruvian.db.master-key").write_bytes(base64.b64encode(b"x" * 32))
    told = vitruvian("patient", "list", cwd=tmp_path).stderr
    assert told.count("does not open") == 1
