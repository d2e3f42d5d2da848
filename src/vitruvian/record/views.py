"""One person's measurements as a table: facts (laboratory, vital signs) and samples of streams, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from vitruvian.core import InputError, UnsupportedError
from vitruvian.record.fact import NO_OFFSET
from vitruvian.record.fact_rows import hidden_of
from vitruvian.record.keys import KeyRing
from vitruvian.record.sample_frame import flag_text
from vitruvian.tables.codes import codes_of
from vitruvian.tables.signals import signals

if TYPE_CHECKING:
    import polars as pl

Kind = Literal["polars", "pandas"]


@lru_cache(maxsize=1024)
def signals_of(name: str) -> tuple[str, ...]:
    """Signals that a name or code means: the signal of that name or LOINC code, or of a code of that analyte."""
    codes = {name, *(code for _, code in codes_of(name))}
    found = tuple(one.name for one in signals().values() if one.name == name or (one.loinc and one.loinc in codes))
    return found or (name,)


@lru_cache(maxsize=1)
def columns() -> dict[str, Any]:
    """Columns of `Patient.observations` and their types.

    `start` and `end` are UTC; `offset` is minutes from UTC as received (null where none was given), so local time is
    start + offset. `value` and `unit` are canonical, `value_raw` and `unit_raw` as received; `text` is a value in
    words. `flags` names what is doubtful, "" if nothing is. `kind` is the fact's kind, or "sample"; `source` the
    parser of a fact, or the device or app of a sample; `id` the fact's id, null for a sample; `prov` the number of the
    ingested file.
    """
    import polars as pl

    moment = pl.Datetime("ms", "UTC")
    return {
        "start": moment,
        "end": moment,
        "offset": pl.Int32,
        "code": pl.String,
        "value": pl.Float64,
        "unit": pl.String,
        "value_raw": pl.Float64,
        "unit_raw": pl.String,
        "text": pl.String,
        "source": pl.String,
        "flags": pl.String,
        "kind": pl.String,
        "id": pl.String,
        "prov": pl.Int32,
    }


def fact_table(rows: Sequence[Any], keys: KeyRing) -> pl.DataFrame:
    """Rows of table `fact`, then `raw_hash` and `parser` of their provenance, as rows of the columns above.

    Opened in place and by position: a fact object for each would double the time of a small read.
    """
    import polars as pl

    ciphers = {one: keys.cipher(one) for one in {row.subject for row in rows}}
    cells = []
    for row in rows:
        key, _, subject, kind, _, code, start, end, offset, _, _, _, flags, _, _, prov, _, _, _, parser, *_ = row
        opened = hidden_of(row, ciphers[subject])
        _, value, unit, value_raw, unit_raw, value_code, value_text, detail, *_ = opened
        text = value_code if value_text is None else value_text
        if text is None and detail and (sign := detail.get("comparator")):
            text = f"{sign}{value_raw:g}"
        number = (code, value, unit, value_raw, unit_raw, text)
        cells.append((start, end, offset, *number, parser, flags, kind, key, prov))
    return pl.DataFrame(cells, schema=columns(), orient="row")


def sample_table(signal: str, samples: pl.DataFrame) -> pl.DataFrame:
    """Samples of one signal (see `sample_frame`) as rows of the same columns."""
    import polars as pl

    known = signals().get(signal)
    types = columns()
    unit = pl.lit(known.unit) if known else pl.col("unit")
    flags = {bits: flag_text(bits) for bits in samples["flags"].unique().to_list()}
    return samples.select(
        pl.col("start").cast(types["start"]),
        pl.col("end").cast(types["end"]),
        pl.when(pl.col("offset") == NO_OFFSET).then(None).otherwise(pl.col("offset")).cast(pl.Int32).alias("offset"),
        pl.lit((known.loinc or signal) if known else signal).alias("code"),
        pl.col("value").fill_nan(None),
        pl.when(pl.col("value").is_nan()).then(None).otherwise(unit).alias("unit"),
        pl.col("raw").fill_nan(None).alias("value_raw"),
        pl.when(pl.col("unit") == "").then(None).otherwise(pl.col("unit")).alias("unit_raw"),
        pl.when(pl.col("text") == "").then(None).otherwise(pl.col("text")).alias("text"),
        "source",
        pl.col("flags").replace_strict(flags, return_dtype=pl.String),
        pl.lit("sample").alias("kind"),
        pl.lit(None, pl.String).alias("id"),
        "prov",
    )


def united(tables: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """All rows in order of start."""
    import polars as pl

    some = [one for one in tables if one.height]
    if not some:
        return pl.DataFrame(schema=columns())
    return some[0] if len(some) == 1 else pl.concat(some).sort("start", nulls_last=False, maintain_order=True)


def given_as(table: pl.DataFrame, kind: Kind) -> Any:
    """The table as asked for; raises `InputError` for an unknown kind, `UnsupportedError` where pandas is absent."""
    if kind == "polars":
        return table
    if kind != "pandas":
        raise InputError("no such kind of table", got=repr(kind), allowed='"polars" or "pandas"')
    try:
        return table.to_pandas()
    except ModuleNotFoundError as error:
        raise UnsupportedError("pandas is not installed", got=str(error), todo="pip install pandas") from error
