"""A row of the audit for people: what was done, in words; of whom, by name where the reader may see it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from vitruvian.core import AccessError
from vitruvian.record import AuditEntry, Record
from vitruvian.serve.pages.person import called
from vitruvian.tables.codes import LOINC, analyte

_DID = {
    "read": "read", "search": "searched", "ingest": "added data", "derive": "added results", "export": "exported",
    "consent": "looked at or changed consent", "audit": "looked at the audit", "refused": "was refused",
    "quarantine": "dismissed from quarantine", "erase": "erased", "identity": "joined or separated records",
    "agent": "asked through an agent", "propose": "proposed through an agent", "purpose": "changed the purpose",
    "sign_in": "signed in", "cds_passing": "was told of somebody unknown here",
    "ehr_launch": "came from another system",
}  # fmt: skip
_COUNTED = {
    "rows": ("row", "rows"), "people": ("person", "people"), "resources": ("resource", "resources"),
    "facts": ("fact", "facts"), "dismissed": ("record", "records"), "count": ("entry", "entries"),
}  # fmt: skip


def action_text(action: str) -> str:
    """What was done: "added data"; notes of the server ("account_made") read as they are written."""
    return _DID.get(action, action.replace("_", " "))


def detail_text(detail: str) -> str:
    """With what: `{"code":"2160-0","rows":2}` → "creatinine; 2 rows"."""
    found = json.loads(detail or "{}")
    if not isinstance(found, dict):
        return str(found)
    return "; ".join(text for name, value in found.items() if (text := _part(name, value)))


def names_of(record: Record, rows: Iterable[AuditEntry]) -> dict[str, str]:
    """Pseudonym → name, of the people in some rows whom the reader may see; the others stay unnamed."""
    asked = {one.person for one in rows if one.person}
    try:
        people = record.people() if asked and record.actor.permits_all("search") else []
    except AccessError:
        return {}
    return {hidden: called(record.patient(one)) for one in people if (hidden := record.chain.pseudonym(one)) in asked}


def _part(name: str, value: Any) -> str:
    if value in (None, "", "…"):
        return ""
    if name in _COUNTED:
        count = value if isinstance(value, int) else len(value)
        return f"{count} {_COUNTED[name][count != 1]}"
    if name == "code" and (known := analyte(LOINC, str(value))):
        return known.name.replace("_", " ")
    said = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return said.replace("_", " ") if name in ("kind", "of", "twin", "question") else f"{name.replace('_', ' ')} {said}"
