"""One criterion of a search as a test of a resource.

Source: HL7 FHIR R4, Search: modifiers and prefixes by kind of parameter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

import orjson

from vitruvian.core import DataError, now_ms
from vitruvian.serve.fhir.dates import compares, span, span_of
from vitruvian.serve.fhir.elements import at, texts
from vitruvian.serve.fhir.entry import Entry
from vitruvian.serve.fhir.errors import SearchError
from vitruvian.serve.fhir.numbers import Number
from vitruvian.serve.fhir.parameters import Parameter
from vitruvian.serve.fhir.plain import folded
from vitruvian.serve.fhir.references import identifiers, literal, names
from vitruvian.serve.fhir.tokens import Token, fits, says, tokens

Test = Callable[[Entry], bool]
PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")
MODIFIERS = {
    "id": frozenset({"not"}),
    "updated": frozenset[str](),
    "token": frozenset({"not", "text", "of-type"}),
    "string": frozenset({"exact", "contains"}),
    "reference": frozenset({"identifier"}),
    "date": frozenset[str](),
    "number": frozenset[str](),
    "quantity": frozenset[str](),
    "uri": frozenset({"below", "above"}),
    "composite": frozenset[str](),
}
"""Modifiers of each kind beside :missing, which all have."""
_SETS = frozenset({"in", "not-in", "above", "below"})
"""Modifiers of tokens that need a terminology server."""
_PREFIX = re.compile(r"([a-z]{2})(?=\d|-|\.)")
_CONTACTS = frozenset({"phone", "email"})
Same = Callable[[str], Collection[str]]
"""All references to the same person as one: sources have several ids for one."""


def test_of(parameter: Parameter, modifier: str, values: Sequence[str], same: Same) -> Test:
    """The test of one parameter; any of the values suffices. Raises `SearchError`."""
    if modifier == "missing":
        return _missing(parameter, values)
    _demand_modifier(parameter, modifier)
    if not all(values):
        raise SearchError(f"a value of {parameter.name} is empty", todo=f"Use {parameter.name}:missing=true instead.")
    return _KINDS[parameter.kind](parameter, modifier, values, same)


def _demand_modifier(parameter: Parameter, modifier: str) -> None:
    known = MODIFIERS[parameter.kind] | {"missing", ""}
    if parameter.paths[0][-1:] not in (("identifier",), ("masterIdentifier",)):
        known -= {"of-type"}
    if modifier in known or (parameter.kind == "reference" and modifier[0].isupper()):
        return
    allowed = ", ".join(sorted(f":{one}" for one in known - {""}))
    todo = "Sets of codes are not known here: give the codes, with commas between." if modifier in _SETS else None
    what = f"{parameter.name} has no such modifier"
    raise SearchError(what, got=f":{modifier}", allowed=allowed, todo=todo)


def _missing(parameter: Parameter, values: Sequence[str]) -> Test:
    if list(values) not in (["true"], ["false"]):
        raise SearchError(f"{parameter.name}:missing has another value", got=",".join(values), allowed="true, false")
    wanted = values[0] == "true"
    if parameter.kind in ("id", "updated"):
        return lambda entry: not wanted
    return lambda entry: (not _present(parameter, entry)) == wanted


def _present(parameter: Parameter, entry: Entry) -> bool:
    if parameter.kind == "reference":
        return bool(list(names(entry, parameter)) or identifiers(entry, parameter))
    if parameter.kind == "token":
        return bool(_tokens(parameter, entry))
    if parameter.kind == "composite":
        return any(all(_present(one, element) for one in parameter.parts) for element in _elements(parameter, entry))
    return bool(at(entry.resource, parameter.paths))


def _id(parameter: Parameter, modifier: str, values: Sequence[str], same: Same) -> Test:
    wanted = frozenset(values)
    return lambda entry: (entry.id in wanted) != (modifier == "not")


def _token(parameter: Parameter, modifier: str, values: Sequence[str], same: Same) -> Test:
    if modifier == "of-type":
        return _of_type(parameter, values)
    if modifier == "text":
        return lambda entry: any(says(one, found) for found in _tokens(parameter, entry) for one in values)

    def among(entry: Entry) -> bool:
        return any(fits(one, found) for found in _tokens(parameter, entry) for one in values)

    return (lambda entry: not among(entry)) if modifier == "not" else among


def _of_type(parameter: Parameter, values: Sequence[str]) -> Test:
    """Identifiers by type and value: "system|code|value"."""
    wanted = [tuple(one.split("|")) for one in values]
    if not all(len(one) == 3 and all(one) for one in wanted):
        raise SearchError(f"{parameter.name}:of-type has another form", allowed="system|code|value")

    def fit(found: Any) -> bool:
        types = [(one.get("system"), one.get("code")) for one in (found.get("type") or {}).get("coding") or ()]
        return any((system, code) in types and value == found.get("value") for system, code, value in wanted)

    return lambda entry: any(fit(one) for one in at(entry.resource, parameter.paths) if isinstance(one, dict))


def _composite(parameter: Parameter, modifier: str, values: Sequence[str], same: Same) -> Test:
    """All parts, "code$value", of one element."""
    given = [one.split("$") for one in values]
    if not all(len(one) == len(parameter.parts) and all(one) for one in given):
        form = "$".join(one.kind for one in parameter.parts)
        raise SearchError(f"{parameter.name} has another form", allowed=f"{form}, such as 2823-3$gt5.4")
    tests = [
        [_KINDS[part.kind](part, "", (text,), same) for part, text in zip(parameter.parts, one, strict=True)]
        for one in given
    ]
    return lambda entry: any(
        all(test(element) for test in each) for element in _elements(parameter, entry) for each in tests
    )


def _elements(parameter: Parameter, entry: Entry) -> Iterator[Entry]:
    """The elements of which all parts of a composite must hold, each as if it were the resource."""
    for path in parameter.paths:
        if not path:
            yield entry
        else:
            yield from (replace(entry, content=orjson.dumps(one)) for one in at(entry.resource, (path,)))


def _tokens(parameter: Parameter, entry: Entry) -> list[Token]:
    found = at(entry.resource, parameter.paths)
    if parameter.name == "deceased":  # a date of death says so, too; nothing said is alive
        return [Token(None, str(any(one is not False for one in found)).lower())]
    contact = parameter.name if parameter.name in _CONTACTS else ""
    return [token for one in found for token in tokens(one, contact)]


def _string(parameter: Parameter, modifier: str, values: Sequence[str], same: Same) -> Test:
    wanted = values if modifier == "exact" else [folded(one) for one in values]

    def fit(found: str) -> bool:
        if modifier == "exact":
            return found in wanted
        text = folded(found)
        return any(one in text if modifier == "contains" else text.startswith(one) for one in wanted)

    return lambda entry: any(fit(one) for value in at(entry.resource, parameter.paths) for one in texts(value))


def _date(parameter: Parameter, modifier: str, values: Sequence[str], same: Same) -> Test:
    asked = [(prefix, _span(parameter, text)) for prefix, text in map(split_prefix, values)]
    now = now_ms()

    def fit(value: Any) -> bool:
        found = span_of(value)
        return found is not None and any(compares(prefix, one, found, now) for prefix, one in asked)

    if parameter.kind == "updated":
        return lambda entry: fit(entry.updated)
    return lambda entry: any(map(fit, at(entry.resource, parameter.paths)))


def _span(parameter: Parameter, text: str) -> tuple[float, float]:
    try:
        return span(text.replace(" ", "+"))
    except (DataError, OverflowError) as error:
        allowed = f"such as 2026-03 or 2026-03-01T08:30:00Z, with {' '.join(PREFIXES)} before it"
        raise SearchError(f"{parameter.name} needs a date", allowed=allowed) from error


def _number(parameter: Parameter, modifier: str, values: Sequence[str], same: Same) -> Test:
    try:
        asked = [Number.of(*split_prefix(one)) for one in values]
    except ValueError as error:
        form = "5.4|http://unitsofmeasure.org|mmol/L" if parameter.kind == "quantity" else "5.4"
        raise SearchError(f"{parameter.name} needs a number", allowed=f"such as {form}") from error
    return lambda entry: any(one.fits(found) for found in at(entry.resource, parameter.paths) for one in asked)


def _uri(parameter: Parameter, modifier: str, values: Sequence[str], same: Same) -> Test:
    def fit(found: Any, wanted: str) -> bool:
        if modifier == "below":
            return str(found) == wanted or str(found).startswith(wanted.rstrip("/") + "/")
        if modifier == "above":
            return str(found) == wanted or wanted.startswith(str(found).rstrip("/") + "/")
        return str(found) == wanted

    return lambda entry: any(fit(found, one) for found in at(entry.resource, parameter.paths) for one in values)


def _reference(parameter: Parameter, modifier: str, values: Sequence[str], same: Same) -> Test:
    if modifier == "identifier":

        def carries(entry: Entry) -> bool:
            found = [token for one in identifiers(entry, parameter) for token in tokens(one)]
            return any(fits(one, token) for token in found for one in values)

        return carries
    wanted: set[str] = set()
    for one in values:
        name = literal(one)
        name = f"{modifier}/{name}" if modifier and "/" not in name else name
        name = f"Patient/{name}" if parameter.targets == {"Patient"} and "/" not in name else name
        wanted |= set(same(name)) | {name}
    bare = {one for one in wanted if "/" not in one}

    def points(found: str) -> bool:
        return found in wanted or found.partition("/")[2] in bare

    if modifier:
        wanted = {one for one in wanted if one.startswith(f"{modifier}/")}
    return lambda entry: any(map(points, names(entry, parameter)))


def split_prefix(text: str) -> tuple[str, str]:
    """("ge", "2013") of "ge2013"; "eq" where none is said. Raises `SearchError` for one that there is not."""
    found = _PREFIX.match(text)
    if found is None:
        return "eq", text
    if found[1] not in PREFIXES:
        raise SearchError("no such prefix", got=found[1], allowed=", ".join(PREFIXES))
    return found[1], text[2:]


_KINDS: dict[str, Callable[[Parameter, str, Sequence[str], Same], Test]] = {
    "id": _id,
    "updated": _date,
    "token": _token,
    "string": _string,
    "date": _date,
    "number": _number,
    "quantity": _number,
    "uri": _uri,
    "reference": _reference,
    "composite": _composite,
}
