"""Cohort questions over everybody: a view and a query, the first time (read, opened, filtered) and again; growth."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import orjson
import polars as pl
from sqlalchemy import insert

from bench.timing import Row, Spent, best
from vitruvian.record import Record, schema
from vitruvian.record.analytic import Analytic
from vitruvian.record.analytic_parts import Index
from vitruvian.record.analytic_query import forget_workspaces
from vitruvian.record.analytic_source import fact_schema
from vitruvian.record.sql_on_fhir import compile_view, read_view, run_query

LIMIT_S = 1.0
EACH = 15  # facts of one person
EGFR, METFORMIN = "98979-8", "6809"
VIEW = {
    "resource": "Patient",
    "select": [
        {
            "column": [
                {"name": "id", "path": "id"},
                {"name": "sex", "path": "gender"},
                {"name": "born", "path": "birthDate"},
            ]
        },
        {"forEach": "identifier", "column": [{"name": "system", "path": "system"}, {"name": "value", "path": "value"}]},
    ],
}
QUESTION = f"""
    SELECT count(*) AS people FROM (
        SELECT person, arg_max(value, start_ms) AS egfr FROM facts WHERE code = '{EGFR}' GROUP BY person
    ) WHERE egfr < 60 AND person IN (SELECT person FROM facts WHERE code = '{METFORMIN}')
"""


def rows(people: tuple[int, int], rounds: int) -> list[Row]:
    """CPU seconds of a view and of a question, in a smaller and a larger record."""
    measured = [_measure(count, rounds) for count in people]
    found = [_refresh(people[0]), *_peer(min(people[0], 5000), rounds)]
    for place, what in enumerate(("view of Patient", "eGFR < 60 with metformin")):
        (_, small), (cold, warm) = measured[0][place], measured[1][place]
        growth = (warm.cpu / people[1]) / (small.cpu / people[0])
        said = f"first time {cold.wall:.2f} s; per person {growth:.1f}× that at {people[0]:,}"
        name = f"{what}, {people[1]:,} people, {people[1] * EACH:,} facts"
        found.append(Row(name, f"≤ {LIMIT_S} s", f"{warm.wall:.2f} s", warm.wall <= LIMIT_S, said))
    return found


def _refresh(count: int) -> Row:
    """How fast the copy takes in what is new: `count` patients with a measurement each."""
    with tempfile.TemporaryDirectory() as folder, Record.open(Path(folder) / "bench.db") as record:
        lines = [line for number in range(count) for line in (_patient(f"p{number}"), _lab(number))]
        file = Path(folder) / "people.ndjson"
        file.write_text("\n".join(lines))
        record.ingest(file)
        spent = _first(record.analytic().refresh)
        rows = record.analytic().refresh()
        added = rows.facts + rows.resources
    return Row("refresh of the analytic copy", "", f"{added / spent.cpu:,.0f} rows/s", None, f"{added:,} rows")


def _peer(count: int, rounds: int) -> list[Row]:
    """Resources a second through a view, beside sqlonfhir where it is installed; one thread each."""
    if find_spec("sqlonfhir") is None:
        return []
    import duckdb
    import sqlonfhir

    texts = [_patient(f"p{number}") for number in range(count)]
    parsed, query = [orjson.loads(one) for one in texts], compile_view(read_view(VIEW))
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        connection.register("resources", pl.DataFrame({"type": "Patient", "resource": texts}))
        ours = best(lambda: run_query(connection, query), rounds)
    theirs = best(lambda: list(sqlonfhir.evaluate(parsed, VIEW)), rounds)
    said = f"sqlonfhir {count / theirs.cpu:,.0f}; {theirs.cpu / ours.cpu:.0f}×"
    return [Row("SQL-on-FHIR view", "", f"{count / ours.cpu:,.0f} resources/s", None, said)]


def _measure(count: int, rounds: int) -> list[tuple[Spent, Spent]]:
    """(first time, again) of the view and of the question."""
    with tempfile.TemporaryDirectory() as folder, Record.open(Path(folder) / "bench.db") as record:
        _fill(record, count)
        asked = (lambda: record.cohort("patients"), lambda: record.query(QUESTION))
        found = []
        for ask in asked:
            forget_workspaces()
            found.append((_first(ask), best(ask, rounds)))
        return found


def _first(ask: Callable[[], object]) -> Spent:
    cpu, wall = time.process_time(), time.perf_counter()
    ask()
    return Spent(time.process_time() - cpu, time.perf_counter() - wall)


def _fill(record: Record, count: int) -> None:
    """A copy as a refresh would leave it, of made-up people: filling the record itself is measured elsewhere."""
    names = [f"p{number}" for number in range(count)]
    with record.engine.begin() as connection:
        connection.execute(insert(schema.subject), [{"subject": one, "person": one} for one in names])
    parts = Analytic.of(record.engine, record.keys, record.blobs).parts
    resources = pl.DataFrame({"type": "Patient", "resource": map(_patient, names), "subject": names, "line": names})
    resources = resources.with_columns(categories=pl.lit("general"), prov=pl.lit(1, pl.Int64))
    made = [parts.write("resources", "Patient", some) for some in resources.iter_slices(200_000)]
    made += [parts.write("facts", "", some) for some in _facts(names).iter_slices(200_000)]
    parts.publish(Index("", tuple(made)))


def _facts(names: list[str]) -> pl.DataFrame:
    draw = np.random.default_rng(7)
    size = len(names) * EACH
    codes = np.tile([EGFR, METFORMIN, "2160-0", "718-7", "2823-3"], size // 5 + 1)[:size]
    filled = pl.DataFrame(
        {
            "fact": [f"{number:032x}" for number in range(size)],
            "subject": np.repeat(names, EACH),
            "kind": "observation",
            "code": codes,
            "system": "http://loinc.org",
            "display": "a test",
            "value": draw.normal(70, 20, size).round(1),
            "unit": "mL/min",
            "start_ms": draw.integers(1_577_836_800_000, 1_735_689_600_000, size),
            "categories": "general",
        }
    )
    missing = {name: pl.lit(None, kind) for name, kind in fact_schema().items() if name not in filled.columns}
    return filled.with_columns(**missing).select(list(fact_schema()))


def _lab(number: int) -> str:
    """A measurement of one person."""
    quantity = {"value": 60 + number % 40, "unit": "mL/min", "system": "http://unitsofmeasure.org", "code": "mL/min"}
    code = {"coding": [{"system": "http://loinc.org", "code": EGFR}]}
    about = {"resourceType": "Observation", "id": f"o{number}", "status": "final", "code": code}
    about |= {"subject": {"reference": f"Patient/p{number}"}, "effectiveDateTime": "2025-03-01T08:00:00Z"}
    return orjson.dumps(about | {"valueQuantity": quantity}).decode()


def _patient(name: str) -> str:
    number = int(name[1:])
    return orjson.dumps(
        {
            "resourceType": "Patient",
            "id": name,
            "meta": {"profile": ["http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"]},
            "identifier": [{"system": "urn:oid:1.2.3", "value": str(number)}, {"system": "urn:oid:4.5", "value": name}],
            "name": [{"use": "official", "family": f"Family{number % 997}", "given": ["A", f"B{number % 89}"]}],
            "gender": "female" if number % 2 else "male",
            "birthDate": f"{1930 + number % 80}-0{1 + number % 9}-15",
            "address": [{"line": ["1 Road"], "city": "Town", "postalCode": f"{number % 99999:05}", "country": "DE"}],
            "telecom": [{"system": "phone", "value": "555-0100", "use": "home"}],
        }
    ).decode()
