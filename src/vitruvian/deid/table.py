"""De-identification of tables: every column gets a treatment, and none is left out by accident."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Literal, get_args

from vitruvian.core import DataError
from vitruvian.deid.keyed import demand_key, moved, pseudonym, shift_of
from vitruvian.deid.regions import region
from vitruvian.deid.text import Known, deidentify_text

Treatment = Literal["keep", "drop", "pseudonym", "year", "shift", "age", "region", "text"]
"""keep; drop; pseudonym (keyed, the same for the same value); year (of a date; drop it for people over 89); shift (a
date by a number of days that belongs to the person); age (over 89: "90+"); region (the first three digits of a postal
code); text (as a note)."""

# name of a column → treatment; the first that fits
_BY_NAME: tuple[tuple[str, Treatment], ...] = (
    (r"(^|_)(first|last|middle|given|family|maiden|full|sur)?_?name$|^(address|street|city|town|county)", "drop"),
    (r"phone|fax|e_?mail|ssn|social_security|passport|licen[cs]e|vehicle|photo|^url|ip_address|^lat|^lon", "drop"),
    (r"(^|_)(mrn|patient|subject|person|encounter|visit|account|member|policy|device|serial|specimen)$", "pseudonym"),
    (r"(^|_)((uu)?id|number|no)$", "pseudonym"),
    (r"zip|post(al)?_?code", "region"),
    (r"^(birth_?date|dob|date_of_birth|deceased_?date|death_?date)$", "year"),
    (r"(^|_)(date|datetime|time|timestamp|start|end|on|at)$", "shift"),
    (r"^age(_years)?$", "age"),
    (r"(^|_)(notes?|comments?|text|report|narrative|remarks?|description)$", "text"),
    (r"^(sex|gender|code|system|unit|value|status|kind|category|measure|display|flags?|race|ethnicity)$", "keep"),
)


def plan(columns: Sequence[str], told: Mapping[str, Treatment] | None = None) -> dict[str, Treatment]:
    """The treatment of each column, by what is told, else by its name.

    Raises `DataError` naming the columns whose name says nothing: a person has to say what to do with them.
    """
    told = told or {}
    wrong = {name: one for name, one in told.items() if one not in get_args(Treatment) or name not in columns}
    if wrong:
        raise DataError("no such column or treatment", got=wrong, allowed=f"{list(columns)}; {get_args(Treatment)}")
    found = {name: told.get(name) or _by_name(name) for name in columns}
    open_ = [name for name, one in found.items() if one is None]
    if open_:
        raise DataError("nobody said what to do with these columns", got=", ".join(open_), allowed=get_args(Treatment))
    return {name: one for name, one in found.items() if one is not None}


def deidentify_table(
    rows: Iterable[Mapping[str, str]],
    columns: Mapping[str, Treatment],
    *,
    key: bytes,
    person: str,
    known: Known = Known(),
) -> Iterator[dict[str, str]]:
    """Rows with each column treated; `person` names the column whose value a date shift and pseudonyms belong to.

    `key` (at least 16 bytes) makes pseudonyms and shifts that nobody without it can undo. Raises `DataError` for a
    short key, a row with columns that the plan does not have, and a date that is none.
    """
    demand_key(key)
    for row in rows:
        unknown = set(row) - set(columns)
        if unknown:
            raise DataError("a row has columns that the plan has not", got=", ".join(sorted(unknown)))
        days = shift_of(key, row.get(person, ""))
        yield {
            name: _treated(value, columns[name], key, days, known)
            for name, value in row.items()
            if columns[name] != "drop"
        }


def _by_name(column: str) -> Treatment | None:
    name = re.sub(r"(?<=[a-z])(?=[A-Z])|[\s-]+", "_", column.strip()).lower()
    return next((one for pattern, one in _BY_NAME if re.search(pattern, name)), None)


def _treated(value: str, how: Treatment, key: bytes, days: int, known: Known) -> str:
    if not value or how == "keep":
        return value
    match how:
        case "pseudonym":
            return pseudonym(key, value)
        case "year":
            return str(_day(value).year)
        case "shift":
            return moved(_day(value), days).isoformat() + value[10:]
        case "age":
            return "90+" if float(value) > 89 else value
        case "region":
            return region(value)
    return deidentify_text(value, known).text


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value[:10])
    except ValueError as error:
        raise DataError("not a date", got=repr(value), allowed="2025-03-01") from error
