"""Whose the bytes of a file are: those about one person lie under that person's key, those about several are split.

What a file says of nobody (a Medication, an Organization) lies apart, too: it stays when the person is erased.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from vitruvian.record.fact import Rejected
from vitruvian.record.formats import Format, RawFile
from vitruvian.record.keys import QUARANTINE

if TYPE_CHECKING:
    from vitruvian.record.intake import Store


@dataclass(frozen=True)
class Parts:
    """Under which owner which bytes were kept, and the files that belong to them."""

    hash_of: Mapping[str, str]
    whole: str | None
    companions: list[dict[str, str]]

    def of(self, one: Rejected) -> tuple[str, str]:
        """Owner and hash of the bytes that hold a rejected record."""
        owner = self.whole if self.whole is not None else one.subject or QUARANTINE
        return owner, self.hash_of[owner]


def kept_parts(
    store: Store,
    file: RawFile,
    form: Format | None,
    places: Mapping[str, Sequence[str]],
    rejected: Sequence[Rejected],
    new: Collection[str],
) -> Parts:
    """Keep the bytes of a file, split by person; nothing is kept again of those of whom all is known already.

    `new` are the subjects of whom something is new ("": nobody).
    """
    if not new and not rejected:
        return Parts({}, None, [])
    people = {one for one in (*places, *(one.subject for one in rejected)) if one}
    if len(people) <= 1:
        owner = next(iter(people), "" if places else QUARANTINE)
        whole = _whole(store, file, form, owner, [owner, *places])
        if form is None or not owner or "" not in new:
            return whole
        return replace(whole, hash_of={**whole.hash_of, "": store.blobs.put("", form.part(file, places[""]))})
    assert form is not None
    wanted: dict[str, list[str]] = {subject: list(found) for subject, found in places.items() if subject in new}
    for one in rejected:
        wanted.setdefault(one.subject or QUARANTINE, []).append(one.place)
    store.keys.make(list(wanted))
    kept = {owner: store.blobs.put(owner, form.part(file, found)) for owner, found in wanted.items()}
    return Parts(kept, None, [])


def _whole(store: Store, file: RawFile, form: Format | None, owner: str, subjects: Sequence[str]) -> Parts:
    store.keys.make([owner])
    raw_hash = store.blobs.put_file(owner, file.path)
    companions: list[dict[str, Any]] = [
        {"name": path.name, "hash": store.blobs.put_file(owner, path)}
        for path in (form.companions(file) if form is not None else ())
        if path.is_file()
    ]
    return Parts(dict.fromkeys(subjects, raw_hash), owner, companions)
