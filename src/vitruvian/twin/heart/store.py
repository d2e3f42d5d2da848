"""Keeping a heart twin in the record under its person's key, and taking it out again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from vitruvian.core import to_ms
from vitruvian.record import Record
from vitruvian.twin.answer import Interval, Message, Used
from vitruvian.twin.heart.calibrate import HeartTwin, Learned
from vitruvian.twin.heart.evidence import Curve, Evidence
from vitruvian.twin.heart.unknowns import NAMES

MODEL = "heart_closed_loop"
VERSION = "1"
_ARRAYS = ("mode", "covariance", "u", "x", "quantity")
_PLAIN = ("base", "method", "effective", "converged", "misfit", "seed")


def keep(record: Record, twin: HeartTwin) -> str:
    """Keep the twin; gives the id of its state."""
    summary, arrays = packed(twin)
    person, at = twin.evidence.person, twin.evidence.at
    return record.save_state(person, MODEL, VERSION, cutoff_ms=to_ms(at), summary=summary, arrays=arrays).id


def kept(record: Record, person: str) -> HeartTwin | None:
    """The newest kept twin of a person; `None` where there is none of this version."""
    state = record.load_state(person, MODEL)
    if state is None or state.version != VERSION or tuple(state.summary.get("unknowns", ())) != NAMES:
        return None
    return unpacked(state.summary, state.arrays)


def packed(twin: HeartTwin) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A twin as a summary and arrays."""
    summary: dict[str, Any] = {name: getattr(twin, name) for name in _PLAIN}
    summary["pareto_k"] = twin.pareto_k if np.isfinite(twin.pareto_k) else None
    summary["learned"] = [asdict(one) for one in twin.learned]
    summary["messages"] = [asdict(one) for one in twin.messages]
    evidence = asdict(twin.evidence)
    summary["evidence"] = evidence | {"curves": {name: one.error for name, one in twin.evidence.curves.items()}}
    arrays: dict[str, np.ndarray] = {name: getattr(twin, name) for name in _ARRAYS}
    arrays |= {"prior_mean": twin.prior[0], "prior_covariance": twin.prior[1]}
    for name, one in twin.evidence.curves.items():
        arrays |= {f"{name}_time": one.time, f"{name}_value": one.value}
    return summary | {"unknowns": list(NAMES)}, arrays


def unpacked(summary: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> HeartTwin:
    """A twin from what `packed` made of it."""
    told: dict[str, Any] = dict(summary["evidence"])
    curves = {name: Curve(arrays[f"{name}_time"], arrays[f"{name}_value"], sd) for name, sd in told["curves"].items()}
    told |= {"curves": curves, "messages": _messages(told["messages"]), "used": tuple(Used(**x) for x in told["used"])}
    plain: dict[str, Any] = {name: summary[name] for name in _PLAIN} | {name: arrays[name] for name in _ARRAYS}
    return HeartTwin(
        evidence=Evidence(**told),
        prior=(arrays["prior_mean"], arrays["prior_covariance"]),
        learned=tuple(_learned(one) for one in summary["learned"]),
        pareto_k=float("nan") if summary["pareto_k"] is None else summary["pareto_k"],
        messages=_messages(summary["messages"]),
        **plain,
    )


def _messages(rows: Any) -> tuple[Message, ...]:
    return tuple(Message(**one) for one in rows)


def _learned(row: Mapping[str, Any]) -> Learned:
    told = dict(row) | {"prior": Interval(**row["prior"]), "posterior": Interval(**row["posterior"])}
    return Learned(**told | {"taught_by": tuple(row["taught_by"])})
