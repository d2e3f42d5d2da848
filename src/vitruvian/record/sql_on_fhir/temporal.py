"""Dates and times that may be partial: their first and last moment, how they compare, and boundaries of decimals.

Source: FHIRPath 3.0.0 (draft) §5.6.8 lowBoundary and highBoundary; §6.1, §6.2 (comparison where precisions differ).
"""

from __future__ import annotations

from vitruvian.record.sql_on_fhir.values import TEMPORAL, Value, as_one, is_number, let, text

_LOW, _HIGH = "0000-01-01T00:00:00.000", "0000-12-31T23:59:59.999"
_ZONE = r"(Z|[+-]\d\d:\d\d)$"


def compare(operator: str, left: Value, right: Value) -> str:
    """SQL BOOLEAN; NULL where the precisions differ and leave it open."""
    clock = "time" in (left.type, right.type)

    def compared(a: str, b: str) -> str:
        same = f"({a}.low = {b}.low AND {a}.high = {b}.high)"
        before, after = f"{a}.high < {b}.low", f"{b}.high < {a}.low"
        if operator in ("=", "!="):
            yes, no = ("true", "false") if operator == "=" else ("false", "true")
            return f"CASE WHEN {same} THEN {yes} WHEN {before} OR {after} THEN {no} END"
        wanted, other = (before, after) if operator[0] == "<" else (after, before)
        if_same = "true" if operator.endswith("=") else "false"
        return f"CASE WHEN {same} THEN {if_same} WHEN {wanted} THEN true WHEN {other} THEN false END"

    spans = [let(text(one, operator), lambda t: _span(t, clock)) for one in (left, right)]
    return let(spans[0], lambda a: let(spans[1], lambda b: compared(a, b)))


def _span(sql: str, clock: bool) -> str:
    """SQL struct of the first and last moment of a text."""
    return f"{{'low': {_moment(sql, 0, clock)}, 'high': {_moment(sql, 1, clock)}}}"


def _moment(sql: str, last: int, clock: bool) -> str:
    """SQL TIMESTAMPTZ of the first or last moment of a text; a time without zone is read as UTC."""
    last_unless_seconds = "CASE WHEN len({0}) >= 19 THEN 0 ELSE 1 END" if last else "0"
    if clock:
        sql = f"('2000-01-01T' || {sql})"
    return let(sql, lambda t: f"TRY_CAST({_filled(t, last_unless_seconds)} || {_zone(t, '+00:00')} AS TIMESTAMPTZ)")


def _zone(sql: str, otherwise: str) -> str:
    """SQL: the zone of a time, or what to take where it has none."""
    return f"coalesce(nullif(regexp_extract({sql}, 'T.*{_ZONE}', 1), ''), '{otherwise}')"


def _body(sql: str) -> str:
    """SQL: a date or time without its zone."""
    return f"CASE WHEN contains({sql}, 'T') THEN regexp_replace({sql}, '{_ZONE}', '') ELSE {sql} END"


def _filled(sql: str, last: str) -> str:
    """SQL: a date or time to the millisecond, without zone; `last` is SQL that gives 1 for the last moment."""

    def filled(body: str) -> str:
        month_end = f"strftime(last_day(CAST({body} || '-01' AS DATE)), '%Y-%m-%d') || '{_HIGH[10:]}'"
        high = f"CASE WHEN len({body}) = 7 THEN {month_end} ELSE {body} || substr('{_HIGH}', len({body}) + 1) END"
        low = f"{body} || substr('{_LOW}', len({body}) + 1)"
        return f"CASE WHEN {last.format(body)} = 1 THEN {high} ELSE {low} END"

    return let(_body(sql), filled)


def boundary(value: Value, last: bool) -> Value:
    """lowBoundary() and highBoundary() of a decimal, date, dateTime or time; NULL for nothing.

    A path that does not tell its type is judged by its form: a number, a time of day, a time, else a date.
    """
    one = as_one(value, "boundary")
    if one.form == "native":
        one = Value(f"to_json({one.sql})", "json", one.type)
    if one.type in TEMPORAL:
        return Value(let(text(one, "boundary"), lambda t: _temporal(t, one.type, last)), "native", one.type)
    by_form = (
        "CASE WHEN {0} IS NULL THEN NULL WHEN " + is_number("{0}") + " THEN to_json({1}) "
        "WHEN substr({0}, 4, 1) = ':' THEN to_json({2}) WHEN contains({0}, 'T') THEN to_json({3}) ELSE to_json({4}) END"
    )

    def judged(j: str) -> str:
        shown = f"json_extract_string({j}, '$')"
        parts = (_temporal(shown, "time", last), _temporal(shown, "dateTime", last), _temporal(shown, "date", last))
        return by_form.format(j, _decimal(j, last), *parts)

    return Value(let(one.sql, judged), "json")


def _decimal(json: str, last: bool) -> str:
    """Half a unit of the last digit down or up; the digits are those that the JSON writes."""
    digits = f"len(regexp_extract(CAST({json} AS VARCHAR), '\\.(\\d+)', 1))"
    half = f"CAST('0.' || repeat('0', CAST({digits} AS BIGINT)) || '5' AS DECIMAL(38, 12))"
    return f"CAST(CAST(CAST({json} AS VARCHAR) AS DECIMAL(38, 12)) {'+' if last else '-'} {half} AS DOUBLE)"


def _temporal(sql: str, kind: str, last: bool) -> str:
    flag = "1" if last else "0"
    if kind == "time":
        return f"({sql} || substr('{(_HIGH if last else _LOW)[11:]}', len({sql}) + 1))"
    if kind == "date":
        return f"left({_filled(sql, flag)}, 10)"
    return f"({_filled(sql, flag)} || {_zone(sql, '-12:00' if last else '+14:00')})"
