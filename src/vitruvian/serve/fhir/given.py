"""What an operation is asked, where it came as a Parameters resource."""

from __future__ import annotations

from vitruvian.serve.fhir.body import read_object
from vitruvian.serve.fhir.errors import SearchError
from vitruvian.serve.fhir.validate import demand_valid


def given_pairs(body: bytes) -> list[tuple[str, str]]:
    """Names and plain values; none of an empty body. Raises `SearchError` where a value is none, or no Parameters."""
    if not body:
        return []
    resource = read_object(body)
    demand_valid(resource, "Parameters")
    found = []
    for one in resource.get("parameter", ()):
        value = next((value for key, value in one.items() if key.startswith("value")), None)
        if not isinstance(value, str | int | float):
            raise SearchError("a parameter is a plain value here", got=str(one["name"])[:60])
        found.append((one["name"], str(value).lower() if isinstance(value, bool) else str(value)))
    return found
