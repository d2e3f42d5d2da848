"""All bundles, genomes, wearables and images go into one record, every record accounted for, and come out again.

What goes in is counted here by other means than the program's readers: the standard library's json, csv and tarfile,
and pydicom for DICOM.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import tarfile
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom import dcmread
from sqlalchemy import select

from vitruvian.record import IngestReport, Record, export_patient, schema

PERSON = (
    "5db1e775-33a3-47fb-8954-d97cd43e8074"  # of 01_diabetes_t2_metformin: the genomes and wearables are given to her
)
IMAGED = "d070e7dd-4d25-4c52-9fb2-78d232e1cf2c"  # of 10_infant_1y: images that name no patient are given to her
ZONE = "Europe/Berlin"

# pydicom's own test files that nobody can accept, and what is wrong with each
CALLED = ("Anonymized", "First Name Last Name", "S R Test")  # what such images call her: told to be her
BROKEN = {
    "MR_truncated.dcm": "8130 of 8192 bytes of pixels",
    "rtplan_truncated.dcm": "ends within a sequence",
    "DICOMDIR-empty.dcm": "a directory that lists nothing",
    "DICOMDIR-nopatient": "its patient records have an invalid type: 51 records below nobody",
    "empty_charset_LEI.dcm": "elements without SOP Instance UID: no object",
    "meta_missing_tsyntax.dcm": "the file meta alone",
    "nested_priv_SQ.dcm": "one private sequence alone",
    "no_meta.dcm": "a stray byte before the first element",
    "test1.json": "DICOM JSON of single elements, no object",
    "test_PN.json": "DICOM JSON of one element, no object",
    "crayons.icc": "a colour profile",
    "rtstruct.dump": "a listing of a file as text",
}

# columns whose numbers are samples, by the first column names of Fitbit's tables
FITBIT = {
    "timestamp,Infrared to Red": ("Infrared to Red Signal Ratio",),
    "date_time,heart_zone_id": ("total_minutes",),
    "type,sleep_start": ("nightly_temperature",),
    "timestamp,rmssd,nremhr": ("rmssd", "nremhr", "entropy"),
    "timestamp,daily_respiratory_rate": ("daily_respiratory_rate",),
    "timestamp,average_value": ("average_value", "lower_bound", "upper_bound"),
    "recorded_time,temperature": ("temperature",),
    "timestamp,rmssd,coverage": ("rmssd", "low_frequency", "high_frequency"),
    "timestamp,bucket_values": ("bucket_values",),
    "timestamp,full_sleep_breathing_rate": (
        *(f"{stage}_breathing_rate" for stage in ("full_sleep", "deep_sleep", "light_sleep", "rem_sleep")),
    ),
    "DATE,UPDATED_AT,STRESS_SCORE": ("STRESS_SCORE",),
    "sleep_log_entry_id,timestamp": ("overall_score",),
}
LIBRE: tuple[str, ...] = (
    "Historic Glucose (mmol/L)",
    "Scan Glucose (mmol/L)",
    "Strip Glucose (mmol/L)",
    "Ketone (mmol/L)",
)
LIBRE += ("Rapid-Acting Insulin (units)", "Long-Acting Insulin (units)", "Carbohydrates (grams)")
MYSUGR: tuple[str, ...] = (
    "Blood Sugar Measurement (mmol/L)",
    "Insulin (Meal)",
    "Insulin (Correction)",
    "Basal Injection Units",
)
MYSUGR += ("Insulin Injection Units (pump)", "Meal Carbohydrates (Grams, Factor 1)", "Activity Duration (Minutes)")
MYSUGR += ("Steps", "Body weight (kg)", "HbA1c (Percent)", "Ketones", "Temporary Basal Percentage")


Call = tuple[str, tuple[Path, ...], dict[str, Any]]  # a name, and what `ingest` is given


@dataclass
class Sources:
    """The files, and what each holds, counted apart from the program."""

    bundles: list[Path]
    genomes: list[Path]
    wearables: Path
    images: Path
    members: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def under(cls, data: Path) -> Sources:
        images = Path(pydicom.__file__).parent / "data" / "test_files"
        (archive,) = (data / "t1d_person").glob("*.tar.gz")
        found = cls(
            sorted((data / "fhir").glob("*.gz")), sorted((data / "pharmacogenomics").glob("*.vcf")), archive, images
        )
        with tarfile.open(archive) as tar:
            for one in tar.getmembers():
                stream = tar.extractfile(one) if one.isfile() else None
                if stream is not None:
                    found.members[one.name] = stream.read()
        return found

    def of_bundles(self) -> list[Call]:
        return [(f"bundle {one.name}", (one,), {}) for one in self.bundles]

    def of_the_rest(self) -> list[Call]:
        return [
            ("genomes", tuple(self.genomes), {"patient": PERSON}),
            ("wearables", (self.wearables,), {"patient": PERSON, "zone": ZONE}),
            ("images", (self.images,), {"patient": IMAGED, "samples": dict.fromkeys(CALLED, IMAGED)}),
        ]


@dataclass
class Taken:
    """The account of one call, and of each file in turn."""

    report: IngestReport
    files: list[tuple[str, IngestReport]]


def take(record: Record, calls: Iterable[Call]) -> dict[str, Taken]:
    found = {}
    for name, paths, told in calls:
        files: list[tuple[str, IngestReport]] = []

        def on_file(path: Path, one: IngestReport, files: list[tuple[str, IngestReport]] = files) -> None:
            files.append((str(path), one))

        report = record.ingest(*paths, **told, on_file=on_file)
        found[name] = Taken(report, files)
    return found


def fact_ids(record: Record, person: str) -> set[str]:
    return {one.id for one in record.patient(person).facts(void=True)}


@dataclass
class Whole:
    """The record with everything in it, the accounts, the facts of the bundles by person, and everybody's export."""

    record: Record
    sources: Sources
    taken: dict[str, Taken]
    stated: dict[str, set[str]]
    exports: dict[str, Path]


@pytest.fixture(scope="module")
def whole(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    folder = tmp_path_factory.mktemp("everything")
    sources = Sources.under(shared / "data")
    with Record.open(folder / "whole.db") as record:
        taken = take(record, sources.of_bundles())
        stated = {one: fact_ids(record, one) for one in record.people()}
        taken |= take(record, sources.of_the_rest())
        exports = {}
        for k, person in enumerate(record.people()):
            exports[person] = folder / f"person-{k}"
            export_patient(record.patient(person), exports[person])
        yield Whole(record, sources, taken, stated, exports)


def balanced(report: IngestReport) -> tuple[int, int, int]:
    assert report.records_in == report.stored + report.duplicate + report.quarantined
    assert len(report.quarantined_ids) == report.quarantined
    for name in ("records_in", "stored", "duplicate", "quarantined"):
        assert sum(counts[name] for counts in report.by_format.values()) == getattr(report, name)
    return report.records_in, report.duplicate, report.quarantined


def resources_in(text: str) -> Iterator[str]:
    """The text of each resource of a Bundle, as it stands there."""
    decoder, at = json.JSONDecoder(), 0
    while (at := text.find('"resource"', at)) >= 0:
        at = text.index(":", at) + 1
        while text[at].isspace():
            at += 1
        _, end = decoder.raw_decode(text, at)
        yield text[at:end]
        at = end


def rows_of(content: bytes, delimiter: str = ",") -> list[dict[str, str]]:
    """The rows of a table; a title above the header is left out."""
    lines = content.decode("utf-8-sig").splitlines()
    return list(csv.DictReader(lines, delimiter=delimiter))


def cells(rows: list[dict[str, str]], columns: tuple[str, ...]) -> int:
    """Cells that hold something, and rows where none of the columns does: such a row is one note."""
    said = [sum(bool((row.get(name) or "").strip()) for name in columns) for row in rows]
    return sum(said) + said.count(0)


def samples_in(name: str, content: bytes) -> int:
    """How many samples one file of the wearables' archive holds."""
    if name.endswith(".json"):
        found = json.loads(content)
        if "levels" in found[0]:
            return sum(len(night["levels"]["data"]) + len(night["levels"].get("shortData", ())) for night in found)
        if "valuesInZones" in str(found[0]):
            return sum(len(one["value"]["valuesInZones"]) for one in found)
        return len(found)
    if "libre" in name:
        return cells(rows_of(content, "\t"), LIBRE)
    if "mysugr" in name:
        return cells(rows_of(content), MYSUGR)
    head = content.split(b"\n", 1)[0].decode()
    (columns,) = (columns for begin, columns in FITBIT.items() if head.startswith(begin))
    found = [row[name].strip() for row in rows_of(content) for name in columns]
    return sum(one not in ("", "NaN") for one in found)


def persons_files(folder: Path) -> Iterator[bytes]:
    for part in ("files", "quarantine"):
        yield from (path.read_bytes() for path in sorted((folder / part).rglob("*")) if path.is_file())


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def records(content: bytes) -> int:
    """An object and the study that it tells of, or the entries of a DICOMDIR."""
    return len(objects(content)) if directory(content) else 1 + ("StudyInstanceUID" in header(content))


def is_dicom(content: bytes) -> bool:
    return content[128:132] == b"DICM" or content[:2] in (b"\x08\x00", b"\x00\x08")


def header(content: bytes) -> pydicom.Dataset:
    with warnings.catch_warnings(), pydicom.config.disable_value_validation():
        warnings.simplefilter("ignore")  # some of these files are made to be warned of
        return dcmread(io.BytesIO(content), force=True, stop_before_pixels=True)


def directory(content: bytes) -> bool:
    return "DirectoryRecordSequence" in header(content)


def objects(content: bytes) -> list[str]:
    """The SOP Instance UIDs of a DICOM file: its own, or those that a DICOMDIR lists."""
    data = header(content)
    if directory(content):
        listed = [one for one in data.DirectoryRecordSequence if "ReferencedFileID" in one]
        return [str(one.ReferencedSOPInstanceUIDInFile) for one in listed]
    return [str(data.SOPInstanceUID)] if "SOPInstanceUID" in data else []


# -- in -------------------------------------------------------------------------------------------------------------


def test_bundles_are_accounted_for(whole: Whole) -> None:
    stated = {
        f"bundle {one.name}": json.loads(gzip.decompress(one.read_bytes()))["entry"] for one in whole.sources.bundles
    }
    assert len(stated) == 12
    counts = [balanced(whole.taken[name].report) for name in stated]
    assert [one[0] for one in counts] == [len(entries) for entries in stated.values()]
    texts = Counter(json.dumps(one["resource"], sort_keys=True) for entries in stated.values() for one in entries)
    assert sum(one[1] for one in counts) == sum(texts.values()) - len(texts)  # what two bundles share, once
    assert sum(one[2] for one in counts) == 0


def test_genomes_are_accounted_for(whole: Whole) -> None:
    heads = [next(x for x in one.read_text().splitlines() if x.startswith("#CHROM")) for one in whole.sources.genomes]
    assert (
        balanced(whole.taken["genomes"].report) == (sum(len(one.split("\t")) - 9 for one in heads), 0, 0) == (3, 0, 0)
    )


def test_wearables_are_accounted_for(whole: Whole) -> None:
    taken = whole.taken["wearables"]
    assert len(taken.files) == len(whole.sources.members)
    counted = {Path(name).name: samples_in(name, content) for name, content in whole.sources.members.items()}
    assert {Path(name).name: report.records_in for name, report in taken.files} == counted
    # 51 wakes that the export lists among the stages of sleep and again apart, 1 line that comes twice
    assert balanced(taken.report) == (sum(counted.values()), 52, 0) == (448_186, 52, 0)


def test_images_are_accounted_for(whole: Whole) -> None:
    taken = whole.taken["images"]
    assert len(taken.files) == sum(path.is_file() for path in whole.sources.images.rglob("*"))
    refused = {Path(name).name: report.problems for name, report in taken.files if report.quarantined}
    assert set(refused) == set(BROKEN), "only what is truly broken is in quarantine"
    assert all(len(problems) == 1 for problems in refused.values())
    for name, report in taken.files:
        content = Path(name).read_bytes()
        content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
        wanted = 1 if report.quarantined or "dicom" not in report.by_format else records(content)
        assert report.records_in == wanted, name
    balanced(taken.report)


# -- out ------------------------------------------------------------------------------------------------------------


def test_bundles_come_out_verbatim(whole: Whole) -> None:
    went_in = {
        text for one in whole.sources.bundles for text in resources_in(gzip.decompress(one.read_bytes()).decode())
    }
    came_out = {
        text for folder in whole.exports.values() for text in resources_in((folder / "bundle.json").read_text())
    }
    assert came_out == went_in
    assert len(came_out) == sum(whole.taken[f"bundle {one.name}"].report.stored for one in whole.sources.bundles)


def test_files_come_out_byte_for_byte(whole: Whole) -> None:
    came_out = {sha256(content) for folder in whole.exports.values() for content in persons_files(folder)}
    hers = {sha256(content) for content in persons_files(whole.exports[PERSON])}
    assert {sha256(one.read_bytes()) for one in whole.sources.genomes} <= hers
    assert {sha256(content) for content in whole.sources.members.values()} <= hers
    split = set()
    for name, report in whole.taken["images"].files:
        if report.stored and sha256(Path(name).read_bytes()) not in came_out:
            split.add(Path(name).name)
    assert split <= {"DICOMDIR", "DICOMDIR-bigEnd"}, "only a directory of several people is split"


def test_split_directories_come_out_entry_for_entry(whole: Whole) -> None:
    """Each person's part lists theirs, and the parts together list what the directories list."""
    parts = {
        person: {one for path in (folder / "files").rglob("DICOMDIR*") for one in objects(path.read_bytes())}
        for person, folder in whole.exports.items()
    }
    taken = [Path(name) for name, report in whole.taken["images"].files if report.stored]
    listed = [set(objects(path.read_bytes())) for path in taken if path.name.startswith("DICOMDIR")]
    assert set().union(*parts.values()) == set().union(*listed)
    assert sum(map(len, parts.values())) == len(set().union(*listed)) > 50


def test_every_object_comes_out(whole: Whole) -> None:
    """Also those whose file was a duplicate: the same object under another name, or packed otherwise."""
    came_out: set[str] = set()
    for folder in whole.exports.values():
        for content in persons_files(folder):
            came_out.update(objects(content) if is_dicom(content) else ())
    for name, report in whole.taken["images"].files:
        if report.duplicate and "dicom" in report.by_format:
            content = Path(name).read_bytes()
            content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
            assert set(objects(content)) <= came_out, name


def test_what_came_out_goes_in_again_as_the_same_facts(whole: Whole, tmp_path: Path) -> None:
    bundles = [
        one / "bundle.json" for one in whole.exports.values() if b'"resource"' in (one / "bundle.json").read_bytes()
    ]
    assert len(bundles) == 12
    with Record.open(tmp_path / "again.db") as again:
        assert again.ingest(*bundles).quarantined == 0
        assert set(again.people()) == set(whole.stated)
        for person in again.people():
            assert fact_ids(again, person) == whole.stated[person]


# -- again ----------------------------------------------------------------------------------------------------------


def state(record: Record) -> dict[str, Any]:
    """Facts, heads and samples, without what depends on the clock and on the order of files."""
    with record.engine.connect() as connection:
        columns = {"head": ("line", "resource"), "resource": ("resource", "line", "kind", "subject")}
        found: dict[str, Any] = {
            name: sorted(map(tuple, connection.execute(select(*[schema.metadata.tables[name].c[c] for c in wanted]))))
            for name, wanted in columns.items()
        }
    for person in record.patients():
        facts = [replace(one, raw_hash="", known_ms=0) for one in person.facts(void=True)]
        found[person.id] = sorted(facts, key=lambda one: one.id)
        for signal in person.signals():
            rows = person.samples(signal).drop("prov", "known", strict=False)
            found[f"{person.id} {signal}"] = sorted(map(repr, rows.rows()))
    return found


@pytest.mark.slow
def test_twice_or_in_another_order_is_the_same(whole: Whole, tmp_path: Path) -> None:
    first = state(whole.record)
    for name, taken in take(whole.record, [*whole.sources.of_bundles(), *whole.sources.of_the_rest()]).items():
        assert (taken.report.stored, taken.report.records_in) == (0, whole.taken[name].report.records_in), name
    assert state(whole.record) == first
    with Record.open(tmp_path / "other.db") as other:
        take(other, [*whole.sources.of_bundles()[::-1], *whole.sources.of_the_rest()[::-1]])
        second = state(other)
    assert second.keys() == first.keys()
    for name, held in second.items():
        assert held == first[name], name
