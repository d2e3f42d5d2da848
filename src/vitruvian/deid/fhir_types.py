"""Elements of FHIR's types, as far as de-identification asks: what each holds, whether many, whether it must be there.

The definitions are those of the library fhir.resources (R4B, which differs from R4 in no type of a patient's record).
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from vitruvian.tables.bindings import bound_codes


@dataclass(frozen=True)
class Element:
    """One element: `kind` is its type ("String", "Date", "HumanName", "PatientContact", …), `codes` those allowed.

    `choice` names the value[x] of which it is one and of which one must be there.
    """

    kind: str
    many: bool
    needed: bool
    codes: frozenset[str] | None
    choice: str


@lru_cache(maxsize=2048)
def model_of(kind: str) -> Any:
    """The model class of a type; None where there is none."""
    from fhir.resources.R4B import get_fhir_model_class

    try:
        return get_fhir_model_class(kind) if kind.isalpha() else None
    except (ValueError, KeyError, ImportError):
        return None


def is_resource(kind: Any) -> bool:
    """Whether resources of this type exist."""
    model = model_of(kind) if isinstance(kind, str) and kind not in ("Resource", "DomainResource") else None
    return model is not None and bool(model.has_resource_base())


@lru_cache(maxsize=2048)
def elements_of(kind: str) -> Mapping[str, Element]:
    """Elements of a type by name; those of primitives' extensions ("_birthDate") are left out."""
    found = {}
    for name, info in model_of(kind).model_fields.items():
        label = info.alias or name
        if label == "fhir_comments" or label.startswith("_"):
            continue
        held, many = _held(info.annotation)
        more = info.json_schema_extra or {}
        codes = bound_codes(kind, label, more.get("enum_values")) if held == "Code" else None
        needed = bool(more.get("element_required")) or info.is_required()
        choice = more.get("one_of_many", "") if more.get("one_of_many_required") else ""
        found[label] = Element(held, many, needed, codes, choice)
    return found


def _held(annotation: Any) -> tuple[str, bool]:
    """(type, whether there may be many) of a field's annotation."""
    if hasattr(annotation, "get_model_klass"):
        return annotation.__name__.removesuffix("Type"), False
    if typing.get_origin(annotation) is typing.Annotated:
        return type(typing.get_args(annotation)[1]).__name__, False
    if isinstance(annotation, type):
        return annotation.__name__, False
    many = typing.get_origin(annotation) is list
    inner = [one for one in typing.get_args(annotation) if one is not type(None)]
    held, deeper = _held(inner[0]) if inner else ("String", False)
    return held, many or deeper
