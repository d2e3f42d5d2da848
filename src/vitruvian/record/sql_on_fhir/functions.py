"""The FHIRPath functions of SQL-on-FHIR, each a rule that makes SQL.

Source: FHIRPath 2.0.0 §5; SQL on FHIR 2.0 "Additional functions" (getResourceKey, getReferenceKey).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from vitruvian.core import InputError, UnknownNameError
from vitruvian.record.sql_on_fhir import syntax, temporal
from vitruvian.record.sql_on_fhir.values import NUMERIC, Value, as_list, each, quote, text, truth

if TYPE_CHECKING:
    from vitruvian.record.sql_on_fhir.expressions import Scope

Compile = Callable[[syntax.Node, "Scope"], Value]
Rule = Callable[[Value, syntax.Call, "Scope", Compile], Value]


def call(node: syntax.Call, scope: Scope, compile_node: Compile) -> Value:
    """The SQL of a call; raises `InputError` for a function that does not exist or wrong arguments."""
    if node.name == "ofType":
        return _of_type(node, scope, compile_node)
    if node.name not in FUNCTIONS:
        allowed = ", ".join(sorted([*FUNCTIONS, "ofType"]))
        raise UnknownNameError("there is no such FHIRPath function here", got=f"{node.name}()", allowed=allowed)
    least, most, rule = FUNCTIONS[node.name]
    if not least <= len(node.arguments) <= most:
        raise InputError(f"{node.name}() takes {least} to {most} arguments", got=len(node.arguments))
    return rule(compile_node(node.base, scope), node, scope, compile_node)


def _filtered(base: Value, criteria: syntax.Node, scope: Scope, compile_node: Compile) -> Value:
    def kept(item: str) -> str:
        return truth(compile_node(criteria, scope.at(item)), "where()")

    return Value(each(as_list(base), kept, keep=True), "list", base.type)


def _where(base: Value, node: syntax.Call, scope: Scope, compile_node: Compile) -> Value:
    return _filtered(base, node.arguments[0], scope, compile_node)


def _exists(base: Value, node: syntax.Call, scope: Scope, compile_node: Compile) -> Value:
    if node.arguments:
        base = _filtered(base, node.arguments[0], scope, compile_node)
    return Value(f"(len({as_list(base)}) > 0)", "native", "boolean")


def _empty(base: Value, node: syntax.Call, scope: Scope, compile_node: Compile) -> Value:
    return Value(f"(len({as_list(base)}) = 0)", "native", "boolean")


def _first(base: Value, node: syntax.Call, scope: Scope, compile_node: Compile) -> Value:
    return Value(f"{as_list(base)}[{-1 if node.name == 'last' else 1}]", "json", base.type)


def _count(base: Value, node: syntax.Call, scope: Scope, compile_node: Compile) -> Value:
    return Value(f"len({as_list(base)})", "native", "integer")


def _not(base: Value, node: syntax.Call, scope: Scope, compile_node: Compile) -> Value:
    return Value(f"(NOT ({truth(base, 'not()')}))", "native", "boolean")


def _join(base: Value, node: syntax.Call, scope: Scope, compile_node: Compile) -> Value:
    separator = "''"
    if node.arguments:
        between = compile_node(node.arguments[0], scope)
        if between.type != "string":
            raise InputError("join() takes a text", got=between.type or "a path")
        separator = between.sql
    texts = each(as_list(base), lambda one: text(Value(one, "json"), "join()"))
    return Value(f"coalesce(array_to_string({texts}, {separator}), '')", "native", "string")


def _extension(base: Value, node: syntax.Call, scope: Scope, compile_node: Compile) -> Value:
    """`extension(url)` is `extension.where(url = url)`."""
    url = compile_node(node.arguments[0], scope)
    if url.type != "string":
        raise InputError("extension() takes a URL as text", got=url.type or "a path")
    found = compile_node(syntax.Member(node.base, "extension"), scope)
    wanted = f"json_extract_string({{0}}, '$.url') = {url.sql}"
    return Value(each(found.sql, wanted.format, keep=True), "list")


def _boundary(base: Value, node: syntax.Call, scope: Scope, compile_node: Compile) -> Value:
    return temporal.boundary(base, last=node.name == "highBoundary")


def _resource_key(base: Value, node: syntax.Call, scope: Scope, compile_node: Compile) -> Value:
    found = compile_node(syntax.Member(node.base, "id"), scope)
    return Value(text(found, "getResourceKey()"), "native", "string")


def _reference_key(base: Value, node: syntax.Call, scope: Scope, compile_node: Compile) -> Value:
    """The id that a reference ends with, whatever server or version it names; NULL for another type.

    The UUID of a reference inside a bundle is taken for the id: it does not tell a type.
    """
    kind = _type_name(node) if node.arguments else r"[A-Za-z]+"
    found = compile_node(syntax.Member(node.base, "reference"), scope)
    pattern = quote(rf"^(?:(?:.*/)?{kind}/|urn:uuid:)([A-Za-z0-9.-]{{1,64}})(?:/_history/.*)?$")
    shown = text(found, "getReferenceKey()")
    return Value(f"nullif(regexp_extract({shown}, {pattern}, 1), '')", "native", "string")


def _of_type(node: syntax.Call, scope: Scope, compile_node: Compile) -> Value:
    """`value.ofType(Quantity)` is the element valueQuantity; of a resource, the resources of that type."""
    kind = _type_name(node)
    if isinstance(node.base, syntax.Member):
        chosen = syntax.Member(node.base.base, node.base.name + kind[0].upper() + kind[1:])
        found = compile_node(chosen, scope)
        if kind[0].islower():
            return Value(found.sql, found.form, kind)
        same = _of_resource(compile_node(node.base, scope), kind)
        return Value(f"list_concat({found.sql}, {same})", "list", kind)
    base = compile_node(node.base, scope)
    if base.form == "native":
        fits = base.type == kind or {base.type, kind} <= NUMERIC
        return base if fits else Value("NULL", "json", kind)
    return Value(_of_resource(base, kind), "list", kind)


def _of_resource(base: Value, kind: str) -> str:
    wanted = f"json_extract_string({{0}}, '$.resourceType') = {quote(kind)}"
    return each(as_list(base), wanted.format, keep=True)


def _type_name(node: syntax.Call) -> str:
    match node.arguments:
        case (syntax.Member(syntax.This() | syntax.Member(syntax.This(), "FHIR" | "System"), name),):
            return name
    raise InputError(f"{node.name}() takes the name of one type", got=f"{len(node.arguments)} arguments")


FUNCTIONS: dict[str, tuple[int, int, Rule]] = {
    "where": (1, 1, _where),
    "exists": (0, 1, _exists),
    "empty": (0, 0, _empty),
    "first": (0, 0, _first),
    "last": (0, 0, _first),
    "count": (0, 0, _count),
    "not": (0, 0, _not),
    "join": (0, 1, _join),
    "extension": (1, 1, _extension),
    "lowBoundary": (0, 0, _boundary),
    "highBoundary": (0, 0, _boundary),
    "getResourceKey": (0, 0, _resource_key),
    "getReferenceKey": (0, 1, _reference_key),
}
"""Name → least and most arguments, rule."""
