"""The text of a search taken apart: criteria, and how results are wanted.

Source: HL7 FHIR R4, Search, "Managing Returned Resources".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from vitruvian.serve.fhir.errors import SearchError
from vitruvian.serve.fhir.parameters import parameters, references_to

Summary = Literal["true", "text", "data", "count", "false"]
_SUMMARIES = ("true", "text", "data", "count", "false")
_TOTALS = ("none", "estimate", "accurate")
DEFAULT_COUNT, MOST = 50, 1000
_IGNORED = frozenset({"_format", "_pretty"})


@dataclass(frozen=True)
class Given:
    """One criterion as it was given: name (with its chain), modifier, values of which one suffices."""

    name: str
    modifier: str
    values: tuple[str, ...]
    text: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Include:
    """`Type:parameter[:target]`; `again` follows what was included, too."""

    source: str
    parameter: str
    target: str = ""
    again: bool = False


@dataclass(frozen=True)
class Asked:
    """A search on one type; `unknown` are names of parameters that there are not."""

    kind: str
    criteria: tuple[Given, ...] = ()
    sort: tuple[tuple[str, bool], ...] = ()
    """(parameter, descending)."""
    count: int = DEFAULT_COUNT
    include: tuple[Include, ...] = ()
    revinclude: tuple[Include, ...] = ()
    summary: Summary = "false"
    elements: tuple[str, ...] = ()
    total: str = ""
    unknown: tuple[str, ...] = ()
    used: tuple[tuple[str, str], ...] = field(default=())
    """What was understood, for the link to itself."""


def asked(kind: str, pairs: Iterable[tuple[str, str]]) -> Asked:
    """The search of a type with these parameters. Raises `SearchError`."""
    reading = _Reading(kind)
    for name, value in pairs:
        reading.take(name, value)
    return reading.done()


class _Reading:
    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.found: dict[str, Any] = {}
        self.criteria: list[Given] = []
        self.include: list[Include] = []
        self.revinclude: list[Include] = []
        self.unknown: list[str] = []
        self.used: list[tuple[str, str]] = []

    def take(self, name: str, value: str) -> None:
        head, _, modifier = name.partition(":")
        if name in _IGNORED:
            return
        if head in ("_include", "_revinclude"):
            wanted = self._all(head) if value == "*" else [value]
            found = self.include if head == "_include" else self.revinclude
            found += [_include(head, modifier, one) for one in wanted]
        elif name in _RESULTS:
            if name in self.found:
                raise SearchError(f"{name} is given twice")
            self.found[name] = _RESULTS[name](value)
        elif not self._criterion(name, value):
            self.unknown.append(name)
            return
        self.used.append((name, value))

    def _all(self, head: str) -> list[str]:
        """What "*" stands for: every reference of the type, or to it."""
        if head == "_include":
            return [f"{self.kind}:*"]
        return [f"{source}:{name}:{self.kind}" for source, name in references_to(self.kind)]

    def _criterion(self, name: str, value: str) -> bool:
        if name.startswith("_has:"):
            self.criteria.append(Given("_has", name.removeprefix("_has:"), values_of(value), (name, value)))
            return True
        head, dot, rest = name.partition(".")
        plain, _, modifier = head.partition(":")
        if plain not in parameters(self.kind):
            return False
        self.criteria.append(Given(plain + dot + rest, modifier, values_of(value), (name, value)))
        return True

    def done(self) -> Asked:
        sort = self.found.get("_sort", ())
        known = parameters(self.kind)
        known = {name: one for name, one in known.items() if one.kind != "composite"}  # these have no order
        wrong = [name for name, _ in sort if name not in known]
        self.unknown += [f"_sort={one}" for one in wrong]
        return Asked(
            self.kind,
            tuple(self.criteria),
            tuple(one for one in sort if one[0] in known),
            self.found.get("_count", DEFAULT_COUNT),
            tuple(self.include),
            tuple(self.revinclude),
            self.found.get("_summary", "false"),
            self.found.get("_elements", ()),
            self.found.get("_total", ""),
            tuple(self.unknown),
            tuple(self.used),
        )


def values_of(text: str) -> tuple[str, ...]:
    r"""Alternatives between commas; "\," is a comma, "\|" and "\$" stand for themselves."""
    found, current, at = [], "", 0
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text):
            current += text[at + 1]
            at += 2
            continue
        if text[at] == ",":
            found.append(current)
            current = ""
        else:
            current += text[at]
        at += 1
    return (*found, current)


def _include(head: str, modifier: str, value: str) -> Include:
    if modifier not in ("", "iterate", "recurse"):
        raise SearchError(f"{head} has no such modifier", got=f":{modifier}", allowed=":iterate")
    parts = value.split(":")
    if not 2 <= len(parts) <= 3 or not all(parts):
        raise SearchError(f"{head} has another form", got=value, allowed="Type:parameter or Type:parameter:Target")
    source, name, target = (*parts, "")[:3]
    if name != "*" and (name not in parameters(source) or parameters(source)[name].kind != "reference"):
        raise SearchError(f"{head} names no reference", got=value, allowed=_references(source))
    return Include(source, name, target, bool(modifier))


def _references(kind: str) -> str:
    return ", ".join(name for name, one in parameters(kind).items() if one.kind == "reference") or "none of this type"


def _sort(text: str) -> tuple[tuple[str, bool], ...]:
    parts = [one for one in text.split(",") if one]
    return tuple((one.removeprefix("-"), one.startswith("-")) for one in parts)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise SearchError("_count is no whole number", got=text[:20], allowed=f"0 to {MOST}; more is taken as {MOST}")
    return min(int(text), MOST)


def _elements(text: str) -> tuple[str, ...]:
    return tuple(one.strip().rpartition(".")[2] for one in text.split(",") if one.strip())


def _one_of(name: str, allowed: Sequence[str], text: str) -> str:
    if text not in allowed:
        raise SearchError(f"{name} has another value", got=text[:20], allowed=", ".join(allowed))
    return text


_RESULTS = {
    "_sort": _sort,
    "_count": _count,
    "_elements": _elements,
    "_summary": lambda text: _one_of("_summary", _SUMMARIES, text),
    "_total": lambda text: _one_of("_total", _TOTALS, text),
}
