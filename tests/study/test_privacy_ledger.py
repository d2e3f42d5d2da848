"""The privacy budget of a record: it adds up, refuses what exceeds it, and lies in the audit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from vitruvian.cli.main import app
from vitruvian.core import AccessError, Actor, DataError, InputError
from vitruvian.learn.private import Mechanism, Randomness, epsilon_of, noise_for
from vitruvian.record import Record
from vitruvian.study import PrivacyLedger

pytest.importorskip("dp_accounting", reason="needs the extra learn")
DELTA = 1e-5
HALF = Mechanism("pure", 2.0)


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    with Record.open(tmp_path / "a.db") as opened:
        yield opened


def test_runs_add_up_until_the_budget_is_spent(record: Record) -> None:
    ledger = PrivacyLedger(record)
    with pytest.raises(InputError, match="no privacy budget"):
        ledger.spend("first", [HALF])
    ledger.set_budget(1.1, DELTA)
    ledger.spend("count:1", [HALF])
    assert ledger.spent() == pytest.approx(0.5, abs=2e-3)
    training = Mechanism("gaussian", 8.0, times=1)
    ledger.spend("train.2", [training])
    both = epsilon_of([HALF, training], DELTA)
    assert ledger.spent() == pytest.approx(both, abs=5e-3)
    assert ledger.left() == pytest.approx(1.1 - ledger.spent())
    with pytest.raises(DataError, match=r"train.3 would exceed.*of it spent"):
        ledger.spend("train.3", [Mechanism("gaussian", 2.0)])
    assert [one.name for one in ledger.runs()] == ["count:1", "train.2"], "what is refused is not entered"
    assert ledger.runs()[0].mechanisms == (HALF,)
    ledger.set_budget(0.1, DELTA)
    assert ledger.left() == 0
    with pytest.raises(DataError):
        ledger.spend("count:4", [Mechanism("pure", 1000.0)])


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 8.0])
def test_what_was_calibrated_for_the_whole_budget_fits_in_it(record: Record, epsilon: float) -> None:
    ledger = PrivacyLedger(record)
    ledger.set_budget(epsilon, DELTA)
    ledger.spend("trees", [Mechanism("gaussian", noise_for(epsilon, DELTA))])
    assert ledger.left() < epsilon / 100


def test_the_ledger_is_part_of_the_audit(record: Record) -> None:
    ledger = PrivacyLedger(record)
    ledger.set_budget(1.0, DELTA)
    ledger.spend("count", [HALF])
    with pytest.raises(DataError):
        ledger.spend("count", [HALF, HALF])
    assert record.audit_counts()["refused"] == 1
    record.verify_audit()
    with record.engine.begin() as connection:
        query = "UPDATE audit SET detail = replace(detail, '2.0', '9.0') WHERE action = 'privacy_spent'"
        assert connection.execute(text(query)).rowcount == 1
    with pytest.raises(DataError, match="edited"):
        record.verify_audit()


def test_who_may_not_or_should_not_is_refused(record: Record, tmp_path: Path) -> None:
    ledger = PrivacyLedger(record)
    ledger.set_budget(1.0, DELTA)
    with pytest.raises(InputError, match="protects nobody"):
        ledger.spend("count", [HALF], randomness=Randomness.of_seed(1))
    ledger.spend("count", [HALF], randomness=Randomness.secret())
    for name, mechanisms in (("", [HALF]), ("Anna Berger", [HALF]), ("count", [])):
        with pytest.raises(InputError, match="needs a name"):
            ledger.spend(name, mechanisms)
    for epsilon, delta in ((0.0, DELTA), (1.0, 0.0), (1.0, 1.0)):
        with pytest.raises(InputError, match="a privacy budget"):
            ledger.set_budget(epsilon, delta)
    researcher = Actor("r", frozenset({"researcher"}), "research")
    payer = Actor("p", frozenset({"payer"}), "payment")
    with Record.open(tmp_path / "a.db", researcher) as opened:
        PrivacyLedger(opened).spend("count", [Mechanism("pure", 10.0)])
        with pytest.raises(AccessError):
            PrivacyLedger(opened).set_budget(9.0, DELTA)
    with Record.open(tmp_path / "a.db", payer) as opened, pytest.raises(AccessError):
        PrivacyLedger(opened).spend("count", [HALF])


def test_commands(tmp_path: Path) -> None:
    path = str(tmp_path / "a.db")
    Record.open(path).close()
    run = CliRunner().invoke
    assert "no budget" in run(app, ["privacy", "ledger", "--record", path]).output
    told = run(app, ["privacy", "budget", "--epsilon", "2", "--delta", "1e-5", "--record", path])
    assert told.output == "budget: epsilon 2 at delta 1e-05\n"
    with Record.open(path) as opened:
        PrivacyLedger(opened).spend("count", [HALF])
    shown = run(app, ["privacy", "ledger", "--record", path])
    assert "pure 2 × 1" in shown.output
    assert "spent: epsilon 0.5 of 2" in shown.output
    assert '"spent": 0.49998' in run(app, ["privacy", "ledger", "--json", "--record", path]).output
