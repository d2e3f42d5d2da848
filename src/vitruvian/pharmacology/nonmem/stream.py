"""A NONMEM control stream as plain data; the only place that names pharmpy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core import DataError, InputError, UnsupportedError
from vitruvian.pharmacology.nonmem.code import Statement, parse_code

_IGNORED = ("ESTIMATION", "COVARIANCE", "TABLE", "SIMULATION", "SIZES", "SCATTERPLOT", "WARNINGS", "DATA", "ESTM",
            "COVR", "SIML", "SIMULATE", "INFILE", "TOL")  # fmt: skip
_CODE = ("PK", "DES", "ERROR")
_READ = ("PROBLEM", "INPUT", "SUBROUTINES", "SUBS", "MODEL", "THETA", "OMEGA", "SIGMA", "ABBREVIATED", *_CODE)


@dataclass(frozen=True)
class Theta:
    """One fixed effect: initial estimate, bounds, and whether it is fixed."""

    value: float
    lower: float
    upper: float
    fixed: bool
    comment: str = ""


@dataclass(frozen=True)
class ControlStream:
    """What a control stream says. `omega` and `sigma` are covariance matrices; SAME blocks are written out."""

    name: str
    problem: str
    inputs: tuple[str, ...]
    synonyms: dict[str, str]
    advan: int
    trans: int
    tol: int | None
    compartments: tuple[tuple[str, tuple[str, ...]], ...]
    code: dict[str, tuple[Statement, ...]]
    thetas: tuple[Theta, ...]
    omega: np.ndarray
    sigma: np.ndarray


def read_stream(path: Path) -> ControlStream:
    """Read a control stream. Raises `UnsupportedError` naming record and line, `DataError` for what cannot be read."""
    try:
        text = path.read_text(encoding="utf-8", errors="strict")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path.name}", got=error) from error
    records = _records(text, path.name)
    create, replace_option = _pharmpy()
    parsed: dict[str, list[tuple[int, Any]]] = {}
    for name, line, body in records:
        if name in _CODE:
            continue
        try:
            # pharmpy does not know NM-TRAN's comma before FIX, as in (1.1, FIX)
            record = create("$" + name + re.sub(r",\s*(FIX(?:ED)?)\b", r" \1", body, flags=re.IGNORECASE))
            parsed.setdefault(name, []).append((line, record))
        except Exception as error:  # pharmpy and its parser raise several unrelated types
            raise DataError(f"${name}, line {line}: cannot be read", got=str(error).splitlines()[0]) from error
    replace = {k.upper(): v.upper() for _, r in parsed.get("ABBREVIATED", []) for k, v in replace_option(r).items()}
    code: dict[str, tuple[Statement, ...]] = {}
    for name, line, body in records:
        if name in _CODE:
            code[name] = code.get(name, ()) + parse_code(body, f"${name}", line, replace)
    for name in ("PK", "ERROR"):
        if name not in code:
            raise DataError(f"{path.name} has no ${name} record", todo="Models of $PK and $ERROR are read, not $PRED.")
    inputs, synonyms = _inputs(parsed)
    advan, trans, tol = _subroutines(parsed)
    return ControlStream(
        name=path.stem,
        problem=_problem(records),
        inputs=inputs,
        synonyms=synonyms,
        advan=advan,
        trans=trans,
        tol=tol,
        compartments=tuple((n.upper(), tuple(o)) for _, r in parsed.get("MODEL", []) for n, o in r.compartments()),
        code=code,
        thetas=_thetas(parsed),
        omega=_covariance("OMEGA", records, parsed),
        sigma=_covariance("SIGMA", records, parsed),
    )


def _pharmpy() -> tuple[Any, Any]:
    try:
        from pharmpy.model.external.nonmem.records.factory import create_record
    except ImportError as error:
        raise InputError(
            "control streams need pharmpy, which is not installed", todo="Install it: pip install 'vitruvian[nonmem]'"
        ) from error
    return create_record, lambda record: dict(record.replaceopt)


def _records(text: str, file: str) -> list[tuple[str, int, str]]:
    """(canonical name, first line, text after the name) of every record."""
    found = []
    for match in re.finditer(r"^[ \t]*\$([A-Za-z]+)((?:(?!^[ \t]*\$).*\n?)*)", text, flags=re.MULTILINE):
        raw, line = match[1].upper(), text.count("\n", 0, match.start(1)) + 1
        full = [n for n in (*_READ, *_IGNORED) if n == raw or (len(raw) >= 3 and n.startswith(raw))]
        if not full:
            raise UnsupportedError(f"{file}, line {line}: record ${raw} is not supported", todo="Take it out.")
        if full[0] not in _IGNORED:
            found.append(("SUBROUTINES" if full[0] == "SUBS" else full[0], line, match[2]))
    if sum(name == "PROBLEM" for name, _, _ in found) != 1:
        raise UnsupportedError(f"{file} must have one $PROBLEM", got=sum(n == "PROBLEM" for n, _, _ in found))
    return found


def _problem(records: list[tuple[str, int, str]]) -> str:
    return next(body for name, _, body in records if name == "PROBLEM").strip().splitlines()[0:1][0] if records else ""


def _inputs(parsed: dict[str, list[tuple[int, Any]]]) -> tuple[tuple[str, ...], dict[str, str]]:
    """Data items by position ("" where dropped), and synonym → name."""
    reserved = {"ID", "TIME", "AMT", "RATE", "II", "ADDL", "SS", "CMT", "EVID", "MDV", "DV", "DVID"}
    items: list[str] = []
    synonyms: dict[str, str] = {}
    for _, record in parsed.get("INPUT", []):
        for option in record.all_options:
            key, other = option.key.upper(), (option.value or "").upper()
            if {key, other} & {"DROP", "SKIP"}:
                items.append("")
                continue
            if other in reserved:
                key, other = other, key
            items.append(key)
            if other:
                synonyms[other] = key
    return tuple(items), synonyms


def _subroutines(parsed: dict[str, list[tuple[int, Any]]]) -> tuple[int, int, int | None]:
    if not parsed.get("SUBROUTINES"):
        raise DataError("the control stream has no $SUBROUTINES record", todo="Say ADVAN and TRANS.")
    line, record = parsed["SUBROUTINES"][0]
    advan, trans = str(record.advan or "").upper(), str(record.trans).upper()
    if not re.fullmatch(r"ADVAN\d+", advan) or not re.fullmatch(r"TRANS\d", trans):
        raise DataError(f"$SUBROUTINES, line {line}: which ADVAN and TRANS?", got=str(record).strip())
    other = [
        o.key for o in record.all_options if not re.match(r"(ADVAN|TRANS|TOL|ATOL|SSTOL|SSATOL|SS\d+$)", o.key.upper())
    ]
    if other:
        raise UnsupportedError(f"$SUBROUTINES, line {line}: {other[0]} is not supported", todo="Take it out.")
    return int(advan.removeprefix("ADVAN")), int(trans.removeprefix("TRANS")), record.tol


def _thetas(parsed: dict[str, list[tuple[int, Any]]]) -> tuple[Theta, ...]:
    found: list[Theta] = []
    for line, record in parsed.get("THETA", []):
        try:
            columns = record.inits, record.bounds, record.fixs, record.comment_names
        except Exception as error:  # pharmpy raises several unrelated types
            raise DataError(f"$THETA, line {line}: cannot be read", got=str(error)) from error
        found += [
            Theta(float(v), float(b[0]), float(b[1]), bool(f), c or "") for v, b, f, c in zip(*columns, strict=True)
        ]
    return tuple(found)


def _covariance(name: str, records: list[tuple[str, int, str]], parsed: dict[str, list[tuple[int, Any]]]) -> np.ndarray:
    blocks: list[np.ndarray] = []
    bodies = [body for n, _, body in records if n == name]
    for (line, record), body in zip(parsed.get(name, []), bodies, strict=True):
        try:
            read = record.parse()
        except Exception as error:  # pharmpy raises several unrelated types
            raise DataError(f"${name}, line {line}: cannot be read", got=str(error)) from error
        times = re.search(r"\bSAME\s*\(\s*(\d+)\s*\)", body, flags=re.IGNORECASE)
        for _, values, _, same in read:
            if same and not blocks:
                raise DataError(f"${name}, line {line}: SAME has no block before it")
            if same:
                blocks += [blocks[-1]] * (int(times[1]) if times else 1)
                continue
            size = int((np.sqrt(8 * len(values) + 1) - 1) / 2)
            block = np.zeros((size, size))
            block[np.tril_indices(size)] = values
            blocks.append(block + np.tril(block, -1).T)
    whole = np.zeros((sum(len(b) for b in blocks),) * 2)
    at = 0
    for block in blocks:
        whole[at : at + len(block), at : at + len(block)] = block
        at += len(block)
    return whole
