"""FHIRPath evaluated directly on parsed JSON, item by item: slow and plain, to compare the compiled SQL with."""

from __future__ import annotations

from typing import Any

from vitruvian.record.sql_on_fhir import syntax

Items = list[Any]


class Several(Exception):
    """One value was needed."""


def evaluate(node: syntax.Node, this: Any) -> Items:
    match node:
        case syntax.Literal(value):
            return [value]
        case syntax.This():
            return [this]
        case syntax.Member(base, name):
            return children(evaluate(base, this), name)
        case syntax.Index(base, index):
            place = one(evaluate(index, this))
            return evaluate(base, this)[place : place + 1]
        case syntax.Operation(operator, left, right):
            return operation(operator, evaluate(left, this), evaluate(right, this))
        case syntax.Call(syntax.Member(base, name), "ofType", (syntax.Member(_, kind),)):
            return children(evaluate(base, this), name + kind[0].upper() + kind[1:])
        case syntax.Call(base, name, arguments):
            return called(name, evaluate(base, this), arguments)
    raise AssertionError(node)


def children(items: Items, name: str) -> Items:
    found = []
    for item in items:
        value = item.get(name) if isinstance(item, dict) else None
        found += value if isinstance(value, list) else [value]
    return [value for value in found if value is not None]


def one(items: Items) -> Any:
    if len(items) > 1:
        raise Several
    return items[0] if items else None


def called(name: str, items: Items, arguments: tuple[syntax.Node, ...]) -> Items:
    if arguments and name in ("where", "exists"):
        items = [item for item in items if one(evaluate(arguments[0], item)) is True]
    match name:
        case "where":
            return items
        case "exists":
            return [bool(items)]
        case "empty":
            return [not items]
        case "first":
            return items[:1]
        case "last":
            return items[-1:]
        case "count":
            return [len(items)]
        case "join":
            return [one(evaluate(arguments[0], None)).join(map(str, items))]
        case "not":
            value = one(items)
            return [] if value is None else [not value]
    raise AssertionError(name)


def operation(operator: str, left: Items, right: Items) -> Items:
    if operator in ("=", "!="):
        same = same_items(left, right)
        return [] if not left or not right else [same if operator == "=" else not same]
    a, b = one(left), one(right)
    if operator == "and":
        return [False] if a is False or b is False else [True] if a and b else []
    if operator == "or":
        return [True] if a or b else [False] if a is False and b is False else []
    if a is None or b is None:
        return []
    compared = {"xor": a != b, "<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b}
    return [compared[operator] if operator in compared else {"+": a + b, "-": a - b, "*": a * b}[operator]]


def same_items(left: Items, right: Items) -> bool:
    pairs = zip(left, right, strict=False)
    return len(left) == len(right) and all(a == b and isinstance(a, bool) == isinstance(b, bool) for a, b in pairs)
