"""The elements of a resource against the base definitions of FHIR R4: names, JSON types, cardinality, choices, codes.

The definitions are those of the library fhir.resources (R4B, which differs from R4 in no type of a patient's record).
"""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from functools import lru_cache
from typing import Any

from vitruvian.tables.bindings import bound_codes

_PRIMITIVES = ((bool, "boolean"), (int, "integer"), (Decimal, "decimal"))
_TEXTS = (str, bytes, date, time)
_UNNAMED = frozenset({"fhir_comments"})


@dataclass(frozen=True)
class Issue:
    """Something wrong with a resource: `code` of FHIR's issue types, `place` such as "component[0].code"."""

    code: str
    place: str
    text: str
    severity: str = "error"


@dataclass(frozen=True)
class Element:
    """One element of a type: `kind` is boolean, integer, decimal, text, or the type of an object ("Resource": any)."""

    name: str
    kind: str
    many: bool
    needed: bool
    choice: str
    choice_needed: bool
    codes: frozenset[str] | None


@lru_cache(maxsize=1024)
def model_of(kind: str) -> Any:
    """The model class of a type of FHIR; None where there is no such type."""
    from fhir.resources.R4B import get_fhir_model_class

    try:
        return get_fhir_model_class(kind)
    except (ValueError, KeyError, ImportError):
        return None


def is_resource_type(kind: str) -> bool:
    """Whether resources of this type exist."""
    model = model_of(kind) if kind.isalpha() and kind not in ("Resource", "DomainResource") else None
    return model is not None and bool(model.has_resource_base())


@lru_cache(maxsize=1024)
def elements_of(kind: str) -> Mapping[str, Element]:
    """Elements of a type by name; that of a primitive's extension begins with "_"."""
    found = {}
    for name, info in model_of(kind).model_fields.items():
        if name in _UNNAMED:
            continue
        more = info.json_schema_extra or {}
        shape, many = _shape(info.annotation)
        element = info.alias or name
        needed = bool(more.get("element_required")) or info.is_required()
        codes = bound_codes(kind, element, more.get("enum_values")) if shape == "text" else None
        choice, choice_needed = more.get("one_of_many", ""), bool(more.get("one_of_many_required"))
        found[element] = Element(element, shape, many, needed, choice, choice_needed, codes)
    return found


def _shape(annotation: Any) -> tuple[str, bool]:
    """(kind, whether there may be many) of a field's annotation: Optional, List, Annotated and Union undone."""
    if hasattr(annotation, "get_model_klass"):
        return annotation.__name__.removesuffix("Type"), False
    if isinstance(annotation, type):
        kind = next((name for cls, name in _PRIMITIVES if issubclass(annotation, cls)), None)
        return kind or "text", False
    many = typing.get_origin(annotation) is list
    inner = [one for one in typing.get_args(annotation) if one is not type(None)]
    kind, deeper = _shape(inner[0]) if inner else ("text", False)
    return kind, many or deeper


def element_issues(value: Any, kind: str, place: str) -> Iterator[Issue]:
    """What is wrong with the elements of an object of type `kind`."""
    if not isinstance(value, dict):
        yield Issue("structure", place, f"must be an object ({kind})")
        return
    if not value:
        yield Issue("structure", place, "an object must not be empty")
    elements = elements_of(kind)
    is_resource = bool(model_of(kind).has_resource_base())
    for name, inner in value.items():
        at = f"{place}.{name}" if place else name
        if name == "resourceType" and is_resource:
            continue
        if name not in elements:
            yield Issue("structure", at, f"{kind} has no such element")
        else:
            yield from _element(inner, elements[name], at)
    yield from _missing(value, elements, place)


def _missing(value: Mapping[str, Any], elements: Mapping[str, Element], place: str) -> Iterator[Issue]:
    prefix = f"{place}." if place else ""
    choices: dict[str, list[str]] = {}
    for one in elements.values():
        there = one.name in value or f"_{one.name}" in value
        if one.choice:
            group = choices.setdefault(one.choice, ["!"] if one.choice_needed else [])
            if there:
                group.append(one.name)
        elif one.needed and not there:
            yield Issue("required", prefix + one.name, "is missing")
    for choice, found in choices.items():
        given = [name for name in found if name != "!"]
        if len(given) > 1:
            yield Issue("structure", f"{prefix}{choice}[x]", f"only one may be given: {', '.join(given)}")
        elif found == ["!"]:
            yield Issue("required", f"{prefix}{choice}[x]", "is missing")


def _element(value: Any, element: Element, place: str) -> Iterator[Issue]:
    if isinstance(value, list) != element.many:
        yield Issue("structure", place, "must be a list" if element.many else "must not be a list")
        return
    if not element.many:
        yield from _one(value, element, place)
        return
    if not value:
        yield Issue("structure", place, "a list must not be empty")
    for k, one in enumerate(value):
        # null keeps the places of a list of primitives and of their extensions in step
        if one is not None or not (element.name.startswith("_") or element.kind in _JSON):
            yield from _one(one, element, f"{place}[{k}]")


_JSON: Mapping[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "integer": (int,),
    "decimal": (int, Decimal, float),
    "text": (str,),
}
_WORD = {"boolean": "true or false", "integer": "a whole number", "decimal": "a number", "text": "text"}


def _one(value: Any, element: Element, place: str) -> Iterator[Issue]:
    types = _JSON.get(element.kind)
    if types is None:
        yield from _object(value, element.kind, place)
    elif not isinstance(value, types) or (isinstance(value, bool) and element.kind != "boolean"):
        yield Issue("structure", place, f"must be {_WORD[element.kind]}")
    elif element.codes is not None and value not in element.codes:
        yield Issue("code-invalid", place, f"must be one of: {', '.join(sorted(element.codes))}")


def _object(value: Any, kind: str, place: str) -> Iterator[Issue]:
    if kind != "Resource":
        yield from element_issues(value, kind, place)
        return
    inner = value.get("resourceType") if isinstance(value, dict) else None
    if not isinstance(inner, str) or not is_resource_type(inner):
        yield Issue("structure", place, "must be a resource of FHIR R4")
    else:
        yield from element_issues(value, inner, place)
