"""One resource where one is meant."""

from __future__ import annotations

from collections.abc import Sequence

from vitruvian.core import UnknownNameError
from vitruvian.serve.fhir.entry import Entry
from vitruvian.serve.fhir.errors import Several


def single(found: Sequence[Entry]) -> Entry:
    """The only one. Raises `UnknownNameError` for none, `Several` where sources call several the same."""
    lines = {one.line for one in found}
    if not lines:
        raise UnknownNameError("there is no such resource")
    if len(lines) > 1:
        raise Several("several sources use this id", todo="Search with the patient.")
    return found[0]
