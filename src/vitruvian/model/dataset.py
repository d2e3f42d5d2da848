"""NONMEM-format data sets: a CSV file → `Subject` records, whole or not at all."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from vitruvian.core import DataError, UnknownNameError, UnsupportedError
from vitruvian.model.layout import RECORD_TIME, DataLayout
from vitruvian.model.model import Model
from vitruvian.model.subject import Subject

ITEMS = (
    "ID",
    "TIME",
    "AMT",
    "RATE",
    "II",
    "ADDL",
    "SS",
    "CMT",
    "EVID",
    "MDV",
    "DV",
    "DVID",
    "CENS",
    "BLQ",
    "LIMIT",
    "LLOQ",
    "OCC",
    "C",
)
_WHOLE = {"ADDL", "SS", "CMT", "EVID", "MDV", "DVID", "CENS", "BLQ", "OCC"}
_REFUSED = dict.fromkeys(("DATE", "DAT1", "DAT2", "DAT3"), "give TIME as elapsed time") | {
    "PCMT": "predictions are of the named outputs",
    "CALL": "the model is evaluated at every record",
    "L2": "residual errors are independent",
}
_DOSING = ("AMT", "RATE", "II", "ADDL", "SS")


@dataclass(frozen=True)
class _Rows:
    """The file as numbers: one array per column, NaN where missing; `line` is the line number in the file."""

    ids: list[str]
    line: np.ndarray
    columns: dict[str, np.ndarray]

    def get(self, name: str) -> np.ndarray:
        """A column with missing values, or an absent column, as 0."""
        return np.nan_to_num(self.columns.get(name, np.zeros(len(self.ids))), nan=0.0)

    def refuse(self, wrong: np.ndarray, what: str, **more: object) -> None:
        """Raise `DataError` naming the rows where `wrong`."""
        if wrong.any():
            lines = self.line[wrong]
            rows = ", ".join(map(str, lines[:5])) + (f" and {len(lines) - 5} more" if len(lines) > 5 else "")
            raise DataError(f"row {rows}: {what}", **more)  # type: ignore[arg-type]


def read_dataset(
    path: str | Path,
    model: Model | None = None,
    layout: DataLayout | None = None,
    *,
    ignore: Iterable[str] = (),
) -> list[Subject]:
    """People of a NONMEM-format CSV file, in the order of the file.

    Headers in upper or lower case; "." and empty cells are missing. Absent columns take NONMEM's defaults: EVID from
    AMT and the other dosing items, MDV from EVID and DV. Times and amounts are in the model's units. Differences from
    NONMEM, on purpose: a missing DV is no observation (NONMEM reads 0), rows of one ID must stand together, a missing
    covariate is refused, times are elapsed and not negative. CENS (or BLQ) 1 marks a value below LLOQ (or LIMIT; if
    absent: below DV). Rows with "C" in a column C are comments. OCC numbers occasions. Without `model`, every other
    column is a covariate; with it, columns that are neither items nor covariates are refused unless in `ignore`.
    `layout` says which output and compartment a record is about; default: the model's own `layout` if it has one, else
    DVID 1, 2, … in the order of the model's outputs.
    Raises `DataError` with row numbers, `UnknownNameError` for a column, `UnsupportedError` for an item.
    """
    layout = layout or getattr(model, "layout", None) or DataLayout()
    rows = _read(Path(path), {name.upper() for name in ignore}, layout)
    covariates = _covariates(rows, model, layout)
    evid = _evid(rows)
    dv = rows.columns.get("DV", np.full(len(rows.ids), np.nan))
    observed = (evid == 0) & (rows.get("MDV") == 0) & ~np.isnan(dv)
    _check_times(rows, evid)
    _check_doses(rows, evid)
    censored, limit = _censoring(rows, observed, dv)
    whole = {
        "time": rows.columns["TIME"],
        "evid": evid,
        "amt": rows.get("AMT"),
        "rate": rows.get("RATE"),
        "ii": rows.get("II"),
        "addl": np.maximum(rows.get("ADDL"), 0).astype(int),
        "ss": rows.get("SS").astype(int),
        "cmt": _compartments(rows, evid, model, layout),
        "dv": np.where(observed, dv, np.nan),
        "mdv": (~observed).astype(int),
        "output": _outputs(rows, observed, model, layout),
        "censored": censored,
        "limit": limit,
        "occasion": np.unique(rows.get("OCC"), return_inverse=True)[1],
    }
    return [
        Subject(
            id=rows.ids[a],
            **{k: v[a:b] for k, v in whole.items()},
            covariates={k: v[a:b] for k, v in covariates.items()},
        )
        for a, b in _people(rows)
    ]


def levels_before_first_dose(subject: Subject) -> np.ndarray:
    """Indices of observations that come before the person's first dose: legal, but worth a question."""
    dosed = np.cumsum((subject.evid == 1) | (subject.evid == 4))
    return np.flatnonzero((subject.mdv == 0) & (dosed == 0))


def run_on(subject: Subject) -> Subject:
    """The same records with time that runs on where EVID 3 or 4 starts it anew: each such part comes 1 later."""
    time = np.asarray(subject.time, dtype=float)
    step = np.diff(time, prepend=time[0])
    return replace(subject, time=time + np.cumsum(np.where(step < 0, 1.0 - step, 0.0)))


# -- reading cells ------------------------------------------------------------------------------------------------


def _read(path: Path, ignore: set[str], layout: DataLayout) -> _Rows:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            table = [(reader.line_num, cells) for cells in reader if any(map(str.strip, cells))]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path.name}", got=error, todo="Give a CSV file in UTF-8.") from error
    if len(table) < 2:
        raise DataError(f"{path.name} has no data rows", todo="Give a header line and one line per record.")
    header = layout.rename([name.strip().upper() for name in table[0][1]])
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise DataError(f"{path.name} names a column twice", got=", ".join(twice))
    for name in header:
        if name in _REFUSED and name not in ignore:
            raise UnsupportedError(f"data item {name} is not supported: {_REFUSED[name]}", todo="Leave the column out.")
    body = [(n, c) for n, c in table[1:] if "C" not in header or c[header.index("C")].strip().upper() != "C"]
    for line, cells in body:
        if len(cells) != len(header):
            raise DataError(f"row {line}: wrong number of cells", got=len(cells), allowed=len(header))
    for name in ("ID", "TIME"):
        if name not in header:
            raise DataError(f"{path.name} has no column {name}", got=", ".join(header))
    ids = [cells[header.index("ID")].strip() for _, cells in body]
    columns = {
        name: np.array([_number(cells[k], line, name) for line, cells in body])
        for k, name in enumerate(header)
        if name not in {"", "ID", "C", *ignore}
    }
    rows = _Rows(ids, np.array([line for line, _ in body]), columns)
    rows.refuse(np.array([i in {"", "."} for i in ids]), "the ID is missing")
    for name in sorted(_WHOLE & columns.keys()):
        column = columns[name]
        rows.refuse(~np.isnan(column) & (column != np.round(column)), f"{name} must be a whole number")
    return rows


def _number(cell: str, line: int, name: str) -> float:
    text = cell.strip()
    if text in {"", "."}:
        return math.nan
    try:
        value = float(text) if "_" not in text else math.nan
    except ValueError:
        value = math.nan
    if math.isfinite(value):
        return value
    todo = "Give TIME as elapsed time, not as a clock." if name == "TIME" and ":" in text else None
    raise DataError(
        f"row {line}, column {name}: not a number", got=repr(text), allowed='a number, "." or empty', todo=todo
    )


def _people(rows: _Rows) -> list[tuple[int, int]]:
    starts = [k for k, i in enumerate(rows.ids) if k == 0 or i != rows.ids[k - 1]]
    seen: set[str] = set()
    for k in starts:
        if rows.ids[k] in seen:
            raise DataError(
                f"row {rows.line[k]}: ID {rows.ids[k]} appears again after other people",
                todo="Sort the rows by ID, or give another person another ID.",
            )
        seen.add(rows.ids[k])
    return list(zip(starts, [*starts[1:], len(rows.ids)], strict=True))


# -- meaning of columns -------------------------------------------------------------------------------------------


def _covariates(rows: _Rows, model: Model | None, layout: DataLayout) -> dict[str, np.ndarray]:
    others = [name for name in rows.columns if name not in ITEMS]
    if model is None:
        return {name: rows.columns[name] for name in others}
    wanted = {c.name: c for c in model.covariates}
    unknown = sorted(set(others) - set(wanted) - set(layout.inputs))
    if unknown:
        raise UnknownNameError(
            f"unknown column {', '.join(unknown)}: neither a data item nor a covariate of {model.name}",
            allowed=", ".join([*ITEMS, *wanted]),
            todo="Rename it, or say that it is to be ignored (--ignore NAME, ignore=[…]).",
        )
    found: dict[str, np.ndarray] = {}
    for name, covariate in wanted.items():
        column = rows.columns.get("TIME" if name == RECORD_TIME else name)
        if column is None and covariate.default is None and name != "TIME":
            raise DataError(
                f"covariate {name} of {model.name} is missing", todo=f"Add a column {name} in {covariate.unit}."
            )
        if column is None:
            column = np.full(len(rows.ids), covariate.default, dtype=float)
        rows.refuse(np.isnan(column), f"covariate {name} is missing", todo="Fill in the value that holds at that time.")
        found[name] = column
    return {name: column for name, column in found.items() if name != "TIME"}


def _evid(rows: _Rows) -> np.ndarray:
    dosing = np.any([rows.get(name) != 0 for name in _DOSING], axis=0)
    given = rows.columns.get("EVID")
    # NM-TRAN's rule for an absent EVID: dosing items make a dose, MDV 1 alone makes an "other" record
    derived = np.where(dosing, 1, np.where(rows.get("MDV") == 1, 2, 0))
    evid = derived if given is None else np.nan_to_num(given, nan=0.0)
    rows.refuse(~np.isin(evid, range(5)), "EVID is unknown", got=evid[~np.isin(evid, range(5))][:1], allowed="0 to 4")
    rows.refuse(~np.isin(rows.get("MDV"), (0, 1)), "MDV is unknown", allowed="0 or 1")
    rows.refuse(
        dosing & np.isin(evid, (0, 2, 3)),
        "a record without dose has dosing items",
        got=", ".join(n for n in _DOSING if rows.get(n).any()),
        todo="Set EVID 1 or 4, or the items to 0.",
    )
    return evid.astype(int)


def _check_times(rows: _Rows, evid: np.ndarray) -> None:
    time = rows.columns["TIME"]
    rows.refuse(np.isnan(time), "TIME is missing")
    rows.refuse(time < 0, "TIME is negative", todo="Count time from the first record.")
    same = np.array([False] + [a == b for a, b in zip(rows.ids, rows.ids[1:], strict=False)])
    back = same & (np.diff(time, prepend=time[:1]) < 0) & ~np.isin(evid, (3, 4))
    rows.refuse(back, "TIME goes back", allowed="earlier times only at EVID 3 or 4", todo="Sort the rows by time.")


def _check_doses(rows: _Rows, evid: np.ndarray) -> None:
    amt, rate, ii, addl, ss = (rows.get(name) for name in _DOSING)
    dose = np.isin(evid, (1, 4))
    constant = (ss == 1) & (rate > 0) & (amt == 0) & (ii == 0)
    rows.refuse(dose & (amt < 0), "AMT is negative")
    rows.refuse(
        dose & (amt == 0) & ~constant,
        "a dose has no amount",
        allowed="AMT above 0, or SS=1 with RATE above 0 and II=0 (constant infusion)",
    )
    rows.refuse((rate < 0) & ~np.isin(rate, (-1, -2)), "RATE is unknown", allowed="0, above 0, -1 or -2")
    rows.refuse(~np.isin(ss, (0, 1, 2)), "SS is not supported", got=ss[~np.isin(ss, (0, 1, 2))][:1], allowed="0, 1, 2")
    rows.refuse(ii < 0, "II is negative")
    rows.refuse((ss > 0) & (ii == 0) & ~constant, "a steady-state dose has no interval", todo="Give II above 0.")
    rows.refuse((addl > 0) & (ii == 0), "additional doses have no interval", todo="Give II above 0.")


def _compartments(rows: _Rows, evid: np.ndarray, model: Model | None, layout: DataLayout) -> np.ndarray:
    cmt = rows.get("CMT").astype(int)
    if (cmt < 0).any():
        rows_off = rows.line[cmt < 0][0]
        raise UnsupportedError(f"row {rows_off}: a negative CMT (switching a compartment off) is not supported")
    if model is None:
        return cmt
    dose = np.isin(evid, (1, 4))
    count = len(model.compartments)
    # NONMEM numbers the output compartment n+1: no dose may go there
    rows.refuse(
        dose & (cmt > count),
        f"a dose goes to a compartment that {model.name} lacks",
        got=cmt[dose].max(initial=0),
        allowed=", ".join(f"{k + 1} {name}" for k, name in enumerate(model.compartments)),
    )
    seen = layout.observed_compartments
    if seen is not None:
        rows.refuse(
            (evid == 0) & ~np.isin(cmt, list(seen)),
            f"{model.name} observes another compartment",
            allowed=", ".join(f"CMT {k}" for k in sorted(seen)),
            todo="Let $ERROR choose by CMT.",
        )
    targets = sorted({model.compartments.index(c) + 1 for c in model.routes.values()})
    default = layout.dose_compartment or (targets[0] if len(targets) == 1 else 0)
    rows.refuse(
        dose & (cmt == 0) & (default == 0),
        "a dose has no compartment",
        allowed=", ".join(f"{k} {model.compartments[k - 1]}" for k in targets),
        todo="Add a column CMT.",
    )
    return np.where(dose & (cmt == 0), default, cmt)


def _outputs(rows: _Rows, observed: np.ndarray, model: Model | None, layout: DataLayout) -> np.ndarray:
    count = len(model.outputs) if model else None
    column, codes, otherwise = layout.column, dict(layout.codes), layout.otherwise
    if column is None and "DVID" in rows.columns and "DVID" not in layout.inputs:
        column, codes = "DVID", {float(k + 1): k for k in range(count or int(rows.get("DVID").max()))}
    if column is None:
        names = ", ".join(f"{k + 1} {o.name}" for k, o in enumerate(model.outputs)) if model else ""
        rows.refuse(observed & ((count or 1) > 1), "which output?", allowed=names, todo="Add a column DVID.")
        return np.zeros(len(rows.ids), dtype=int)
    values = rows.get(column)
    unknown = ~np.isin(values, list(codes))
    if otherwise is None:
        got = values[observed & unknown][:1]
        rows.refuse(
            observed & unknown, f"{column} names no output", got=got, allowed=", ".join(f"{k:g}" for k in codes)
        )
    return np.array([codes.get(v, otherwise or 0) for v in values], dtype=int)


def _censoring(rows: _Rows, observed: np.ndarray, dv: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    flags: Sequence[np.ndarray] = [rows.get(name) for name in ("CENS", "BLQ")]
    for name, flag in zip(("CENS", "BLQ"), flags, strict=True):
        rows.refuse(~np.isin(flag, (0, 1)), f"{name} is unknown", allowed="0, or 1 for a value below the limit")
    censored = observed & ((flags[0] == 1) | (flags[1] == 1))
    limit = np.nan_to_num(dv, nan=0.0)
    for name in ("LIMIT", "LLOQ"):
        column = rows.columns.get(name)
        if column is not None:
            rows.refuse(
                censored & (column <= 0), f"{name} must be above 0", todo=f"{name} is the limit of quantification."
            )
            limit = np.where(np.isnan(column), limit, column)
    return censored, np.where(censored, limit, 0.0)
