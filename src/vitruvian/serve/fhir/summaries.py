"""Parts of resources: `_summary` and `_elements`. What is shortened says so by a tag; what is not stays as received.

Source: HL7 FHIR R4 (4.0.1), definitions of the resources: which elements are of the summary, which are mandatory.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import orjson

from vitruvian.serve.fhir.entry import Entry
from vitruvian.serve.fhir.query import Asked

_ALWAYS = frozenset({"resourceType", "id", "meta"})
_SUBSETTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}


class _Parts(NamedTuple):
    summary: frozenset[str]
    required: frozenset[str]


def shortened(entry: Entry, asked: Asked) -> bytes:
    """The resource as asked for, the very bytes where that is all of it (and of types that are not in the table)."""
    parts = _table().get(entry.type)
    if parts is None:
        return entry.content
    if asked.elements:
        kept = frozenset(asked.elements) | parts.required
    elif asked.summary == "text":
        kept = frozenset({"text"}) | parts.required
    elif asked.summary == "data":
        kept = frozenset(entry.resource) - {"text"}
    elif asked.summary == "true":
        kept = parts.summary
    else:
        return entry.content
    resource = {name: value for name, value in entry.resource.items() if name.lstrip("_") in kept | _ALWAYS}
    meta = dict(resource.get("meta") or {})
    resource["meta"] = meta | {"tag": [*(meta.get("tag") or ()), _SUBSETTED]}
    return orjson.dumps(resource)


@cache
def _table() -> Mapping[str, _Parts]:
    text = (files(__package__) / "summaries.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t")
    return {row["type"]: _Parts(frozenset(row["summary"].split()), frozenset(row["required"].split())) for row in rows}
