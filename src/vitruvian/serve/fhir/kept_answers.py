"""Answers of twins that somebody kept: a derived fact that holds the resources, and these with ids of this record.

Whatever a twin answers may rest on anything that is known, so the fact belongs to every category of consent, and to
every code that the asker saw: who may not see one of these does not see the answer.
"""

from __future__ import annotations

from collections.abc import Iterator

from vitruvian import __version__
from vitruvian.core import parse_instant, stable_id
from vitruvian.record import Draft, Fact, Patient
from vitruvian.serve.fhir.entry import Json
from vitruvian.serve.fhir.owner import renamed

ANSWER_KIND = "twin_answer"
ANSWER = "urn:vitruvian:twin-answer"


def demand_keeping(patient: Patient) -> None:
    """Raise `AccessError` where the actor may not keep what a twin says of this person."""
    if not patient.record.may_keep(patient.id):
        raise patient.record.actor.refusal("derive")


def keep_answer(patient: Patient, name: str, at: str, parts: list[tuple[str, Json]]) -> list[Json]:
    """Keep the resources of an answer, (URL, resource) each, about "Patient/name"; gives them as they are served.

    Raises `AccessError` as `demand_keeping`.
    """
    demand_keeping(patient)
    told = _said(parts)
    codes = sorted({(one.system, one.code) for one in patient.facts() if one.code})
    inputs = [one["what"]["identifier"]["value"] for one in _sources(parts)]
    draft = Draft(
        ANSWER_KIND, ANSWER, told["code"]["coding"][0]["code"], told["code"]["text"], value_text=told["valueString"],
        start=parse_instant(at), status="final", basis="derived",
        detail={"patient": f"Patient/{name}", "resources": parts, "codings": codes},
    )  # fmt: skip
    method = f"answer:{stable_id(patient.id, at, draft.code, draft.value_text or '')}"
    (key,) = patient.record.derive(patient.id, [draft], method=method, version=__version__, inputs=inputs)
    return list(_named(key, parts, {}))


def answer_resources(fact: Fact, patient: str, kind: str) -> Iterator[Json]:
    """The resources of one type of an answer that was kept; `patient` is the id of their Patient."""
    parts = [(str(url), dict(one)) for url, one in fact.detail["resources"]]
    found = _named(fact.id, parts, {fact.detail["patient"]: f"Patient/{patient}"})
    return (one for one in found if one["resourceType"] == kind)


def _named(key: str, parts: list[tuple[str, Json]], more: dict[str, str]) -> Iterator[Json]:
    """Resources under ids made of the fact's, references between them with these."""
    ids = {url: key if one is _said(parts) else f"{key}-{k}" for k, (url, one) in enumerate(parts)}
    names = {url: f"{one['resourceType']}/{ids[url]}" for url, one in parts} | more
    yield from (renamed({"resourceType": one["resourceType"], "id": ids[url]} | one, names) for url, one in parts)


def _said(parts: list[tuple[str, Json]]) -> Json:
    """The Observation of the answer in words."""
    return next(one for _, one in parts if one["resourceType"] == "Observation")


def _sources(parts: list[tuple[str, Json]]) -> Iterator[Json]:
    """Entities of its Provenance that are facts."""
    for _, one in parts:
        yield from (each for each in one.get("entity", ()) if "identifier" in each["what"])
