"""What the analytic copy takes from the record: current facts, FHIR resources, samples; as frames."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Connection, select

from vitruvian.record import schema
from vitruvian.record.blobs import BlobStore
from vitruvian.record.fact_rows import hidden_of
from vitruvian.record.fhir_references import ids_of, resolved
from vitruvian.record.formats import RawFile
from vitruvian.record.keys import KeyRing
from vitruvian.record.rows import chunks
from vitruvian.record.streams import read_chunk
from vitruvian.record.verbatim import Verbatim
from vitruvian.tables.categories import GENERAL, categories_of

if TYPE_CHECKING:
    import polars as pl

FHIR = "fhir"
BATCH = 200_000
"""Rows of a table in one part, about."""
_TEXT = ("fact", "subject", "kind", "system", "code", "display", "unit", "unit_raw", "value_code", "value_text",
         "precision", "status", "flags", "basis", "detail", "categories", "line")  # fmt: skip
_WHOLE = ("start_ms", "end_ms", "offset_min", "known_ms", "prov")


def fact_schema() -> dict[str, Any]:
    """Columns of table `facts`; times are milliseconds since 1970 UTC, `detail` is JSON."""
    import polars as pl

    return {
        **dict.fromkeys(_TEXT, pl.String),
        **dict.fromkeys(_WHOLE, pl.Int64),
        "value": pl.Float64,
        "value_raw": pl.Float64,
    }


def resource_schema() -> dict[str, Any]:
    """Columns of table `resources`: the JSON as received, its type, whose it is."""
    import polars as pl

    texts = ("type", "resource", "subject", "line", "categories")
    return {**dict.fromkeys(texts, pl.String), "prov": pl.Int64}


def fact_frames(connection: Connection, keys: KeyRing, provs: Sequence[int]) -> Iterator[pl.DataFrame]:
    """Current facts of some provenances, in frames of bounded size."""
    import polars as pl

    rows: list[dict[str, Any]] = []
    fact, resource, head = schema.fact, schema.resource, schema.head
    joined = fact.join(resource, resource.c.resource == fact.c.resource).join(
        head, head.c.resource == resource.c.resource
    )
    query = select(fact, resource.c.line).select_from(joined)
    for some in chunks(provs):
        found = connection.execute(query.where(fact.c.prov.in_(some)).order_by(fact.c.fact))
        for row in found:
            rows.append(_fact(row, keys))
            if len(rows) >= BATCH:
                yield pl.DataFrame(rows, schema=fact_schema())
                rows = []
    if rows:
        yield pl.DataFrame(rows, schema=fact_schema())


def _fact(row: Any, keys: KeyRing) -> dict[str, Any]:
    hidden = hidden_of(row, keys.cipher(row.subject))
    display, value, unit, value_raw, unit_raw, value_code, value_text, detail = hidden[:8]
    shown = {name: getattr(row, name) for name in ("fact", "subject", "kind", "system", "code", *_WHOLE)}
    more = {name: getattr(row, name) for name in ("precision", "status", "flags", "basis", "line")}
    codes = ((row.system, row.code), *(((one[0] or ""), (one[1] or "")) for one in (detail or {}).get("codings") or ()))
    categories = frozenset[str]().union(*(categories_of(row.kind, str(s), str(c), row.basis) for s, c in codes))
    return {
        **shown,
        **more,
        "display": display,
        "value": value,
        "unit": unit,
        "value_raw": value_raw,
        "unit_raw": unit_raw,
        "value_code": value_code,
        "value_text": value_text,
        "detail": orjson.dumps(detail).decode() if detail else None,
        "categories": " ".join(sorted(categories)),
    }


def resource_frames(
    connection: Connection, blobs: BlobStore, provs: Sequence[int], categories: Mapping[str, frozenset[str]]
) -> Iterator[pl.DataFrame]:
    """Current FHIR resources of some provenances in frames, as received but for references inside a bundle.

    `categories` are those of their facts, by line.
    """
    import polars as pl

    resource, head, prov = schema.resource, schema.head, schema.provenance
    joined = resource.join(head, head.c.resource == resource.c.resource).join(prov, prov.c.prov == resource.c.prov)
    columns = (resource.c.line, resource.c.path, resource.c.subject, resource.c.prov, prov.c.raw_hash)
    owner = prov.c.subject.label("owner")
    query = select(*columns, owner).select_from(joined).where(prov.c.format == FHIR)
    rows: list[dict[str, Any]] = []
    for some in chunks(provs):
        found = connection.execute(query.where(resource.c.prov.in_(some)).order_by(resource.c.prov, resource.c.path))
        for (kept_by, raw_hash), members in groupby(found.all(), key=lambda row: (row.owner, row.raw_hash)):
            with blobs.file(kept_by, raw_hash) as path:
                content = RawFile(path).content
            whole, ids = Verbatim(content), ids_of(content)
            rows += [_resource(row, resolved(whole.at(row.path), ids), categories) for row in members]
            if len(rows) >= BATCH:
                yield pl.DataFrame(rows, schema=resource_schema())
                rows = []
    if rows:
        yield pl.DataFrame(rows, schema=resource_schema())


def _resource(row: Any, content: bytes, categories: Mapping[str, frozenset[str]]) -> dict[str, Any]:
    return {
        "type": orjson.loads(content).get("resourceType", ""),
        "resource": content.decode(),
        "subject": row.subject,
        "line": row.line,
        "categories": " ".join(sorted(categories.get(row.line) or {GENERAL})),
        "prov": row.prov,
    }


def sample_frames(connection: Connection, blobs: BlobStore, wanted: Collection[str]) -> Iterator[pl.DataFrame]:
    """Samples of some chunks, in frames."""
    import polars as pl

    held: list[pl.DataFrame] = []
    for some in chunks(sorted(wanted)):
        for row in connection.execute(select(schema.chunk).where(schema.chunk.c.chunk.in_(some))).all():
            named = {"subject": row.subject, "signal": row.signal, "line": row.chunk}
            held.append(read_chunk(blobs, row).with_columns(**{k: pl.lit(v) for k, v in named.items()}))
            if sum(one.height for one in held) >= BATCH:
                yield pl.concat(held)
                held = []
    if held:
        yield pl.concat(held)
