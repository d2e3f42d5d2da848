"""A row of table `fact` that was edited behind the program's back is told as such, whichever column it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from clinic import clinic
from sqlalchemy import select, update

from vitruvian.core import DataError
from vitruvian.record import Record, schema

FACT = schema.fact
ASKED: tuple[Callable[[Record], Any], ...] = (
    lambda record: record.patient("p1").facts(),
    lambda record: record.patient("p1").timeline(),
    lambda record: record.query("SELECT * FROM facts"),
    lambda record: record.candidates(),
)


@pytest.fixture
def record(tmp_path: Path) -> Any:
    with clinic(str(tmp_path / "clinic.db"), tmp_path) as found:
        yield found


def edit(record: Record, values: dict[str, Any]) -> None:
    with record.engine.begin() as connection:
        chosen = (
            FACT.c.fact
            == select(FACT.c.fact).where(FACT.c.code == "birth_date", FACT.c.subject == "p1").scalar_subquery()
        )
        assert connection.execute(update(FACT).where(chosen).values(values)).rowcount == 1


@pytest.mark.parametrize("sealed", [b"", b"\x00", b"\x00" * 40, "words"])
def test_sealed_bytes_that_are_none(record: Record, sealed: Any) -> None:
    with record.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE fact SET sealed = ? WHERE code = 'birth_date'", (sealed,))
    for ask in ASKED:
        with pytest.raises(DataError, match="tampered with"):
            ask(record)


@pytest.mark.parametrize(
    "column",
    [one.name for one in FACT.columns if one.name not in ("sealed", "subject", "prov", "resource")],  # these join
)
def test_no_open_column_can_be_changed(record: Record, column: str) -> None:
    number = column.endswith("_ms") or column == "offset_min"
    edit(record, {column: 7 if number else "changed"})
    with pytest.raises(DataError, match="tampered with"):
        record.patient("p1").facts()


def test_a_column_of_another_type(record: Record) -> None:
    with record.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE fact SET start_ms = x'00' WHERE code = 'birth_date'")
    with pytest.raises(DataError, match="tampered with"):
        record.patient("p1").facts()
