"""Whose a sample of a file is: as told at the door, or as the record knows its name; never guessed."""

from __future__ import annotations

from vitruvian.core import DataError
from vitruvian.record import Rejected, Told


def subject_of(name: str, alone: bool, told: Told) -> str | None:
    """The subject of a sample, None if nobody is known for it; `alone`: the file holds no other, so it is --patient's.

    Raises `DataError` where what is told contradicts what the record knows, or a file of one sample is nobody's.
    """
    known = (told.samples.get(name) or told.find(name)) if name else None
    if not alone:
        return known
    if known is None and told.patient is None:
        raise DataError(
            "the file does not say whose it is", todo="Ingest it again with --patient ID (patient=… in Python)."
        )
    if known is not None and told.patient not in (None, known) and name not in told.samples:
        raise DataError(
            f"sample {name} is known to be another person's",
            got=told.patient,
            allowed=known,
            todo=f"Say so if it is right: --sample {name}={told.patient}",
        )
    return known or told.patient


def place_of(name: str) -> str:
    """Where a sample's record is in its file."""
    return f"sample {name}" if name else "sample"


def nobodys(what: str, name: str) -> Rejected:
    """A sample of nobody known, with the way to say whose it is; its bytes are kept apart, under its own name."""
    todo = f"Ingest the file again with --sample {name}=PATIENT."
    return Rejected(what, place_of(name), f"sample {name} is of nobody that the record knows. {todo}", name)
