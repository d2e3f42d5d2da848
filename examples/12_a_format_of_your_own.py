"""A format of your own: a home blood pressure cuff, whose samples go the same way as those of a watch."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import vitruvian as vt
from vitruvian.record import Format, Item, RawFile, Rejected, Samples, Told


class Cuff(Format):
    """Lines "2026-03-01T08:00Z 128/82"."""

    name, version, needs_patient = "cuff", "1", True

    def claims(self, head: bytes) -> bool:
        """The first line names the device."""
        return head.startswith(b"CUFF1")

    def read(self, file: RawFile, told: Told) -> Iterator[Item]:
        """Two samples a line; a line that cannot be read is rejected alone."""
        for number, line in enumerate(file.content.decode().splitlines()[1:], 2):
            try:
                time, pressures = line.split()
                at = np.datetime64(time.rstrip("Z"), "ms").astype(np.int64)
                values = [float(one) for one in pressures.split("/", 1)]
            except ValueError:
                yield Rejected("reading", f"line[{number}]", f"not a time and a pressure: {line}")
                continue
            for signal, value in zip(("systolic_blood_pressure", "diastolic_blood_pressure"), values, strict=True):
                when = np.array([at])
                yield Samples(
                    told.patient or "", signal, "Cuff", "mm[Hg]", when, when, np.zeros(1, np.int16), np.array([value]),
                    np.array([number]), None,
                )  # fmt: skip


with tempfile.TemporaryDirectory() as name, vt.Record.open(Path(name) / "home.db") as record:
    folder = Path(name)
    (folder / "ann.json").write_text('{"resourceType": "Patient", "id": "ann"}')
    (folder / "cuff.txt").write_text("CUFF1\n2026-03-01T08:00Z 128/82\n2026-03-02T08:00Z 131/84\nbattery low\n")
    record.ingest(folder / "ann.json")
    report = record.ingest(folder / "cuff.txt", patient="ann", formats=[Cuff()])
    print(f"{report.records_in} in: {report.stored} stored, {report.quarantined} quarantined")
    for one in record.quarantined():
        print(f"{one.place}: {one.reason}")
    pressures = record.patient("ann").samples("systolic_blood_pressure")
    print(pressures.select("start", "value", "unit"))

assert (report.stored, report.quarantined) == (4, 1)
assert pressures["value"].to_list() == [128.0, 131.0]
