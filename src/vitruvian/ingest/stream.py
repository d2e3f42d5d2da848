"""The journal of samples that came a few at a time, as an export of a person holds it: `files/stream.json`."""

from __future__ import annotations

from collections.abc import Iterator

from vitruvian.record import JOURNAL, Format, Item, RawFile, Told, journal_samples


class Stream(Format):
    """The format "stream"; it says itself whose the samples are."""

    name, version = JOURNAL
    needs_patient = False

    def claims(self, head: bytes) -> bool:
        """What the record itself writes begins so."""
        return head.startswith(b'{"received_ms":[')

    def read(self, file: RawFile, told: Told) -> Iterator[Item]:
        """Its batches, under the ids that its record knew them by."""
        yield from list(journal_samples(file.content))  # all, before the first one is kept
