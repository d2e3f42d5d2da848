"""The main job on the sample patients: warm in one process, and as cold processes with warm caches."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.timing import Row, best, process
from vitruvian.core import UnknownNameError

WARM_MS, COLD_S, HELP_S = 150, 4.0, 0.3
CASES = (
    ("sample-b", "vancomycin", ""),
    ("sample-c", "tacrolimus", ""),
    ("sample-a", "apixaban", ""),
    ("sample-a", "warfarin", "2025-03-25T12:00:00+01:00"),
)


def make_record(folder: Path) -> Path:
    """A record of the sample patients."""
    from vitruvian import Record
    from vitruvian.ingest import samples

    path = folder / "bench.db"
    with Record.open(path) as record:
        for name, files in samples().items():
            record.ingest(*files, patient=name)
    return path


def warm(record: Path, cases: int, rounds: int) -> list[Row]:
    """Reading the record, calibrating, comparing every candidate: in a process that has done it before."""
    import vitruvian as vt

    found = []
    with vt.Record.open(record, create=False) as opened:
        for patient, drug, at in CASES[:cases]:
            asked = vt.Asked(at=at or None)
            spent = best(lambda p=patient, d=drug, a=asked: vt.dose(opened, p, d, asked=a), rounds)  # type: ignore[misc]
            found.append(
                Row(
                    f"warm: record -> recommendation, {drug} for {patient}",
                    f"<= {WARM_MS} ms",
                    f"{1000 * spent.wall:.0f} ms",
                    1000 * spent.wall <= WARM_MS,
                    f"{1000 * spent.cpu:.0f} ms of CPU",
                )
            )
    return found


def cold(record: Path, rounds: int) -> list[Row]:
    """Whole processes, from start to exit."""
    vitruvian = Path(sys.executable).with_name("vitruvian")
    if not vitruvian.exists():
        raise UnknownNameError("vitruvian is not installed beside this python", got=vitruvian, todo="Run make bench.")
    patient, drug, _ = CASES[0]
    asked = ["dose", patient, "--drug", drug, "--record", str(record), "--json"]
    found = []
    for name, limit, arguments in (
        (f"cold process, caches warm: vitruvian dose {patient} --drug {drug} --json", COLD_S, asked),
        ("cold process: vitruvian --help", HELP_S, ["--help"]),
    ):
        spent = process([str(vitruvian), *arguments], rounds)
        found.append(
            Row(name, f"<= {limit:g} s", f"{spent.wall:.2f} s", spent.wall <= limit, f"{spent.cpu:.2f} s of CPU")
        )
    return found
