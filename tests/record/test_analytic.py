"""The analytic copy: what the record says, sealed, only as far as it may be seen; and its gate for SQL."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from clinic import DOCTOR, RESEARCHER, SECRET, STRANGER, as_, bundle, clinic, condition, lab, own
from sqlalchemy import select
from typer.testing import CliRunner

from vitruvian.cli.main import app
from vitruvian.core import AccessError, InputError
from vitruvian.record import Format, Item, RawFile, Record, Samples, Told, give_consent, schema


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the copy lies, for records in files and on servers alike."""
    monkeypatch.setenv("VITRUVIAN_ANALYTIC", str(tmp_path / "copy"))
    return tmp_path / "copy"


@pytest.fixture
def record(record_url: str, tmp_path: Path) -> Iterator[Record]:
    (tmp_path / "in").mkdir()
    with clinic(record_url, tmp_path / "in") as found:
        yield found


def content(record: Record) -> list[list[tuple[Any, ...]]]:
    """All rows of the copy, table by table, whatever their order and their files."""
    copy = record.analytic().parts
    tables = []
    for table in ("facts", "resources", "samples"):
        parts = [copy.read(one) for one in copy.index().parts if one.table == table]
        rows = pl.concat(parts).rows() if parts else []
        tables.append(sorted(rows, key=repr))
    return tables


def test_the_copy_says_what_the_record_says(record: Record) -> None:
    rows = record.query("SELECT * FROM facts ORDER BY fact")
    facts = {fact.id: fact for one in record.patients() for fact in one.facts(void=True)}
    assert set(rows["fact"]) == set(facts)
    for row in rows.to_dicts():
        fact = facts[row["fact"]]
        for name in ("subject", "kind", "system", "code", "display", "value", "unit", "start_ms", "status", "basis"):
            assert row[name] == getattr(fact, name), name
        assert json.loads(row["detail"] or "{}") == fact.detail
    assert set(rows["person"]) == {"p1", "p2"}


def test_views_by_name_and_by_definition(record: Record) -> None:
    assert record.cohort("patients").select("patient", "born").rows() == [("p1", "1961-05-06"), ("p2", "1970-01-01")]
    assert record.cohort("observations")["value"].to_list() == [1.1, 1.2]
    assert record.cohort("medications").height == 0
    view = {"resource": "Condition", "select": [{"column": [{"name": "of", "path": "subject.getReferenceKey()"}]}]}
    assert sorted(record.cohort(view)["of"]) == ["p1", "p1", "p2"]
    with pytest.raises(InputError, match="no such view"):
        record.cohort("nothing")


def test_references_inside_a_bundle_lead_to_their_resources(record: Record) -> None:
    samples = Path(__file__).parents[2] / "samples"
    record.ingest(samples / "sample-b" / "bundle.json")
    patients, labs = record.cohort("patients"), record.cohort("observations")
    assert labs.join(patients, on="patient", how="anti").height == 0
    assert labs.filter(patient="sample-b").height > 3


def test_refreshed_piece_by_piece_is_the_same_as_made_at_once(record: Record, tmp_path: Path) -> None:
    draw = random.Random(5)
    for step in range(16):
        labs = [lab(f"o{draw.randrange(6)}", f"p{draw.randrange(1, 3)}", draw.random()) for _ in range(2)]
        record.ingest(bundle(tmp_path, f"{step}.json", *{one["id"]: one for one in labs}.values()))
        done = record.analytic().refresh()
        assert step == 0 or done.added < 12  # what changed, not everything
    piecewise = content(record)
    record.analytic().rebuild()
    assert content(record) == piecewise
    assert record.analytic().refresh().added == 0
    head = select(schema.head.c.resource)
    with record.engine.connect() as connection:
        current = select(schema.fact.c.fact).where(schema.fact.c.resource.in_(head))
        assert set(connection.execute(current).scalars()) == {row[0] for row in piecewise[0]}


def test_a_new_version_replaces_the_old_one_at_the_next_query(record: Record, tmp_path: Path) -> None:
    assert record.cohort("observations")["value"].to_list() == [1.1, 1.2]
    changed = lab("o1", "p1", 9.9) | {"meta": {"lastUpdated": "2030-01-01T00:00:00Z", "versionId": "2"}}
    record.ingest(bundle(tmp_path, "new.json", changed))
    assert sorted(record.cohort("observations")["value"]) == [1.2, 9.9]


def test_nothing_lies_open(record: Record, folder: Path) -> None:
    record.analytic().rebuild()
    for path in filter(Path.is_file, folder.rglob("*")):
        data = path.read_bytes()
        assert not any(word in data for word in (b"Liebermann", b"44054006", b"categories", b"heart_rate")), path.name


def test_consent_decides_at_the_next_query(record: Record) -> None:
    researcher = as_(record, RESEARCHER)
    assert researcher.query("SELECT count(*) AS n FROM people")["n"][0] == 0
    assert researcher.cohort("patients").height == 0
    give_consent(record, "p2", "permit", "research")
    assert researcher.cohort("patients")["patient"].to_list() == ["p2"]
    assert set(researcher.query("SELECT person FROM facts")["person"]) == {"p2"}
    give_consent(record, "p2", "deny", "research")
    assert researcher.cohort("patients").height == 0
    assert researcher.query("SELECT * FROM facts").height == 0


@pytest.mark.parametrize(
    "aggregate", ["count(*)", "count(DISTINCT subject)", "max(value)", "list(code)", "any_value(person)"]
)
def test_who_is_withheld_changes_no_answer(record: Record, tmp_path: Path, aggregate: str) -> None:
    give_consent(record, "p2", "permit", "research")
    researcher = as_(record, RESEARCHER)
    query = f"SELECT {aggregate} AS found FROM facts WHERE kind <> 'consent' ORDER BY 1"
    before = researcher.query(query).rows()
    record.ingest(bundle(tmp_path, "more.json", condition("c9", "p1", SECRET, "2025-01-01"), lab("o9", "p1", 1e9)))
    assert researcher.query(query).rows() == before


def test_a_withheld_category_is_absent_and_the_rest_is_not(record: Record) -> None:
    codes = "SELECT code FROM facts WHERE person = 'p1' AND kind = 'condition'"
    assert SECRET in set(record.query(codes)["code"])
    give_consent(record, "p1", "deny", "treatment", category="mental_health")
    seen = as_(record, DOCTOR)
    assert SECRET not in set(seen.query(codes)["code"])
    assert "44054006" in set(seen.query(codes)["code"])
    assert SECRET not in str(seen.cohort("conditions").rows())


def test_merged_people_are_one_at_the_next_query_and_two_again_when_unmerged(record: Record) -> None:
    persons = "SELECT DISTINCT person FROM facts ORDER BY 1"
    assert record.query(persons)["person"].to_list() == ["p1", "p2"]
    record.merge("p2", "p1", "the same woman", despite_differences=True)
    assert record.query(persons).height == 1
    assert record.cohort("patients").height == 2  # a row a Patient resource, as the standard says
    assert record.query("SELECT count(DISTINCT person) AS n FROM people")["n"].to_list() == [1]
    record.unmerge("p1", "not the same woman")
    assert record.query(persons)["person"].to_list() == ["p1", "p2"]


def test_who_may_not_search_may_not_ask(record: Record) -> None:
    for actor in (STRANGER, own("p1")):
        with pytest.raises(AccessError):
            as_(record, actor).query("SELECT 1")
        with pytest.raises(AccessError):
            as_(record, actor).cohort("patients")


def test_one_audit_row_for_a_question_with_the_count(record: Record) -> None:
    record.query("SELECT count(*) FROM facts")
    before = record.verify_audit()
    record.cohort("observations")
    assert record.verify_audit() == before + 1
    with record.engine.connect() as connection:
        last = connection.execute(select(schema.audit).order_by(schema.audit.c.at_ms, schema.audit.c.seq)).all()[-1]
    assert last.action == "search"
    assert json.loads(last.detail) == {"of": "view", "type": "observation", "rows": 2}


def test_the_erased_vanish_from_the_files(record: Record) -> None:
    record.analytic().refresh()
    assert record.cohort("patients").height == 2
    record.erase("p1")
    assert all("p1" not in row for table in content(record) for row in table)
    assert record.cohort("patients")["patient"].to_list() == ["p2"]
    piecewise = content(record)
    record.analytic().rebuild()
    assert content(record) == piecewise


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE x AS SELECT 1",
        "INSERT INTO people VALUES ('a', 'b')",
        "COPY facts TO '{0}/out.csv'",
        "ATTACH '{0}/other.db'",
        "SET enable_external_access = true",
        "SELECT 1; SELECT 2",
        "INSTALL httpfs",
        "PRAGMA database_list",
        "EXPLAIN SELECT 1",
        "SELECT * FROM read_csv('{0}/secret.csv')",
        "SELECT * FROM '{0}/secret.csv'",
        "SELECT * FROM glob('{0}/*')",
        "SELECT content FROM read_text('{0}/secret.csv')",
        "SELECT * FROM query('COPY facts TO ''{0}/out.csv''')",
        "SELECT * FROM rows",
        "SELEKT 1",
        "",
    ],
)
def test_sql_reads_the_tables_and_nothing_else(record: Record, tmp_path: Path, sql: str) -> None:
    if record.engine.dialect.name != "sqlite":
        pytest.skip("the gate does not depend on the database")
    (tmp_path / "secret.csv").write_text("a\n1\n")
    rows = pl.DataFrame({"a": [1]})
    with pytest.raises(InputError):
        record.query(sql.format(tmp_path))
    assert not (tmp_path / "out.csv").exists()
    assert rows.height == 1


class Pulse(Format):
    """Heart rates of p1, as many as the file's text says."""

    name, version, needs_patient = "pulse", "1", False

    def claims(self, head: bytes) -> bool:
        return True

    def read(self, file: RawFile, told: Told) -> Iterator[Item]:
        first, last = map(int, file.content.split())
        at = np.arange(first, last) * 60_000
        offset = np.zeros(len(at), np.int16)
        yield Samples("p1", "heart_rate", "watch", "/min", at, at, offset, 60 + at / 1e6, np.arange(len(at)))


def test_samples_come_along(record: Record, tmp_path: Path) -> None:
    for place, text in enumerate(("0 50", "40 90")):
        path = tmp_path / f"{place}.pulse"
        path.write_text(text)
        assert record.ingest(path, formats=[Pulse()]).quarantined == 0
        found = record.query("SELECT person, signal, count(*) AS n, min(value) AS low FROM samples GROUP BY ALL")
        assert found.rows() == [("p1", "heart_rate", 50 if place == 0 else 90, 60.0)]


def test_the_command(record_url: str, tmp_path: Path) -> None:
    clinic(record_url, tmp_path).close()
    run = CliRunner().invoke

    def told(*arguments: str) -> Any:
        done = run(app, ["cohort", *arguments, "--record", record_url, "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.output)

    assert [one["patient"] for one in told("patients")] == ["p1", "p2"]
    assert told("--sql", "SELECT count(*) AS n FROM people") == [{"n": 2}]
    assert told("--rebuild")["resources"] == 7
    assert told("--refresh")["added"] == 0
    assert told("conditions", "--out", str(tmp_path / "c.parquet"))["rows"] == 3
    assert pl.read_parquet(tmp_path / "c.parquet").height == 3
    for wrong in ([], ["patients", "--refresh"], ["patients", "--out", "x.txt"]):
        with pytest.raises(InputError):
            run(app, ["cohort", *wrong, "--record", record_url], catch_exceptions=False)
