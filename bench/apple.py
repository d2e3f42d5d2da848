"""Apple Health: a made-up export into a record, beside a plain loop of the standard library over the same XML."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from bench.timing import Row

LIMIT, LIMIT_MB = 100_000, 300
KINDS = {"HeartRate": "count/min", "StepCount": "count", "ActiveEnergyBurned": "Cal", "DistanceWalkingRunning": "km"}
OWN = """
import json, resource, sys, time
from pathlib import Path
import polars
from vitruvian.record import Record
folder = Path(sys.argv[1])
record = Record.open(folder / "a.db")
record.ingest(folder / "p.json")
start = time.process_time()
report = record.ingest(folder / "export.xml", patient="p")
spent = time.process_time() - start
print(json.dumps([report.stored / spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""
PEER = """
import json, resource, sys, time
from xml.etree.ElementTree import iterparse
start, count = time.process_time(), 0
for _, element in iterparse(sys.argv[1] + "/plain.xml"):
    if element.tag == "Record":
        count += bool(element.get("value"))
    element.clear()
print(json.dumps([count / (time.process_time() - start), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


def rows(records: int) -> list[Row]:
    """One export of so many records, each process measured by itself."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "p.json").write_text('{"resourceType": "Patient", "id": "p"}')
        write_export(folder / "export.xml", folder / "plain.xml", records)
        size = (folder / "export.xml").stat().st_size / 1e6
        (rate, peak), (other, other_peak) = (_run(program, folder) for program in (OWN, PEER))
    return [
        Row(
            f"Apple Health export of {records:,} records ({size:,.0f} MB) into an encrypted record",
            f"≥ {LIMIT:,} records per CPU-second, < {LIMIT_MB} MB",
            f"{rate:,.0f}, {peak:.0f} MB",
            rate >= LIMIT and peak < LIMIT_MB,
            f"iterparse that only counts: {other:,.0f} per CPU-second, {other_peak:.0f} MB; ratio {rate / other:.2f}",
        )
    ]


def _run(program: str, folder: Path) -> tuple[float, float]:
    done = subprocess.run([sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=True)
    rate, peak = json.loads(done.stdout)
    return rate, peak


def write_export(path: Path, plain: Path, records: int, seed: int = 1) -> None:
    """An export as a watch makes it, and the same without the document type that plain parsers stumble over."""
    draw, at = random.Random(seed), datetime(2021, 1, 1, tzinfo=UTC)
    zone, names = timezone(timedelta(hours=1)), list(KINDS)
    device = "&lt;&lt;HKDevice: 0x283&gt;, name:Apple Watch, manufacturer:Apple Inc., model:Watch&gt;"
    with path.open("w") as export, plain.open("w") as other:
        export.write(
            '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE HealthData [\n<!ELEMENT HealthData (Record*)>\n]>\n'
        )
        for out in (export, other):
            out.write('<HealthData locale="en_GB">\n')
        for _ in range(records):
            at += timedelta(seconds=draw.randint(3, 30))
            kind, moment = draw.choice(names), at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %z")
            line = (
                f' <Record type="HKQuantityTypeIdentifier{kind}" sourceName="Watch" sourceVersion="8.3" '
                f'device="{device}" unit="{KINDS[kind]}" creationDate="{moment}" startDate="{moment}" '
                f'endDate="{moment}" value="{draw.randint(40, 180)}"/>\n'
            )
            export.write(line)
            other.write(line)
        for out in (export, other):
            out.write("</HealthData>\n")
