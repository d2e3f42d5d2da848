"""The consent decision: a table of cases, and what must never open anything."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitruvian.core import PURPOSE_SYSTEM, Actor, to_ms
from vitruvian.record.consent import Matter, decide, read_consent
from vitruvian.tables.categories import CATEGORY_SYSTEM, categories_of

Json = dict[str, Any]
NOW = to_ms("2026-03-10T12:00:00Z")
DOCTOR = Actor("Practitioner/7", frozenset({"clinician"}), "treatment")
RESEARCHER = Actor("r", frozenset({"researcher"}), "research")
EMERGENCY = Actor("Practitioner/7", frozenset({"clinician"}), "ETREAT")
SELF = Actor("p", frozenset({"patient"}), "own", frozenset({"p"}))
GLUCOSE = Matter(frozenset({"general"}), "observation", "2339-0")
GENOME = Matter(frozenset({"genome"}), "genome", "")
NOTE_ON_DRUGS = Matter(frozenset({"note", "substance_use"}), "note", "")


def purpose(*codes: str) -> list[Json]:
    return [{"system": PURPOSE_SYSTEM, "code": code} for code in codes]


def category(*codes: str) -> list[Json]:
    return [{"system": CATEGORY_SYSTEM, "code": code} for code in codes]


def consent(type: str | None = None, scope: str = "patient-privacy", status: str = "active", **provision: Any) -> Json:
    rule = {**({"type": type} if type else {}), **provision}
    coded = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": scope}]}
    return {"resourceType": "Consent", "id": "c", "status": status, "scope": coded, "provision": rule}


def concept(code: str, system: str = "http://terminology.hl7.org/CodeSystem/consentaction") -> Json:
    return {"coding": [{"system": system, "code": code}]}


def actor(reference: str) -> list[Json]:
    return [{"role": concept("PRCP"), "reference": {"reference": reference}}]


PERMIT_RESEARCH = consent("permit", purpose=purpose("HRESCH"))
DENY_RESEARCH = consent("deny", purpose=purpose("HRESCH"))
EXCEPT_GENOME = consent("permit", purpose=purpose("HRESCH"), provision=[{"type": "deny", "class": category("genome")}])
DEEP = consent(
    "permit",
    provision=[
        {"type": "deny", "class": category("note"), "provision": [{"type": "permit", "actor": actor("Practitioner/7")}]}
    ],
)
CASES = [
    ("nothing said: treatment", [], DOCTOR, GLUCOSE, True),
    ("nothing said: research", [], RESEARCHER, GLUCOSE, False),
    ("nothing said: own", [], SELF, GLUCOSE, True),
    ("unknown purpose", [PERMIT_RESEARCH], Actor("r", frozenset({"researcher"}), "curiosity"), GLUCOSE, False),
    ("permit", [PERMIT_RESEARCH], RESEARCHER, GLUCOSE, True),
    ("a part of the purpose", [PERMIT_RESEARCH], Actor("r", frozenset(), "CLINTRCH"), GLUCOSE, True),
    ("not the whole of it", [consent("permit", purpose=purpose("CLINTRCH"))], RESEARCHER, GLUCOSE, False),
    ("deny beats permit", [PERMIT_RESEARCH, DENY_RESEARCH], RESEARCHER, GLUCOSE, False),
    ("in any order", [DENY_RESEARCH, PERMIT_RESEARCH], RESEARCHER, GLUCOSE, False),
    ("deny of another purpose", [DENY_RESEARCH], DOCTOR, GLUCOSE, True),
    ("deny of everything", [consent("deny")], DOCTOR, GLUCOSE, False),
    ("emergency passes over it", [consent("deny")], EMERGENCY, GLUCOSE, True),
    ("not for the owner", [consent("deny")], Actor.owner("ETREAT"), GLUCOSE, False),
    ("own request passes over it", [consent("deny")], SELF, GLUCOSE, True),
    ("exception, outside", [EXCEPT_GENOME], RESEARCHER, GLUCOSE, True),
    ("exception, inside", [EXCEPT_GENOME], RESEARCHER, GENOME, False),
    ("exception of an exception", [DEEP], DOCTOR, NOTE_ON_DRUGS, True),
    ("not for others", [DEEP], Actor("Practitioner/8", frozenset({"clinician"}), "treatment"), NOTE_ON_DRUGS, False),
    ("withdrawn", [consent("permit", status="inactive")], RESEARCHER, GLUCOSE, False),
    ("draft", [consent("permit", status="draft")], RESEARCHER, GLUCOSE, False),
    ("in error", [consent("deny", status="entered-in-error")], DOCTOR, GLUCOSE, True),
    ("over", [consent("permit", period={"end": "2026-03-09"})], RESEARCHER, GLUCOSE, False),
    ("last day", [consent("permit", period={"end": "2026-03-10"})], RESEARCHER, GLUCOSE, True),
    ("last month", [consent("permit", period={"end": "2026-03"})], RESEARCHER, GLUCOSE, True),
    ("not begun", [consent("permit", period={"start": "2026-03-11"})], RESEARCHER, GLUCOSE, False),
    ("dated later", [consent("permit") | {"dateTime": "2027-01-01"}], RESEARCHER, GLUCOSE, False),
    ("one category of two permitted", [consent("permit", **{"class": category("note")})], RESEARCHER, NOTE_ON_DRUGS,
     False),
    ("both", [consent("permit", **{"class": category("note", "substance_use")})], RESEARCHER, NOTE_ON_DRUGS, True),
    ("one category of two denied", [consent("deny", **{"class": category("substance_use")})], DOCTOR, NOTE_ON_DRUGS,
     False),
    ("sensitivity code", [consent("deny", **{"class": [{"code": "ETH"}]})], DOCTOR, NOTE_ON_DRUGS, False),
    ("resource type", [consent("permit", **{"class": [{"code": "Observation"}]})], RESEARCHER, GLUCOSE, True),
    ("another type", [consent("permit", **{"class": [{"code": "Condition"}]})], RESEARCHER, GLUCOSE, False),
    ("code", [consent("deny", code=[concept("2339-0", "http://loinc.org")])], DOCTOR, GLUCOSE, False),
    ("another code", [consent("deny", code=[concept("2160-0", "http://loinc.org")])], DOCTOR, GLUCOSE, True),
    ("a category whole, where a code in it is denied", [consent("deny", code=[concept("2339-0")])], DOCTOR,
     Matter(frozenset({"general"})), False),
    ("named actor", [consent("permit", actor=actor("r"))], RESEARCHER, GLUCOSE, True),
    ("other actor", [consent("deny", actor=actor("Practitioner/8"))], DOCTOR, GLUCOSE, True),
    ("this actor", [consent("deny", actor=actor("Practitioner/7"))], DOCTOR, GLUCOSE, False),
    ("to use", [consent("permit", action=[concept("use")])], RESEARCHER, GLUCOSE, True),
    ("to collect only", [consent("permit", action=[concept("collect")])], RESEARCHER, GLUCOSE, False),
    ("not to collect", [consent("deny", action=[concept("collect")])], DOCTOR, GLUCOSE, True),
    ("to take part in research", [consent("permit", "research")], RESEARCHER, GLUCOSE, True),
    ("which is no word on payment", [consent("permit", "research")], Actor("x", frozenset({"payer"}), "HPAYMT"),
     GLUCOSE, False),
    ("consent to be treated", [consent("deny", "treatment")], DOCTOR, GLUCOSE, True),
    ("opt out", [consent() | {"policyRule": concept("OPTOUT")}], DOCTOR, GLUCOSE, False),
    ("opt out, with an exception",
     [consent(provision=[{"type": "permit", "purpose": purpose("HRESCH")}]) | {"policyRule": concept("OPTOUTE")}],
     RESEARCHER, GLUCOSE, True),
]  # fmt: skip


@pytest.mark.parametrize(("consents", "who", "matter", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_decisions(consents: list[Json], who: Actor, matter: Matter, expected: bool) -> None:
    assert decide([read_consent(one) for one in consents], who, matter, NOW).permit is expected


STRANGE: list[Json] = [
    {"class": [{"system": "urn:x", "code": "zebra"}]},
    {"purpose": purpose("ZEBRA")},
    {"action": [concept("dance")]},
    {"actor": actor("Organization/9")},
    {"data": [{"meaning": "instance", "reference": {"reference": "Observation/1"}}]},
    {"dataPeriod": {"start": "2020"}},
    {"securityLabel": [{"code": "R"}]},
    {"modifierExtension": [{"url": "urn:x"}]},
    {"period": {"end": "soon"}},
    {"period": "always"},
    {"purpose": "research"},
    {"provision": "nested"},
]


@pytest.mark.parametrize("strange", STRANGE, ids=lambda s: next(iter(s)))
def test_what_cannot_be_judged_denies_and_never_permits(strange: Json) -> None:
    assert not decide([read_consent(consent("permit", **strange))], RESEARCHER, GLUCOSE, NOW).permit
    assert not decide([read_consent(consent("deny", **strange))], DOCTOR, GLUCOSE, NOW).permit
    nested = consent("deny", provision=[{"type": "permit", **strange}])
    assert not decide([read_consent(nested)], RESEARCHER, GLUCOSE, NOW).permit


def test_an_unknown_scope_permits_nothing() -> None:
    assert not decide([read_consent(consent("permit", "zebra"))], RESEARCHER, GLUCOSE, NOW).permit
    assert not decide([read_consent(consent("deny", "zebra"))], DOCTOR, GLUCOSE, NOW).permit


def test_an_emergency_says_so() -> None:
    found = decide([read_consent(consent("deny"))], EMERGENCY, GLUCOSE, NOW)
    assert found.emergency
    assert not decide([], EMERGENCY, GLUCOSE, NOW).emergency


WHO = st.builds(
    Actor,
    st.sampled_from(["a", "Practitioner/7"]),
    st.frozensets(st.sampled_from(["clinician", "researcher", "owner", "stranger"])),
    st.sampled_from(["treatment", "ETREAT", "research", "HPAYMT", "zebra", ""]),
)
RULES = st.recursive(
    st.fixed_dictionaries({"type": st.sampled_from(["permit", "deny"])}, optional={
        "purpose": st.sampled_from([purpose("TREAT"), purpose("HRESCH"), purpose("PurposeOfUse")]),
        "class": st.sampled_from([category("genome"), category("note", "general"), category("everything")]),
        "period": st.sampled_from([{"end": "2026-03-09"}, {"start": "2026-01"}]),
    }),
    lambda inner: st.tuples(inner, st.lists(inner, max_size=2)).map(lambda p: {**p[0], "provision": p[1]}),
    max_leaves=5,
)  # fmt: skip
MATTERS = st.sampled_from([GLUCOSE, GENOME, NOTE_ON_DRUGS])


@given(st.lists(RULES, max_size=4), WHO, MATTERS, st.randoms(use_true_random=False))
def test_order_means_nothing_and_one_more_denial_never_opens(
    rules: list[Json], who: Actor, matter: Matter, random: Any
) -> None:
    consents = [read_consent(consent(**rule)) for rule in rules]
    found = decide(consents, who, matter, NOW).permit
    shuffled = consents[:]
    random.shuffle(shuffled)
    assert decide(shuffled, who, matter, NOW).permit is found
    denied = [*consents, read_consent(consent("deny"))]
    passes_over = who.purpose == "ETREAT" and "clinician" in who.roles
    assert decide(denied, who, matter, NOW).permit is passes_over


@pytest.mark.parametrize(
    ("kind", "system", "code", "expected"),
    [
        ("genome", "", "", {"genome"}),
        ("condition", "http://snomed.info/sct", "35489007", {"mental_health"}),
        ("condition", "http://hl7.org/fhir/sid/icd-10", "F32.1", {"mental_health"}),
        ("condition", "http://hl7.org/fhir/sid/icd-10-cm", "F10.20", {"substance_use"}),  # not all of F
        ("condition", "http://hl7.org/fhir/sid/icd-10", "B20", {"sexual_health"}),
        ("medication_request", "http://www.whocc.no/atc", "N06AB06", {"mental_health"}),
        ("observation", "http://loinc.org", "2160-0", {"general"}),
        ("observation", "urn:local", "F32", {"general"}),
        ("note", "", "", {"note"}),
        ("mention", "http://snomed.info/sct", "35489007", {"note", "mental_health"}),
    ],
)
def test_categories(kind: str, system: str, code: str, expected: set[str]) -> None:
    assert categories_of(kind, system, code) == expected


def test_what_was_extracted_from_a_note_is_a_note_too() -> None:
    assert categories_of("observation", basis="extracted") == {"note"}
