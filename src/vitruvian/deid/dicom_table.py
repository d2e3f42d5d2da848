"""What PS3.15 table E.1-1 says of each attribute, as the package dicom-anonymizer keeps it."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from typing import Any

from vitruvian.core import UnsupportedError

RELEASE = "dicomfields_2026c"


class Action(Enum):
    """What is done to an attribute. Where the table leaves a choice, the one that keeps an object valid is taken."""

    REMOVE = "X"
    EMPTY = "Z"
    DUMMY = "D"
    UID = "U"


_OF = {
    "X_TAGS": Action.REMOVE, "Z_TAGS": Action.EMPTY, "X_Z_TAGS": Action.EMPTY, "D_TAGS": Action.DUMMY,
    "Z_D_TAGS": Action.DUMMY, "X_D_TAGS": Action.DUMMY, "X_Z_D_TAGS": Action.DUMMY, "U_TAGS": Action.UID,
    "X_Z_U_STAR_TAGS": Action.UID,
}  # fmt: skip


@lru_cache(maxsize=1)
def profile() -> Callable[[int, int], Action | None]:
    """The action for (group, element); None for an attribute that the table does not name."""
    try:
        from dicomanonymizer.dicomfields_selector import dicom_anonymization_database_selector
    except ImportError as error:
        todo = "pip install 'vitruvian[imaging]'"
        raise UnsupportedError("de-identifying DICOM needs the extra imaging", todo=todo) from error
    table = dicom_anonymization_database_selector(RELEASE)
    single = {tag: action for name, action in _OF.items() for tag in table[name] if len(tag) == 2}
    ranges = [(tag, action) for name, action in _OF.items() for tag in table[name] if len(tag) == 4]

    def find(group: int, element: int) -> Action | None:
        found = single.get((group, element))
        for (first, second, mask, other), action in ranges if found is None else ():
            if group & mask == first & mask and element & other == second & other:
                return action
        return found

    return find


_DUMMIES: dict[str, Any] = {
    "DA": "19000101", "DT": "19000101", "TM": "000000", "AS": "000Y", "DS": "0", "IS": "0", "UR": "http://removed.invalid",
    "SQ": [], "OB": b"\0\0", "OW": b"\0\0", "OF": b"\0" * 4, "OD": b"\0" * 8, "OL": b"\0" * 4, "UN": b"\0\0",
    **dict.fromkeys(("FL", "FD", "SS", "US", "SL", "UL", "SV", "UV"), 0),
}  # fmt: skip


def dummy(vr: str) -> Any:
    """A value that is valid for a value representation and says nothing."""
    found = _DUMMIES.get(vr, "REMOVED")
    return list(found) if isinstance(found, list) else found
