"""A ViewDefinition, read and checked: what is wrong with it is said before any data are touched.

Source: SQL on FHIR 2.0, StructureDefinition ViewDefinition and "Processing algorithm".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vitruvian.core import InputError
from vitruvian.record.sql_on_fhir.syntax import Literal, Node, parse

_NAME = re.compile(r"[A-Za-z]\w*", re.A)
_CONSTANT_TYPES = {
    **dict.fromkeys(("Base64Binary", "Canonical", "Code", "Id", "Markdown", "Oid", "String", "Uri", "Url", "Uuid"),
                    "string"),
    **dict.fromkeys(("Integer", "Integer64", "PositiveInt", "UnsignedInt"), "integer"),
    "Boolean": "boolean", "Decimal": "decimal", "Date": "date", "DateTime": "dateTime", "Instant": "dateTime",
    "Time": "time",
}  # fmt: skip
_PYTHON = {"integer": (int,), "decimal": (int, float), "boolean": (bool,)}


@dataclass(frozen=True, slots=True)
class ViewColumn:
    """One column: name, path, declared FHIR type ("" if none), whether it holds a list."""

    name: str
    path: Node
    type: str
    collection: bool


@dataclass(frozen=True, slots=True)
class Select:
    """Columns beside nested selects beside a union, once for each item of forEach, forEachOrNull or repeat."""

    columns: tuple[ViewColumn, ...]
    selects: tuple[Select, ...]
    union: tuple[Select, ...]
    each: Node | None
    or_null: bool
    repeat: tuple[Node, ...]

    def names(self) -> tuple[str, ...]:
        """Names of the columns in order."""
        union = self.union[0].names() if self.union else ()
        own = tuple(column.name for column in self.columns)
        return own + tuple(name for one in self.selects for name in one.names()) + union


@dataclass(frozen=True, slots=True)
class View:
    """A ViewDefinition."""

    resource: str
    select: Select
    where: tuple[Node, ...]
    constants: Mapping[str, Literal]


def read_view(definition: Any) -> View:
    """Read the JSON of a ViewDefinition; raises `InputError` that says what is wrong and where."""
    if not isinstance(definition, Mapping):
        raise _wrong("a ViewDefinition must be a JSON object", definition)
    resource = definition.get("resource")
    if not resource or not isinstance(resource, str):
        raise _wrong("the ViewDefinition does not say which resource it is about", resource, "Set `resource`.")
    selects = _selects(definition, "select")
    if not selects:
        raise _wrong("the ViewDefinition selects nothing", definition.get("select"), "Give `select`.")
    select = Select((), selects, (), None, False, ())
    seen: set[str] = set()
    for name in select.names():
        if name.lower() in seen:
            raise _wrong("two columns have the same name (upper and lower case are one)", name)
        seen.add(name.lower())
    where = tuple(_path(one, "path", "where") for one in _objects(definition, "where"))
    return View(resource, select, where, dict(map(_constant, _objects(definition, "constant"))))


def _selects(holder: Mapping[str, Any], key: str) -> tuple[Select, ...]:
    return tuple(_select(one) for one in _objects(holder, key))


def _select(one: Mapping[str, Any]) -> Select:
    loops = [key for key in ("forEach", "forEachOrNull", "repeat") if key in one]
    if len(loops) > 1:
        raise _wrong("a select may loop over one thing only", loops, "Nest the selects.")
    repeat: tuple[Node, ...] = ()
    if "repeat" in one:
        paths = one["repeat"]
        if not isinstance(paths, list) or not paths:
            raise _wrong("repeat must be a list of paths", paths)
        repeat = tuple(_path({"repeat": path}, "repeat", "repeat") for path in paths)
    each = _path(one, loops[0], loops[0]) if loops and not repeat else None
    union = _selects(one, "unionAll")
    for branch in union[1:]:
        if branch.names() != union[0].names():
            got = f"{', '.join(union[0].names())} and {', '.join(branch.names())}"
            raise _wrong("the parts of a unionAll must have the same columns in the same order", got)
    columns = tuple(_column(column) for column in _objects(one, "column"))
    return Select(columns, _selects(one, "select"), union, each, "forEachOrNull" in one, repeat)


def _column(one: Mapping[str, Any]) -> ViewColumn:
    name = one.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise _wrong("a column name must begin with a letter and hold letters, digits and _", name)
    kind, collection = one.get("type", ""), one.get("collection", False)
    if not isinstance(kind, str) or not isinstance(collection, bool):
        raise _wrong(f"column {name}: type is a text, collection true or false", f"{kind!r}, {collection!r}")
    return ViewColumn(name, _path(one, "path", f"column {name}"), kind.rpartition("/")[2], collection)


def _constant(one: Mapping[str, Any]) -> tuple[str, Literal]:
    name = one.get("name")
    values = [key for key in one if key.startswith("value")]
    if not isinstance(name, str) or len(values) != 1:
        raise _wrong("a constant needs a name and one value", f"{name}: {values or 'no value'}")
    kind = _CONSTANT_TYPES.get(values[0][5:])
    value = one[values[0]]
    if kind is None:
        raise _wrong(f"constant {name} has a type that does not exist", values[0], "Use one of FHIR's primitive types.")
    fits = _PYTHON.get(kind, (str,))
    if not isinstance(value, fits) or (isinstance(value, bool) and bool not in fits):
        raise _wrong(f"constant {name} is not of type {kind}", value)
    return name, Literal(value, kind)


def _path(holder: Mapping[str, Any], key: str, where: str) -> Node:
    text = holder.get(key)
    if not isinstance(text, str) or not text.strip():
        raise _wrong(f"{where} needs a FHIRPath expression as text", text)
    return parse(text)


def _objects(holder: Mapping[str, Any], key: str) -> Sequence[Mapping[str, Any]]:
    found = holder.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise _wrong(f"{key} must be a list of objects", found)
    return found


def _wrong(what: str, got: object, todo: str | None = None) -> InputError:
    return InputError(what, got=repr(got) if not isinstance(got, str) else got, todo=todo or "Correct the view.")
