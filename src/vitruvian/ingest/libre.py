"""FreeStyle Libre: the export of LibreView (CSV) and of the reader's own software (tab-separated).

Record types: 0 automatic reading, 1 scan, 2 strip, 3 ketone, 4 insulin, 5 food, 6 note or exercise. The header names
the unit. Times are local. Layout as in the exports themselves; headers in English, German, French, Spanish, Italian.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from vitruvian.core import DataError
from vitruvian.ingest.delimited import Row, head_rows, rows
from vitruvian.ingest.local_time import parse_local
from vitruvian.ingest.series import Column, Moments, numbers, rejects, samples
from vitruvian.record import Format, Item, RawFile, Told

_TIME = re.compile(r"time\s*stamp|^time$|ger.tezeitstempel|horodatage|sello de tiempo|timestamp", re.I)
_TYPE = re.compile(r"record type|aufzeichnungstyp|type d.enregistrement|tipo de registro|tipo di registrazione", re.I)
_FORMS = ("%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M", "%d-%m-%Y %H:%M", "%d/%m/%Y %H:%M", "%m-%d-%Y %I:%M %p", "%d.%m.%Y %H:%M")
_UNIT = re.compile(r"(mmol/l|mg/dl)", re.I)
# (what the header says, signal, unit ("": the one in the header), text)
_COLUMNS: tuple[tuple[re.Pattern[str], str, str, str], ...] = tuple(
    (re.compile(header, re.I), signal, unit, text)
    for header, signal, unit, text in (
        (r"historic glucose|glukosewert-verlauf|historique de la glyc|historial de glucosa|storico del glucosio",
         "glucose", "", "automatic"),
        (r"scan glucose|glukose-scan|scan de la glyc|escaneo de glucosa|scansione del glucosio", "glucose", "", "scan"),
        (r"strip glucose|teststreifen-blutzucker|glyc.mie par bandelette|tira reactiva para glucosa",
         "blood_glucose", "", "strip"),
        (r"^ketone|^keton|^c.tone|cuerpos cet.nicos", "ketones", "mmol/L", ""),
        (r"^rapid-acting insulin \(units\)|^schnellwirkendes insulin \(einheiten\)|^insuline . action rapide",
         "insulin_bolus", "[iU]", "rapid-acting"),
        (r"^long-acting insulin (value )?\(units\)|^depotinsulin \(einheiten\)|^insuline . action prolong",
         "insulin_basal", "[iU]", "long-acting"),
        (r"^carbohydrates \(grams\)|^kohlenhydrate \(gramm\)|^glucides \(grammes\)", "carbohydrates", "g", ""),
    )
)  # fmt: skip


class Libre(Format):
    """The format "libre"."""

    name = "libre"
    version = "1"
    needs_patient = True

    def claims(self, head: bytes) -> bool:
        """One of the first lines names a time, a record type and a glucose history."""
        return any(_is_header(row.cells) for row in head_rows(head, 4))

    def read(self, file: RawFile, told: Told) -> Iterator[Item]:
        """Samples of glucose, insulin, carbohydrates, ketones; rows that say nothing else are kept as notes."""
        with rows(file) as lines:
            table = list(lines)
        top = next((k for k, row in enumerate(table[:4]) if _is_header(row.cells)), None)
        if top is None:
            raise DataError("this is not a Libre export", got=file.name, todo="Export it again.")
        header, body = table[top].cells, table[top + 1 :]
        yield from _items(header, body, told)


def _is_header(cells: Sequence[str]) -> bool:
    return any(map(_TIME.search, cells)) and any(map(_TYPE.search, cells)) and any(map(_COLUMNS[0][0].search, cells))


def _items(header: Sequence[str], body: Sequence[Row], told: Told) -> Iterator[Item]:
    at = next(k for k, cell in enumerate(header) if _TIME.search(cell))
    lines = np.array([row.line for row in body], np.int64)
    texts = [row.cells[at] if at < len(row.cells) else "" for row in body]
    local, read = parse_local(texts, _form(texts))
    yield from rejects("libre", "line", "its time cannot be read", lines[~read])
    body, lines = [row for row, good in zip(body, read, strict=True) if good], lines[read]
    when = Moments.local(local[read], told)
    said = np.zeros(len(body), bool)
    for pattern, signal, unit, text in _COLUMNS:
        for k, cell in enumerate(header):
            if not pattern.search(cell):
                continue
            found = _UNIT.search(cell)
            values, there = numbers([row.cells[k] if k < len(row.cells) else "" for row in body])
            said |= there
            unit_ = unit or (found[1].replace("dl", "dL").replace("/l", "/L") if found else "")
            column = Column(signal, unit_, values[there], (text,) * int(there.sum()))
            yield from samples(told, "FreeStyle Libre", column, when[there], lines[there])
    rest = ~said
    if rest.any():
        kept = np.flatnonzero(rest).tolist()
        words = tuple("; ".join(c for c in body[k].cells[at + 1 :] if c)[:200] for k in kept)
        column = Column("note", "", np.full(len(kept), np.nan), words)
        yield from samples(told, "FreeStyle Libre", column, when[rest], lines[rest])


def _form(texts: Sequence[str]) -> str:
    """How most times are written; raises `DataError` where they are written otherwise."""
    some = [text for text in texts if text][:5000]
    share = {form: parse_local(some, form)[1].mean() if some else 0.0 for form in _FORMS}
    best = max(share, key=lambda form: share[form])
    if share[best] <= 0.5:
        shown = some[0] if some else "no time at all"
        raise DataError("the times cannot be read", got=shown, allowed=", ".join(_FORMS))
    return best
