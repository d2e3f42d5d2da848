"""Criteria of a search as tests of a resource, chains and `_has` included, and the people they leave.

Chains and `_has` look at nothing but what the caller may see: what is forbidden cannot be told from what is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vitruvian.record import people_called
from vitruvian.serve.fhir.entry import Entry
from vitruvian.serve.fhir.errors import SearchError
from vitruvian.serve.fhir.matching import Test, test_of
from vitruvian.serve.fhir.parameters import Parameter, parameters
from vitruvian.serve.fhir.query import Asked, Given
from vitruvian.serve.fhir.references import literal, names
from vitruvian.serve.fhir.seen import Seen

_OWN = frozenset({"patient", "subject", "beneficiary"})
_DEEPEST = 4
"""Links of a chain."""


class Criteria:
    """The criteria of one search over what is seen."""

    def __init__(self, seen: Seen, asked: Asked) -> None:
        self.seen, self._asked = seen, asked
        self.tests = [self._test(asked.kind, one, 1) for one in asked.criteria]
        self.people: list[str] | None = None
        """The people who are left by criteria that name one; None where there is none of these."""
        self.people = self._narrowed()

    def fits(self, entry: Entry) -> bool:
        """Whether a resource fulfils all of them."""
        return all(test(entry) for test in self.tests)

    @property
    def _near(self) -> list[str] | None:
        """People among whom links are followed: all of them from what is about nobody."""
        return self.people or None

    def _narrowed(self) -> list[str] | None:
        left: set[str] | None = None
        for given in self._asked.criteria:
            named = self._named(self._asked.kind, given)
            if named is not None:
                left = set(named) if left is None else left & set(named)
        return None if left is None else sorted(left)

    def _named(self, kind: str, given: Given) -> Sequence[str] | None:
        if given.name == "_id" and not given.modifier:
            return [person for one in given.values for person in self.seen.persons_of(kind, one)]
        if given.name == "identifier" and kind == "Patient" and not given.modifier:
            return self._identified(given)
        if given.name in _OWN and given.modifier in ("", "Patient"):
            return self._patients(given)
        if given.name.partition(".")[0] == "patient" and "." in given.name:
            rest = given.name.partition(".")[2]
            found = self._targets("Patient", _given("Patient", rest, given.values), 2)
            return [person for name in found for person in self.seen.persons_of("Patient", name.partition("/")[2])]
        return None

    def _patients(self, given: Given) -> Sequence[str] | None:
        found: list[str] = []
        for one in given.values:
            kind, _, key = literal(one).rpartition("/")
            if kind not in ("", "Patient"):
                return None
            found += self.seen.persons_of("Patient", key)
        return found

    def _identified(self, given: Given) -> Sequence[str] | None:
        """People whose identifier is written so; None where nobody's is: perhaps in other letters."""
        record = self.seen.caller.record
        found = {person for one in given.values for person in people_called(record, one.rpartition("|")[2])}
        people = [one for one in self.seen.people if one in found]
        return people or None

    # -- tests ------------------------------------------------------------------------------------------------

    def _test(self, kind: str, given: Given, depth: int) -> Test:
        if depth > _DEEPEST:
            raise SearchError("the chain is too long", allowed=f"{_DEEPEST} links")
        if given.name == "_has":
            return self._has(given, depth)
        name, dot, rest = given.name.partition(".")
        parameter = parameters(kind).get(name)
        if parameter is None:
            raise SearchError(f"{kind} has no such parameter", got=name, allowed=", ".join(parameters(kind)))
        if dot:
            return self._chain(parameter, given.modifier, rest, given.values, depth)
        return test_of(parameter, given.modifier, given.values, self.seen.same)

    def _chain(self, parameter: Parameter, only: str, rest: str, values: tuple[str, ...], depth: int) -> Test:
        if parameter.kind != "reference":
            raise SearchError(f"{parameter.name} is no reference", todo="Chains follow references.")
        inner = rest.partition(".")[0].partition(":")[0]
        kinds = (
            [only]
            if only
            else [one for one in sorted(parameter.targets) if inner in parameters(one) or inner == "_has"]
        )
        if not kinds:
            todo = "Say the type: reference:Type.parameter."
            raise SearchError(f"nothing that {parameter.name} points to has the parameter", got=inner, todo=todo)
        given = {one: _given(one, rest, values) for one in kinds}
        for one, part in given.items():  # refused before anything is looked at
            self.seen.demand(one, "s")
            self._test(one, part, depth + 1)
        targets = _once(
            lambda: frozenset[str]().union(*(self._targets(one, part, depth + 1) for one, part in given.items()))
        )
        return lambda entry: not targets().isdisjoint(names(entry, parameter))

    def _has(self, given: Given, depth: int) -> Test:
        parts = given.modifier.split(":", 2)
        if len(parts) != 3 or not all(parts):
            raise SearchError(
                "_has has another form", got=f"_has:{given.modifier}", allowed="_has:Type:reference:parameter=value"
            )
        kind, link, rest = parts
        parameter = parameters(kind).get(link)
        if parameter is None or parameter.kind != "reference":
            raise SearchError(f"{kind} has no such reference", got=link)
        self.seen.demand(kind, "s")
        test = self._test(kind, _given(kind, rest, given.values), depth + 1)

        def pointed() -> frozenset[str]:
            found = self.seen.of(kind, self._near)
            return frozenset(name for one in found if test(one) for name in names(one, parameter))

        targets = _once(pointed)
        return lambda entry: entry.name in targets()

    def _targets(self, kind: str, given: Given, depth: int) -> frozenset[str]:
        """Names of the resources of a type that fulfil a criterion."""
        test = self._test(kind, given, depth)
        return frozenset(one.name for one in self.seen.of(kind, self._near) if test(one))


def _given(kind: str, rest: str, values: tuple[str, ...]) -> Given:
    """The criterion at the end of a link."""
    if rest.startswith("_has:"):
        return Given("_has", rest.removeprefix("_has:"), values)
    head, dot, more = rest.partition(".")
    name, _, modifier = head.partition(":")
    return Given(name + dot + more, modifier, values)


def _once(make: Callable[[], frozenset[str]]) -> Callable[[], frozenset[str]]:
    """`make`, called when it is first needed."""
    found: list[frozenset[str]] = []

    def get() -> frozenset[str]:
        if not found:
            found.append(make())
        return found[0]

    return get
