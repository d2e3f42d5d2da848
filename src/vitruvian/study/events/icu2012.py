"""The ICU stays of the PhysioNet/Computing in Cardiology Challenge 2012 as events.

One long table per set (record_id, minute, variable, value) and its outcomes; doi:10.22489/CinC.2012 and
https://physionet.org/content/challenge-2012/1.0.0/. The set has no dates: each stay begins on 1 January 2000, made up.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vitruvian.core import DataError
from vitruvian.study.events.events import Events

if TYPE_CHECKING:
    import polars as pl

PREFIX = "ICU2012"
ICU_ADMISSION = f"{PREFIX}//ADMISSION"
DEATH_IN_HOSPITAL = f"{PREFIX}//DEATH_IN_HOSPITAL"
DISCHARGED_ALIVE = f"{PREFIX}//DISCHARGED_ALIVE"
BEGIN = 946_684_800_000_000
"""2000-01-01, µs: when each stay begins here."""
_MINUTE, _DAY = 60_000_000, 86_400_000_000
_EARLIEST = 2 * _DAY + _MINUTE
"""No stay of the challenge ended in its first 48 hours."""
NO_DAY = "day not recorded"
UNITS = {
    "Age": "a", "Height": "cm", "Weight": "kg", "HR": "/min", "SysABP": "mm[Hg]", "DiasABP": "mm[Hg]",
    "MAP": "mm[Hg]", "NISysABP": "mm[Hg]", "NIDiasABP": "mm[Hg]", "NIMAP": "mm[Hg]", "RespRate": "/min",
    "Temp": "Cel", "Urine": "mL", "SaO2": "%", "PaO2": "mm[Hg]", "PaCO2": "mm[Hg]", "HCO3": "mmol/L", "Na": "meq/L",
    "K": "meq/L", "Mg": "mg/dL", "Lactate": "mmol/L", "Glucose": "mg/dL", "BUN": "mg/dL", "Creatinine": "mg/dL",
    "Bilirubin": "mg/dL", "Cholesterol": "mg/dL", "Albumin": "g/dL", "ALT": "U/L", "AST": "U/L", "ALP": "U/L",
    "HCT": "%", "WBC": "10*9/L", "Platelets": "10*9/L", "TroponinI": "ug/L", "TroponinT": "ug/L",
}  # fmt: skip
"""Units of the source; Mg is labelled mmol/L there, but its values are those of mg/dL. Others have none."""
PLAIN = ("Gender", "ICUType", "GCS", "FiO2", "MechVent", "pH")
UNKNOWN = ("Gender", "Height", "Weight")
"""Where -1 says that it is not known."""


def icu2012_events(series: str | Path, outcomes: str | Path | None = None) -> Events:
    """The stays of one set; with outcomes also how they ended. A value is known when it is measured.

    A stay ends when its last day does (`Survival` for a death, else `Length_of_stay`), after its first 48 hours; where
    the day is not recorded, right after these, and the event says so. Raises `DataError` for other columns.
    """
    import polars as pl

    table = _read(series, {"record_id": pl.String, "minute": pl.Int64, "variable": pl.String, "value": pl.Float64})
    if (odd := table.filter(~pl.col("variable").is_in([*UNITS, *PLAIN]))).height:
        raise DataError("variables that the challenge does not have", got=f"{odd.height:,} rows, {odd['variable'][0]}")
    told = table.filter(~((pl.col("value") == -1) & pl.col("variable").is_in(UNKNOWN)))
    measured = told.select(
        pl.col("record_id").alias("subject_id"),
        (BEGIN + pl.col("minute") * _MINUTE).alias("time"),
        (pl.lit(f"{PREFIX}//") + pl.col("variable")).alias("code"),
        pl.col("value").alias("numeric_value"),
        pl.col("variable").replace_strict({**UNITS, **dict.fromkeys(PLAIN, "1")}, return_dtype=pl.String).alias("unit"),
    )
    stays = table.select(pl.col("record_id").unique(maintain_order=True).alias("subject_id"))
    begun = stays.select("subject_id", time=pl.lit(BEGIN, pl.Int64), code=pl.lit(ICU_ADMISSION))
    ended = [] if outcomes is None else [_ends(outcomes)]
    whole = pl.concat([measured, begun, *ended], how="diagonal")
    moment = pl.col("time").cast(pl.Datetime("us"))
    texts = {} if "text" in whole.columns else {"text": pl.lit(None, pl.String)}
    return Events.of(whole.with_columns(time=moment, known=moment, kind=pl.lit("measured"), **texts))


def _ends(outcomes: str | Path) -> pl.DataFrame:
    """Death in hospital, or discharge alive, of the stays whose end is known."""
    import polars as pl

    names = ("Length_of_stay", "Survival", "In-hospital_death")
    table = _read(outcomes, {"RecordID": pl.String, **dict.fromkeys(names, pl.Int64)})
    died = pl.col("In-hospital_death") == 1
    day = pl.when(died & (pl.col("Survival") >= 0)).then(pl.col("Survival")).otherwise(pl.col("Length_of_stay"))
    last = pl.max_horizontal(BEGIN + _EARLIEST, BEGIN + (day + 1) * _DAY)
    return table.select(
        pl.col("RecordID").alias("subject_id"),
        last.alias("time"),
        pl.when(died).then(pl.lit(DEATH_IN_HOSPITAL)).otherwise(pl.lit(DISCHARGED_ALIVE)).alias("code"),
        pl.when(day < 0).then(pl.lit(NO_DAY)).alias("text"),
    )


def _read(path: str | Path, schema: dict[str, type[pl.DataType]]) -> pl.DataFrame:
    import polars as pl

    try:
        return pl.read_csv(path, columns=list(schema), schema_overrides=schema)
    except pl.exceptions.PolarsError as error:
        raise DataError(f"{Path(path).name} is not as the challenge has it", got=str(error).splitlines()[0]) from error
