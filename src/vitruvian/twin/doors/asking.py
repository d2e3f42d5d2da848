"""Installed twins by name, and values of a question checked against its fields before a twin sees them."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from vitruvian.core import UnknownNameError, VitruvianError, to_ms
from vitruvian.twin.doors.door import Field, FieldError, Question, Told, TwinDoor
from vitruvian.twin.doors.unavailable import Unavailable
from vitruvian.twin.lifetime import deceased

if TYPE_CHECKING:
    from vitruvian.record import Patient

GROUP = "vitruvian.twins"
_LOG = logging.getLogger(__name__)
_TRUE, _FALSE = ("true", "yes", "1", "on"), ("false", "no", "0", "off", "")


@cache
def twin_doors() -> Mapping[str, TwinDoor]:
    """Installed twins by name, in order of name. One that cannot be used stands there as `Unavailable` with the reason.

    A name belongs to who has it first, the package's own twins before others.
    """
    found: dict[str, TwinDoor] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda one: (_package(one) != "vitruvian", one.name)):
        door = _loaded(entry)
        if door.name in found:
            door = Unavailable(f"{entry.name}-of-{_package(entry)}", f"the name {door.name} is taken by another twin.")
        found[door.name] = door
    return dict(sorted(found.items()))


def _loaded(entry: EntryPoint) -> TwinDoor:
    try:
        door = entry.load()
    except (Exception, SystemExit) as error:  # whatever somebody else's package does, the other twins work
        _LOG.warning("a twin could not be loaded", exc_info=True)
        reason = (str(error).splitlines() or [""])[0][:200]
        return Unavailable(entry.name, f"{type(error).__name__}: {reason}" if reason else type(error).__name__)
    if not isinstance(door, TwinDoor):
        return Unavailable(entry.name, f"{entry.value} is no twin but a {type(door).__name__}.")
    return door


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else ""


def twin_door(name: str) -> TwinDoor:
    """The twin of a name; raises `UnknownNameError`."""
    doors = twin_doors()
    if name not in doors:
        raise UnknownNameError("no such twin", got=repr(name), allowed=", ".join(doors))
    return doors[name]


def ask(patient: Patient, twin: str, question: str, values: Mapping[str, Any], at: str | None = None) -> Told:
    """The answer of a person's twin to a question; values are checked first. After death the guard refuses.

    Raises `UnknownNameError` for a twin, question or field that does not exist, `InputError` for a value,
    `UnsupportedError` for a twin that cannot be used.
    """
    door = twin_door(twin)
    if isinstance(door, Unavailable):
        return door.ask(patient, question, values, at)
    known = {one.name: one for one in door.questions(patient)}
    if question not in known:
        raise UnknownNameError(f"no such question of {twin}", got=repr(question), allowed=", ".join(known))
    if at is not None:
        to_ms(at)
    given = checked(known[question], values)
    if not getattr(door, "refuses_after_death", False) and (dead := deceased(patient, at)):
        return Told(twin, question, f"{dead[0].text} {dead[0].todo}", refused=True, messages=dead)
    return door.ask(patient, question, given, at)


def checked(question: Question, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by field, in the field's type, defaults filled in; absent optional ones are left out.

    Raises `UnknownNameError` for a value that the question does not take, `FieldError` for one missing or wrong.
    """
    fields = {one.name: one for one in question.fields}
    if unknown := sorted(set(values) - set(fields)):
        raise UnknownNameError("no such value", got=", ".join(unknown), allowed=", ".join(fields) or "none")
    found: dict[str, Any] = {}
    for name, one in fields.items():
        given = values.get(name)
        if given is None or (given == "" and one.kind != "text"):
            given = one.default
        if given is None:
            if not one.optional:
                raise FieldError(name, f"{name} is missing", allowed=_allowed(one), todo=one.about or None)
            continue
        found[name] = _checked(one, given)
    return found


def _checked(one: Field, given: Any) -> Any:
    if one.kind == "number":
        return _number(one, given)
    text = str(given).strip()
    if one.kind == "choice" and text not in (allowed := [value for value, _ in one.choices]):
        raise FieldError(one.name, f"{one.name}: not a choice", got=repr(text), allowed=", ".join(allowed))
    if one.kind == "flag":
        if text.lower() not in _TRUE + _FALSE:
            raise FieldError(one.name, f"{one.name}: neither yes nor no", got=repr(text), allowed="true, false")
        return text.lower() in _TRUE
    if one.kind == "moment":
        try:
            to_ms(text)
        except VitruvianError as error:
            raise FieldError(one.name, f"{one.name}: {error.what}", got=error.got, allowed=error.allowed) from error
    return text


def _number(one: Field, given: Any) -> float:
    try:
        value = float(given) if not isinstance(given, bool) else math.nan
    except (TypeError, ValueError):
        value = math.nan
    low, high = one.low if one.low is not None else -math.inf, one.high if one.high is not None else math.inf
    if not (math.isfinite(value) and low <= value <= high):
        raise FieldError(one.name, f"{one.name}: out of range", got=repr(given), allowed=_allowed(one))
    return value


def _allowed(one: Field) -> str:
    if one.kind == "choice":
        return ", ".join(value for value, _ in one.choices)
    if one.kind != "number":
        return one.kind
    ends = [f"{name} {end:g}" for name, end in (("from", one.low), ("to", one.high)) if end is not None]
    return " ".join(["a number", *ends, one.unit]).strip()
