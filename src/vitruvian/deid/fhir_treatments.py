"""What becomes of each type of FHIR: the walk over elements, and the treatment of types that can name somebody."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from vitruvian.deid.fhir_codes import is_free_code, is_harmless_extension, is_public, is_published_code, is_unit
from vitruvian.deid.fhir_dates import OLDEST, Calendar
from vitruvian.deid.fhir_types import Element, elements_of, is_resource
from vitruvian.deid.keyed import new_uid, new_uuid, pseudonym
from vitruvian.deid.regions import region_of_zip, state
from vitruvian.deid.text import Known, deidentify_text

MASKED = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}]}
SERVER = "https://deidentified.example/"
_GONE = frozenset({
    "HumanName", "ContactPoint", "ContactDetail", "Narrative", "PatientContact", "LocationPosition", "DeviceUdiCarrier",
    "Contributor", "FHIRPrimitiveExtension",
})  # fmt: skip
_PLAIN: Mapping[str, tuple[type, ...]] = {
    "bool": (bool,), "Time": (str,), "Decimal": (int, float), "Integer": (int,), "PositiveInt": (int,),
    "UnsignedInt": (int,), "Integer64": (int, str),
}  # fmt: skip
_ADDRESSES = frozenset({"Uri", "Url", "Canonical", "Oid", "UuidVersion"})
_PROSE = frozenset({
    "display", "text", "comment", "conclusion", "description", "note", "valueString", "patientInstruction", "title",
    "clinicalInstruction", "instruction", "reason", "details", "contentString", "outcome", "summary", "prognosis",
    "presentation", "detail", "answerString", "valueMarkdown", "protocolAppliedString", "lookupReason",
})  # fmt: skip
_NUMBERS = re.compile(r"(?:-?\d{1,12}(?:\.\d{1,12})?|[EUL])(?: (?:-?\d{1,12}(?:\.\d{1,12})?|[EUL]))*")
_LINK = re.compile(r"(?:(?P<base>https?://.*)/)?(?P<kind>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9.-]{1,64})(?:/_history/.*)?")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_YEARS = {"a": 1.0, "mo": 12.0, "wk": 52.18, "d": 365.25, "year": 1.0, "years": 1.0, "yr": 1.0}


@dataclass(frozen=True)
class Walk:
    """Treats one person's resources; what goes is counted in `removed` by what it was."""

    key: bytes
    calendar: Calendar
    clean_texts: bool
    known: Known
    removed: Counter[str]

    def resource(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """A resource, and all within it."""
        kind = str(value["resourceType"])
        return {"resourceType": kind} | (self.thing(value, kind) or {})

    def thing(self, value: Any, kind: str) -> dict[str, Any] | None:
        """An object of a type, treated; None where nothing of it stays."""
        if kind == "Resource":
            return self.resource(value) if isinstance(value, dict) and is_resource(value.get("resourceType")) else None
        if not isinstance(value, Mapping):
            return self._goes("malformed")
        if kind in _GONE:
            return self._goes(kind)
        return _SPECIAL[kind](self, value) if kind in _SPECIAL else self._members(value, kind)

    def _members(self, value: Mapping[str, Any], kind: str) -> dict[str, Any] | None:
        found: dict[str, Any] = {}
        elements = elements_of(kind)
        for name, inner in value.items():
            element = elements.get(name)
            if element is None:
                if name != "resourceType":
                    self.removed["extension of a value" if name.startswith("_") else "unknown element"] += 1
                continue
            new = self._element(inner, element, name, kind)
            if new is not None:
                found[name] = new
        there = {elements[name].choice for name in found}
        for name, element in elements.items():
            needed = element.needed or (element.choice and element.choice not in there)
            if needed and name not in found and (name in value or f"_{name}" in value):
                found |= _masked(name, element)
                there.add(element.choice)
        return found or None

    def _element(self, value: Any, element: Element, name: str, kind: str) -> Any:
        if not element.many:
            return self._value(value, element, name, kind)
        if not isinstance(value, list):
            return self._goes("malformed")
        return [new for one in value if (new := self._value(one, element, name, kind)) is not None] or None

    def _value(self, value: Any, element: Element, name: str, kind: str) -> Any:
        held = element.kind
        if held in _PLAIN:
            return value if isinstance(value, _PLAIN[held]) and _fits(value, held) else self._goes("malformed")
        if held not in _TEXTS and held not in _ADDRESSES:
            return self.thing(value, held)
        if not isinstance(value, str):
            return self._goes("malformed")
        if held in _ADDRESSES:
            return self._address(value, name, kind)
        return _TEXTS[held](self, value, element, name, kind)

    # -- texts, codes, ids, dates ---------------------------------------------------------------------------------

    def _prose(self, value: str, element: Element, name: str, kind: str) -> str | None:
        return self._words(value, name)

    def _words(self, value: str, name: str) -> str | None:
        """Free text: cleaned where it may be kept so."""
        if self.clean_texts and name in _PROSE:
            return deidentify_text(value, self.known, shift_days=self.calendar.days_of_texts).text or None
        return self._goes("text")

    def _code(self, value: str, element: Element, name: str, kind: str) -> str | None:
        known = value in element.codes if element.codes is not None else is_free_code(name, value)
        return value if known else self._goes("code")

    def _id(self, value: str, element: Element, name: str, kind: str) -> str | None:
        if name == "versionId":
            return self._goes("version")
        if name == "uid":
            return new_uid(self.key, value)
        return self._of_id(value)

    def _date(self, value: str, element: Element, name: str, kind: str) -> str | None:
        new = self.calendar.birth(value) if name == "birthDate" else None
        new = new or (self.calendar.treated(value, instant=element.kind == "Instant") if name != "birthDate" else None)
        return new or self._goes("date")

    def _data(self, value: str, element: Element, name: str, kind: str) -> str | None:
        return self._goes("attachment")

    def _of_id(self, value: str) -> str:
        """A UUID stands for a UUID, 20 digits for anything else."""
        return new_uuid(self.key, value.lower()) if _UUID.fullmatch(value) else pseudonym(self.key, value)

    def _goes(self, what: str) -> Any:
        """Nothing in its place, counted."""
        self.removed[what] += 1
        return None

    # -- addresses of the net -------------------------------------------------------------------------------------

    def _address(self, value: str, name: str, kind: str) -> str | None:
        if kind == "BundleEntry" and name == "fullUrl":
            return self._link(value) or f"urn:uuid:{new_uuid(self.key, value)}"
        if kind == "BundleEntryRequest" and name == "url":
            return self._request(value)
        if name == "type" and kind == "Reference":
            return value if is_resource(value) else self._goes("address")
        if is_public(value):
            return value
        if kind in ("Identifier", "Coding") and name == "system":
            return f"urn:uuid:{new_uuid(self.key, value)}"
        return self._goes("address")

    def _link(self, value: str) -> str | None:
        """A reference or full URL to the same thing under its pseudonym; None for one that says something else."""
        if value.startswith("#"):
            return f"#{self._of_id(value[1:])}" if len(value) > 1 else value
        if value.startswith("urn:uuid:"):
            return f"urn:uuid:{new_uuid(self.key, value.removeprefix('urn:uuid:').lower())}"
        found = _LINK.fullmatch(value)
        if not found or not is_resource(found["kind"]):
            return None
        return f"{SERVER if found['base'] else ''}{found['kind']}/{self._of_id(found['id'])}"

    def _request(self, value: str) -> str | None:
        kind = value.split("?")[0].split("/")[0]
        return self._link(value) or (kind if is_resource(kind) else None)

    # -- types that can name somebody -----------------------------------------------------------------------------

    def _reference(self, value: Mapping[str, Any]) -> dict[str, Any] | None:
        found = (
            self._members({k: v for k, v in value.items() if k not in ("reference", "extension")}, "Reference") or {}
        )
        told = value.get("reference")
        if isinstance(told, str):
            link = self._link(told)
            if link is None:  # a search ("Practitioner?identifier=…"): the same search has the same pseudonym
                kind = told.split("?")[0]
                link = f"{kind}/{pseudonym(self.key, told)}" if is_resource(kind) else self._goes("reference")
            found |= {"reference": link} if link else {}
        return found or None

    def _identifier(self, value: Mapping[str, Any]) -> dict[str, Any] | None:
        found = self._members({k: v for k, v in value.items() if k != "value"}, "Identifier") or {}
        told = value.get("value")
        if isinstance(told, str) and told:
            uid = re.fullmatch(r"(urn:oid:)?(\d+(?:\.\d+){4,})", told)
            found["value"] = f"{uid[1] or ''}{new_uid(self.key, uid[2])}" if uid else self._named_by(told)
        return found or None

    def _named_by(self, value: str) -> str:
        found = self._link(value) if value.startswith("urn:uuid:") else None
        return found or self._of_id(value)

    def _coding(self, value: Mapping[str, Any]) -> dict[str, Any] | None:
        system, code = str(value.get("system") or ""), value.get("code")
        found = self._members({k: v for k, v in value.items() if k in ("system", "userSelected")}, "Coding") or {}
        if isinstance(code, str) and is_published_code(system, code):
            found["code"] = code
        elif code:
            self.removed["code of no published system"] += 1
            found |= {"system": f"urn:uuid:{new_uuid(self.key, system)}"}
            found |= {"code": pseudonym(self.key, f"{system}|{code}")}
        shown = value.get("display")
        if isinstance(shown, str) and (words := self._words(shown, "display")):
            found["display"] = words
        return found if "code" in found or "display" in found else None

    def _quantity(self, kind: str, value: Mapping[str, Any]) -> dict[str, Any] | None:
        kept = {k: v for k, v in value.items() if k in ("value", "comparator")}
        found = self._members(kept, kind) or {}
        unit, code = value.get("unit"), value.get("code")
        if isinstance(code, str) and is_published_code(str(value.get("system") or ""), code):
            found |= {"system": value["system"], "code": code, "unit": code}
        elif isinstance(unit, str) and (is_unit(unit) or unit in _YEARS):
            found["unit"] = unit
        elif unit or code:
            self.removed["unit"] += 1
        years = _YEARS.get(str(found.get("unit")))
        if years and isinstance(found.get("value"), int | float) and found["value"] / years >= OLDEST + 1:
            self.removed["age"] += 1
            found |= {"value": round((OLDEST + 1) * years), "comparator": ">="}
        return found or None

    def _place(self, value: Mapping[str, Any]) -> dict[str, Any] | None:
        found = {"state": state(str(value.get("state") or ""))}
        country = str(value.get("country") or "")
        found["country"] = country if re.fullmatch("[A-Z]{2,3}", country) else None
        at_home = country in ("", "US", "USA")
        found["postalCode"] = region_of_zip(str(value.get("postalCode") or "")) if at_home else None
        kept = {name: one for name, one in found.items() if one}
        self.removed["address"] += len(kept) < len([one for one in value if not one.startswith("_")])
        return kept or None

    def _attachment(self, value: Mapping[str, Any]) -> dict[str, Any] | None:
        kept = {k: v for k, v in value.items() if k in ("contentType", "language", "creation")}
        found = self._members(kept, "Attachment") or {}
        data = value.get("data")
        words = _decoded(data) if self.clean_texts and str(found.get("contentType")).startswith("text/plain") else None
        if words:
            text = deidentify_text(words, self.known, shift_days=self.calendar.days_of_texts).text
            found["data"] = b64encode(text.encode()).decode()
        else:
            self.removed["attachment"] += len(value) > len(kept)
        return found or None

    def _meta(self, value: Mapping[str, Any]) -> dict[str, Any] | None:
        return self._members({k: v for k, v in value.items() if k not in ("source", "extension")}, "Meta")

    def _extension(self, value: Mapping[str, Any]) -> dict[str, Any] | None:
        url = value.get("url")
        if not isinstance(url, str) or not is_harmless_extension(url):
            return self._goes("extension")
        inner = self._members({k: v for k, v in value.items() if k != "url"}, "Extension")
        return {"url": url} | inner if inner else None

    def _samples(self, value: Mapping[str, Any]) -> dict[str, Any] | None:
        found = self._members({k: v for k, v in value.items() if k != "data"}, "SampledData") or {}
        data = value.get("data")
        if isinstance(data, str) and _NUMBERS.fullmatch(data):
            found["data"] = data
        return found or None


def _masked(name: str, element: Element) -> dict[str, Any]:
    """What stands where something must stand."""
    simple = element.kind in _TEXTS or element.kind in _ADDRESSES or element.kind in _PLAIN
    if element.many:
        return {name: [None], f"_{name}": [MASKED]} if simple else {name: [MASKED]}
    return {f"_{name}": MASKED} if simple else {name: MASKED}


def _fits(value: Any, held: str) -> bool:
    if held == "Time":
        return re.fullmatch(r"\d\d:\d\d(:\d\d(\.\d{1,9})?)?", value) is not None
    return held == "bool" or not isinstance(value, bool)


def _decoded(data: Any) -> str | None:
    """The text of base64; None where it is none."""
    try:
        return b64decode(data, validate=True).decode() if isinstance(data, str) else None
    except ValueError:
        return None


def _quantity_of(kind: str) -> Callable[[Walk, Mapping[str, Any]], dict[str, Any] | None]:
    return lambda walk, value: walk._quantity(kind, value)


_TEXTS: Mapping[str, Callable[[Walk, str, Element, str, str], str | None]] = {
    "String": Walk._prose, "Markdown": Walk._prose, "Code": Walk._code, "Id": Walk._id,
    "Date": Walk._date, "DateTime": Walk._date, "Instant": Walk._date, "EncodedBytes": Walk._data,
}  # fmt: skip
_SPECIAL: Mapping[str, Callable[[Walk, Mapping[str, Any]], dict[str, Any] | None]] = {
    "Reference": Walk._reference, "Identifier": Walk._identifier, "Coding": Walk._coding, "Address": Walk._place,
    "Attachment": Walk._attachment, "Meta": Walk._meta, "Extension": Walk._extension, "SampledData": Walk._samples,
} | {kind: _quantity_of(kind) for kind in ("Quantity", "Age", "Duration", "Count", "Distance")}  # fmt: skip
