"""A resource against the base definitions of FHIR R4, and what is wrong as an OperationOutcome."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vitruvian.serve.fhir.validate_elements import Issue, element_issues, is_resource_type, model_of
from vitruvian.serve.problems import HttpError

_TOLD = 50
"""Issues that an answer tells; the others are counted."""


class Invalid(HttpError):
    """A body that is no resource of FHIR R4, with everything that is wrong."""

    def __init__(self, found: Iterable[Issue], kind: str = "") -> None:
        self.found, self.kind = tuple(found), kind
        super().__init__("the resource is not valid", got="; ".join(f"{one.place}: {one.text}" for one in self.found))

    @property
    def issues(self) -> list[dict[str, Any]]:
        """Each with its place."""
        told: list[dict[str, Any]] = outcome_of(self.found, self.kind)["issue"]
        return told


def issues_of(resource: Any, kind: str | None = None) -> tuple[Issue, ...]:
    """All that is wrong with a resource; `kind` is the type that it must be of."""
    stated = resource.get("resourceType") if isinstance(resource, dict) else None
    if not isinstance(stated, str) or not is_resource_type(stated):
        return (Issue("structure", "resourceType", "is no type of resource of FHIR R4"),)
    if kind is not None and stated != kind:
        return (Issue("invalid", "resourceType", f"must be {kind}"),)
    found = tuple(element_issues(resource, stated, ""))
    return found or tuple(_value_issues(resource, stated))


def demand_valid(resource: Any, kind: str | None = None) -> None:
    """Raise `Invalid` unless the resource is valid."""
    if found := issues_of(resource, kind):
        raise Invalid(found, str(resource["resourceType"]) if found[0].place != "resourceType" else "")


def _value_issues(resource: Mapping[str, Any], kind: str) -> Iterator[Issue]:
    """Values whose form is wrong: dates, ids, URLs, numbers out of range."""
    from pydantic import ValidationError

    try:
        model_of(kind).model_validate(resource)
    except ValidationError as error:
        for one in error.errors(include_url=False, include_context=False, include_input=False):
            place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in one["loc"]).lstrip(".")
            yield Issue("value", place, one["msg"].removeprefix("Value error, "))


def outcome_of(issues: Iterable[Issue], kind: str = "") -> dict[str, Any]:
    """An OperationOutcome: one issue each, or one that says that all is well."""
    issues = tuple(issues)
    if not issues:
        return _outcome([{"severity": "information", "code": "informational", "diagnostics": "The resource is valid."}])
    told = [_told(one, kind) for one in issues[:_TOLD]]
    if len(issues) > _TOLD:
        more = f"and {len(issues) - _TOLD} more issues"
        told.append({"severity": "error", "code": "too-costly", "diagnostics": more})
    return _outcome(told)


def _told(issue: Issue, kind: str) -> dict[str, Any]:
    place = ".".join(part for part in (kind, issue.place) if part)
    text = f"{issue.place}: {issue.text}" if issue.place else issue.text
    found: dict[str, Any] = {"severity": issue.severity, "code": issue.code, "diagnostics": text}
    return found | ({"expression": [place]} if place else {})


def _outcome(issues: list[dict[str, Any]]) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": issues}
