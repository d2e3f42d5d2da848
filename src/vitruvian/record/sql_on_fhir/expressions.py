"""FHIRPath trees to SQL: paths, operators, constants; the functions are in `functions`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vitruvian.core import InputError, UnknownNameError
from vitruvian.record.sql_on_fhir import syntax, temporal
from vitruvian.record.sql_on_fhir.functions import call
from vitruvian.record.sql_on_fhir.values import (
    NUMERIC,
    TEMPORAL,
    Value,
    as_list,
    as_one,
    each,
    is_number,
    key,
    let,
    member,
    number,
    quote,
    spread,
    text,
    truth,
)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a path is evaluated: what it starts from, the SQL of %rowIndex, and what the view defines.

    `column` gives the SQL of a member of the resource itself, which is taken apart once.
    """

    this: Value
    row_index: str
    resource: str
    constants: Mapping[str, syntax.Literal]
    column: Callable[[str], str]

    def at(self, item: str, row_index: str | None = None) -> Scope:
        """The same, starting from one JSON item."""
        this = Value(item, "json")
        return Scope(this, row_index or self.row_index, self.resource, self.constants, self.column)


ROOT = Value("resource", "json")


def compile_node(node: syntax.Node, scope: Scope) -> Value:
    """The SQL of a tree; raises `InputError` for what is wrong whatever the data are."""
    match node:
        case syntax.Literal():
            return _literal(node)
        case syntax.This():
            return scope.this
        case syntax.Constant(name):
            return _constant(name, scope)
        case syntax.Member(base, name):
            return _member(base, name, scope)
        case syntax.Index(base, index):
            place = compile_node(index, scope)
            if place.type != "integer":
                raise InputError("an index must be a whole number", got=place.type or "a path")
            return Value(f"{as_list(compile_node(base, scope))}[CAST({place.sql} AS BIGINT) + 1]", "json")
        case syntax.Operation(operator, left, right):
            return _operation(operator, compile_node(left, scope), compile_node(right, scope))
        case syntax.Call():
            return call(node, scope, compile_node)


def _literal(node: syntax.Literal) -> Value:
    if isinstance(node.value, str):
        return Value(quote(node.value), "native", node.type)
    if node.type == "decimal":
        return Value(f"CAST({node.value!r} AS DOUBLE)", "native", node.type)
    return Value(str(node.value).lower(), "native", node.type)


def _constant(name: str, scope: Scope) -> Value:
    if name == "rowIndex":
        return Value(scope.row_index, "native", "integer")
    if name not in scope.constants:
        known = ", ".join(f"%{one}" for one in scope.constants) or "none"
        raise UnknownNameError("the view does not define this constant", got=f"%{name}", allowed=known)
    return _literal(scope.constants[name])


def _member(base: syntax.Node, name: str, scope: Scope) -> Value:
    start = compile_node(base, scope)
    if start.form == "native":
        raise InputError(f"a {start.type} has no parts", got=f".{name}")
    if start == ROOT:
        return start if name == scope.resource else spread(f"[{scope.column(name)}]")
    return member(start, name)


def _operation(operator: str, left: Value, right: Value) -> Value:
    if operator in ("and", "or", "xor"):
        a, b = truth(left, operator), truth(right, operator)
        return Value(f"(({a}) {operator} ({b}))" if operator != "xor" else f"(({a}) <> ({b}))", "native", "boolean")
    if operator in ("=", "!=", "<", ">", "<=", ">="):
        return Value(f"({_compare(operator, left, right)})", "native", "boolean")
    if operator == "&":
        a, b = (f"coalesce({text(one, '&')}, '')" for one in (left, right))
        return Value(f"({a} || {b})", "native", "string")
    return _arithmetic(operator, left, right)


def _compare(operator: str, left: Value, right: Value) -> str:
    if TEMPORAL & {left.type, right.type}:
        return temporal.compare(operator, left, right)
    if operator in ("=", "!="):
        return _equal(operator, left, right)
    if NUMERIC & {left.type, right.type}:
        return f"{number(left, operator)} {operator} {number(right, operator)}"
    if "string" in (left.type, right.type):
        return f"{text(left, operator)} {operator} {text(right, operator)}"
    a, b = as_one(left, operator), as_one(right, operator)
    if "native" in (a.form, b.form):
        raise InputError(f"{operator} does not compare these", got=f"{a.type or 'a path'} and {b.type or 'a path'}")

    def by_form(x: str, y: str) -> str:
        numbers, texts = f"CAST({x} AS DOUBLE) {operator} CAST({y} AS DOUBLE)", f"{x}::VARCHAR {operator} {y}::VARCHAR"
        return f"CASE WHEN {is_number(x)} AND {is_number(y)} THEN {numbers} ELSE {texts} END"

    return let(a.sql, lambda x: let(b.sql, lambda y: by_form(x, y)))


def _equal(operator: str, left: Value, right: Value) -> str:
    """Both empty or one: NULL. Several: the same number, each the same, in order."""
    if "list" not in (left.form, right.form):
        return f"{key(left)} {operator} {key(right)}"
    a, b = (each(as_list(one), lambda v: key(Value(v, "json"))) for one in (left, right))
    return let(a, lambda x: let(b, lambda y: f"CASE WHEN len({x}) > 0 AND len({y}) > 0 THEN {x} {operator} {y} END"))


def _arithmetic(operator: str, left: Value, right: Value) -> Value:
    for one in (left, right):
        if one.type == "boolean" or one.type in TEMPORAL or (one.type == "string" and operator != "+"):
            raise InputError(f"{operator} does not work on a {one.type}", got=one.sql, allowed="numbers")
    if "string" in (left.type, right.type):
        return Value(f"({text(left, '+')} || {text(right, '+')})", "native", "string")
    if operator != "+" or NUMERIC & {left.type, right.type}:
        whole = left.type == right.type == "integer" and operator != "/"
        sql = f"({number(left, operator)} {operator} {_divisor(operator, number(right, operator))})"
        return Value(sql if whole else _rounded(sql), "native", "integer" if whole else "decimal")
    a, b = as_one(left, "+"), as_one(right, "+")

    def added(x: str, y: str) -> str:
        joined = f"json_extract_string({x}, '$') || json_extract_string({y}, '$')"
        total = _rounded(f"{number(Value(x, 'json'), '+')} + {number(Value(y, 'json'), '+')}")
        texts = f"starts_with({x}, '\"') AND starts_with({y}, '\"')"
        return f"CASE WHEN {texts} THEN to_json({joined}) ELSE to_json({total}) END"

    return Value(let(a.sql, lambda x: let(b.sql, lambda y: added(x, y))), "json")


def _divisor(operator: str, sql: str) -> str:
    return f"nullif({sql}, 0)" if operator == "/" else sql


def _rounded(sql: str) -> str:
    """15 significant digits: 0.1 + 0.2 is 0.3, as decimals are."""
    return f"CAST(format('{{:.15g}}', CAST({sql} AS DOUBLE)) AS DOUBLE)"
