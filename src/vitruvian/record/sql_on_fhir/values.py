"""What a FHIRPath expression becomes: DuckDB SQL that gives a list of JSON, one JSON, or one typed value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Literal

SQL_TYPES = {
    **dict.fromkeys(("integer", "positiveInt", "unsignedInt", "integer64"), "BIGINT"),
    "decimal": "DOUBLE",
    "boolean": "BOOLEAN",
}
"""DuckDB type of a FHIR primitive type; all others are text (dates too: they may be partial)."""
NUMERIC = frozenset({"integer", "decimal", "positiveInt", "unsignedInt", "integer64"})
TEMPORAL = frozenset({"date", "dateTime", "instant", "time"})
_names: Iterator[int] = count()


@dataclass(frozen=True, slots=True)
class Value:
    """SQL of a value: "list" is JSON[] without nulls, "json" one JSON or NULL, "native" one value of `type` or NULL.

    `type` is the FHIR type where the expression tells it, else "".
    """

    sql: str
    form: Literal["list", "json", "native"]
    type: str = ""


def quote(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def error(message: str) -> str:
    """SQL that stops the query with a message."""
    return f"error({quote(message)})"


def each(items: str, body: Callable[[str], str], keep: bool = False) -> str:
    """SQL: `body` of every item of a list; with `keep` the items for which `body` is true."""
    name = f"v{next(_names)}"
    return f"list_{'filter' if keep else 'transform'}({items}, lambda {name}: {body(name)})"


def let(sql: str, body: Callable[[str], str]) -> str:
    """SQL: `body` of a value that is computed once."""
    return body(sql) if sql.isidentifier() else f"{each(f'[{sql}]', body)}[1]"


def as_list(value: Value) -> str:
    """SQL of JSON[]."""
    if value.form == "list":
        return value.sql
    item = value.sql if value.form == "json" else f"to_json({value.sql})"
    return each(f"[CAST({item} AS JSON)]", lambda one: f"{one} IS NOT NULL AND {one} <> 'null'", keep=True)


def as_one(value: Value, what: str) -> Value:
    """The only item, as "json" or "native"; the query stops where there are several."""
    if value.form != "list":
        return value
    message = error(f"{what}: one value is needed, there are several")
    return Value(let(value.sql, lambda v: f"CASE WHEN len({v}) > 1 THEN {message} ELSE {v}[1] END"), "json", value.type)


def member(value: Value, name: str) -> Value:
    """`value.name`: elements of arrays one by one, nulls left out."""
    path = quote('$."' + name.replace('"', '""') + '"')
    if value.form != "list":
        return spread(f"[json_extract({value.sql}, {path})]")
    return spread(each(value.sql, lambda one: f"json_extract({one}, {path})"))


def spread(found: str) -> Value:
    """JSON values, of which some may be arrays or NULL, as one flat list."""
    inner = each(found, lambda j: f"CASE WHEN starts_with({j}, '[') THEN json_extract({j}, '$[*]') ELSE [{j}] END")
    return Value(each(f"flatten({inner})", lambda one: f"{one} <> 'null'", keep=True), "list")


def is_number(json: str) -> str:
    """SQL: whether a JSON is a number."""
    return f"(left({json}, 1) BETWEEN '-' AND '9')"


def text(value: Value, what: str) -> str:
    """SQL VARCHAR of one value."""
    one = as_one(value, what)
    if one.form == "json":
        return f"json_extract_string({one.sql}, '$')"
    return one.sql if one.type not in NUMERIC | {"boolean"} else f"CAST({one.sql} AS VARCHAR)"


def number(value: Value, what: str) -> str:
    """SQL number of one value; the query stops where it is not one."""
    one = as_one(value, what)
    if one.form == "native":
        return one.sql
    message = error(f"{what}: a number is needed")
    return let(
        one.sql, lambda v: f"CASE WHEN {v} IS NULL OR {is_number(v)} THEN CAST({v} AS DOUBLE) ELSE {message} END"
    )


def truth(value: Value, what: str) -> str:
    """SQL BOOLEAN of one value; the query stops where it is not one."""
    one = as_one(value, what)
    if one.form == "native":
        return one.sql
    other = error(f"{what}: true or false is needed")
    return let(
        one.sql, lambda v: f"CASE {v} WHEN 'true' THEN true WHEN 'false' THEN false ELSE {_unless_null(v, other)} END"
    )


def _unless_null(sql: str, otherwise: str) -> str:
    return f"CASE WHEN {sql} IS NOT NULL THEN {otherwise} END"


def key(value: Value) -> str:
    """SQL VARCHAR by which single values are the same: 1 and 1.0 are, 1 and '1' are not."""
    if value.form == "json":
        number_key = "CAST(CAST({0} AS DOUBLE) AS VARCHAR)"
        return let(
            value.sql, lambda v: f"CASE WHEN {is_number(v)} THEN {number_key.format(v)} ELSE CAST({v} AS VARCHAR) END"
        )
    if value.type in NUMERIC:
        return f"CAST(CAST({value.sql} AS DOUBLE) AS VARCHAR)"
    return f"CAST(to_json({value.sql}) AS VARCHAR)"
