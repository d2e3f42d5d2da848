"""`vitruvian consent`, `audit`, `identity` and `patient erase`, as a user types them."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from clinic import clinic
from typer.testing import CliRunner

from vitruvian.cli.main import app
from vitruvian.core import DataError, InputError, UnknownNameError


@pytest.fixture
def run(tmp_path: Path):  # type: ignore[no-untyped-def]
    url = str(tmp_path / "clinic.db")
    clinic(url, tmp_path).close()

    def command(*words: str) -> str:
        result = CliRunner().invoke(app, [*words, "--record", url])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.output

    return command


def test_consent(run) -> None:  # type: ignore[no-untyped-def]
    assert "no consent" in run("consent", "show", "p1")
    given = json.loads(run("consent", "permit", "MRN-1", "--purpose", "research", "--category", "genome", "--json"))
    assert (given["resourceType"], given["provision"]["type"]) == ("Consent", "permit")
    assert "deny  any purpose  mental_health  until 2999-01-01" in run(
        "consent", "deny", "p1", "--purpose", "any", "--category", "mental_health", "--until", "2999-01-01"
    )
    shown = run("consent", "show", "p1").splitlines()
    assert [line.split("\t")[1:] for line in shown] == [
        ["active", "permit  HRESCH  genome"],
        ["active", "deny  any purpose  mental_health  until 2999-01-01"],
    ]
    assert "35489007" not in run("patient", "timeline", "p1")
    assert run("consent", "withdraw", "p1", "--purpose", "any", "--category", "mental_health") == "1 withdrawn\n"
    assert "35489007" in run("patient", "timeline", "p1")
    assert [one["status"] for one in json.loads(run("consent", "show", "p1", "--json"))] == ["active", "inactive"]


def test_a_consent_goes_out_with_an_export(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    run("consent", "permit", "p1", "--purpose", "research")
    run("patient", "export", "p1", "--out", str(tmp_path / "out"))
    entries = json.loads((tmp_path / "out" / "bundle.json").read_bytes())["entry"]
    assert [one["resource"]["status"] for one in entries if one["resource"]["resourceType"] == "Consent"] == ["active"]


def test_audit(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    run("patient", "show", "p1")
    assert "rows, whole" in run("audit", "verify")
    rows = json.loads(run("audit", "list", "--patient", "p1", "--json"))
    assert {"ingest", "search", "read"} <= {one["action"] for one in rows}
    assert run("audit", "list", "--actor", "nobody") == ""
    assert run("audit", "list", "--since", "2000-01-01")
    with sqlite3.connect(tmp_path / "clinic.db") as connection:
        connection.execute("UPDATE audit SET actor = 'x' WHERE seq = 1")
    with pytest.raises(DataError, match="row 1: it was edited"):
        run("audit", "verify")


def test_identity(run) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match="--despite-differences"):
        run("identity", "merge", "p1", "p2", "--reason", "same passport")
    run("identity", "merge", "p1", "p2", "--reason", "same passport", "--despite-differences")
    assert run("patient", "list").split("\t")[0] == "p1"
    assert "p2 is a person again" in run("identity", "unmerge", "p2", "--reason", "a mistake")
    run("identity", "link", "p2", "p1", "--reason", "so the ward says", "--despite-differences")
    assert run("identity", "unlink", "p2", "--reason", "it does not") == "p2 is p2 again\n"
    log = run("identity", "log").splitlines()
    assert [line.split("\t")[2] for line in log] == ["merge", "unmerge", "link", "unlink"]
    assert json.loads(run("identity", "log", "--json"))[0]["reason"].startswith("same passport (despite")
    assert json.loads(run("identity", "candidates", "--json")) == []


def test_erase(run) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=r"erase p1 \(Liebermann\)\. Say --yes"):
        run("patient", "erase", "p1")
    assert run("patient", "erase", "p1", "--yes").startswith("erased p1 (Liebermann): 1 subjects, ")
    with pytest.raises(UnknownNameError):
        run("patient", "erase", "p1", "--yes")
    assert run("patient", "list").startswith("p2")
    assert "rows, whole" in run("audit", "verify")


def test_erasing_a_linked_person_says_who_goes(run) -> None:  # type: ignore[no-untyped-def]
    run("identity", "link", "p2", "p1", "--reason", "so the ward says", "--despite-differences")
    with pytest.raises(InputError, match=r"erase p1, p2 \(Liebermann; .*\)\. Say --yes"):
        run("patient", "erase", "p2")
    assert run("patient", "list").startswith("p1")
    found = json.loads(run("patient", "erase", "p2", "--yes", "--json"))
    assert (found["subjects"], found["ids"], len(found["names"])) == (2, ["p1", "p2"], 2)
