"""An answer on one page: sentence, curve, reasons, sources; one file without any link to load."""

import tempfile
from pathlib import Path

import vitruvian as vt
from vitruvian.ingest import samples

with tempfile.TemporaryDirectory() as folder, vt.Record.open(Path(folder) / "clinic.db") as record:
    record.ingest(*samples()["sample-a"], patient="sample-a")
    twin = vt.Twin(record.patient("sample-a"), vt.drugs.apixaban).calibrate()
    options = [vt.oral("apixaban", amount, "mg", every="12 h") for amount in (5, 2.5)]
    answer = twin.compare(options, goal=vt.goals.exposure("apixaban"))
    print(answer.sentence)
    print(*vt.cite(answer), sep="\n")
    page = Path(vt.report(answer, Path(folder) / "dose.html")).read_text(encoding="utf-8")
    vt.plot(answer, Path(folder) / "dose.svg")

assert "<script src" not in page
assert answer.best is not None
assert answer.best.dose == 2.5  # two of the label's three criteria bind the guard
