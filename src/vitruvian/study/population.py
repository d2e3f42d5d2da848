"""Virtual people of one model under one schedule, simulated in chunks and streamed to Parquet."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from vitruvian.core import InputError
from vitruvian.infer import prior_of
from vitruvian.model import Model, Schedule, compile_events, simulate

CHUNK = 2000


def simulate_population(
    model: Model,
    schedule: Schedule,
    observe_at: np.ndarray,
    *,
    people: int,
    seed: int,
    path: str | Path,
    covariates: Mapping[str, float] | None = None,
    advance: Callable[[int], None] = lambda n: None,
) -> Path:
    """Draw `people` from the model's variability, simulate every output at `observe_at` (h), write one row per person.

    Columns: `person`, one per eta, and per output a fixed-size list over the times, which stand in the file's
    metadata (`time_h`). Memory does not grow with the number of people. The file appears whole or not at all, and a
    person's draw depends on the seed and its chunk alone, so a longer run begins with a shorter one.
    Raises `InputError` for a number of people below one, `SolveError` if a prediction is not finite.
    """
    if people < 1:
        raise InputError("number of virtual people", got=people, allowed="1 or more")
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=path.parent, suffix=".part")
    os.close(handle)
    try:
        schema = _schema(model, observe_at)
        with pq.ParquetWriter(part, schema, compression="zstd", compression_level=1) as writer:
            for first, eta, values in _chunks(model, schedule, observe_at, people, seed, covariates):
                writer.write_batch(_batch(schema, model, first, eta, values))
                advance(len(eta))
        return Path(part).replace(path)
    finally:
        Path(part).unlink(missing_ok=True)


def _chunks(
    model: Model,
    schedule: Schedule,
    observe_at: np.ndarray,
    people: int,
    seed: int,
    covariates: Mapping[str, float] | None,
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    subject = schedule.to_subject(model, observe_at, covariates)
    table = compile_events(model, [subject] * min(CHUNK, people))
    factor = np.asarray(prior_of(model, table.n_occasions).cholesky)
    for chunk, first in enumerate(range(0, people, CHUNK)):
        count = min(CHUNK, people - first)
        generator = np.random.default_rng([seed, chunk])
        eta = generator.standard_normal((CHUNK, len(factor)))[: len(table.ids)] @ factor.T
        yield first, eta[:count], simulate(model, table, eta=eta)[:count, : len(observe_at)]


def _schema(model: Model, observe_at: np.ndarray) -> pa.Schema:
    fields = [pa.field("person", pa.int64())]
    fields += [pa.field(f"eta_{name}", pa.float64()) for name in model.eta_names()]
    fields += [
        pa.field(o.name, pa.list_(pa.float64(), len(observe_at)), metadata={"unit": o.unit}) for o in model.outputs
    ]
    return pa.schema(fields, {"time_h": ",".join(f"{t:.10g}" for t in observe_at), "model": model.name})


def _batch(schema: pa.Schema, model: Model, first: int, eta: np.ndarray, values: np.ndarray) -> pa.RecordBatch:
    count, times = len(eta), values.shape[1]
    columns = [pa.array(np.arange(first, first + count))]
    columns += [pa.array(eta[:, k]) for k in range(len(model.eta_names()))]
    columns += [
        pa.FixedSizeListArray.from_arrays(pa.array(values[:, :, k].ravel()), times) for k in range(len(model.outputs))
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
