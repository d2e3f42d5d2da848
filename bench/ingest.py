"""FHIR bundles read beside fhir.resources, taken into a record, and how the cost grows with the people in it.

Taken in means: split, flattened, sealed, with provenance and audit, in SQLite synced at every file.
"""

from __future__ import annotations

import gzip
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import count, islice
from pathlib import Path

import orjson

from bench.timing import Row
from vitruvian.ingest import FHIR, samples
from vitruvian.record import RawFile, Record, Told

LIMIT = 10_000  # resources per CPU-second
PEER = 20  # times as many resources per CPU-second as fhir.resources parses
GROWTH = 1.5  # an ingest into a large record may cost so many times what it costs in a small one


def rows(people: tuple[int, int], rounds: int) -> list[Row]:
    """Resources per CPU-second, and the cost of one person where `people` (fewer, more) are there already."""
    files = bundles()
    taken = max(_ingest_rate(files) for _ in range(rounds))
    few, many = _growth(people)
    ours = max(_read_rate(files) for _ in range(rounds))
    peer = _peer_rate(files[:3])
    return [
        Row(
            f"{len(files)} FHIR bundles parsed and flattened",
            f"≥ {PEER} × fhir.resources",
            f"{ours / peer:.1f} ×",
            ours >= PEER * peer,
            f"{ours:,.0f} resources/s; fhir.resources parses {peer:,.0f}",
        ),
        Row(
            f"ingest of {len(files)} FHIR bundles",
            f"≥ {LIMIT:,} resources/s",
            f"{taken:,.0f} resources/s",
            taken >= LIMIT,
            "SQLite, with audit, provenance, encryption",
        ),
        Row(
            f"ingest of a person of 20 resources into {people[1]:,} people",
            f"≤ {GROWTH} × that into {people[0]:,}",
            f"{many * 1e3:.2f} ms",
            many <= GROWTH * few,
            f"into {people[0]:,}: {few * 1e3:.2f} ms",
        ),
    ]


def bundles() -> list[Path]:
    """The reference bundles of VITRUVIAN_SHARED or ../shared, else those of the shipped sample patients."""
    folder = Path(os.environ.get("VITRUVIAN_SHARED", Path(__file__).parents[2] / "shared")) / "data" / "fhir"
    shipped = [path for files in samples().values() for path in files if path.suffix == ".json"]
    return sorted(folder.glob("*.json.gz")) or shipped


def _read_rate(files: Sequence[Path]) -> float:
    """Resources per CPU-second, split by person and flattened to facts."""
    start = time.process_time()
    number = sum(1 for path in files for _ in FHIR.read(RawFile(path), Told(None)))
    return number / (time.process_time() - start)


def _peer_rate(files: Sequence[Path]) -> float:
    """Resources per CPU-second that fhir.resources parses; its classes are made in a first round."""
    from fhir.resources.R4B.bundle import Bundle

    texts = [gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes() for path in files]
    for _ in range(2):
        start = time.process_time()
        number = sum(len(Bundle.model_validate_json(text).entry) for text in texts)
        spent = time.process_time() - start
    return number / spent


def _ingest_rate(files: Sequence[Path]) -> float:
    with tempfile.TemporaryDirectory() as folder, Record.open(Path(folder) / "bench.db") as record:
        start = time.process_time()
        number = record.ingest(*files, formats=[FHIR]).stored
        return number / (time.process_time() - start)


def _growth(people: tuple[int, int], batch: int = 200) -> tuple[float, float]:
    """CPU seconds to take one small person in, when there are fewer and when there are more people."""
    with tempfile.TemporaryDirectory() as name, Record.open(Path(name) / "bench.db") as record:
        folder, made = Path(name), _people(Path(name))
        _fill(record, folder, people[0])
        few = _each(record, list(islice(made, batch)))
        _fill(record, folder, people[1], people[0])
        return few, _each(record, list(islice(made, batch)))


def _each(record: Record, files: Sequence[Path]) -> float:
    start = time.process_time()
    record.ingest(*files, formats=[FHIR])
    return (time.process_time() - start) / len(files)


def _people(folder: Path) -> Iterator[Path]:
    """Copies of a sample patient, one a file, each another person."""
    for number in count():
        path = folder / f"p{number}.json"
        path.write_text(_copy(f"p{number}"))
        yield path


def _fill(record: Record, folder: Path, upto: int, start: int = 0) -> None:
    """Take many people in, fifty a file."""
    for first in range(start, upto, 50):
        entries = [e for k in range(50) for e in orjson.loads(_copy(f"f{first + k}"))["entry"]]
        path = folder / "fill.json"
        path.write_bytes(orjson.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))
        record.ingest(path, formats=[FHIR])


def _copy(name: str) -> str:
    text = samples()["sample-b"][0].read_text()
    return text.replace("urn:uuid:", f"urn:uuid:{name}").replace("sample-b", name)
