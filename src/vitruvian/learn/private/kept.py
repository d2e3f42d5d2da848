"""Private trees as a folder: curves, thresholds, and what they cost people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from vitruvian.learn.keeping import Header, Kind, Parts
from vitruvian.learn.private.accounting import Mechanism
from vitruvian.learn.private.sets import PrivateSets
from vitruvian.learn.private.trees import PrivateTrees


def _to_parts(model: PrivateTrees) -> Parts:
    thresholds = {"no_up_to": _said(model.sets.no_up_to), "yes_from": _said(model.sets.yes_from)}
    data: Mapping[str, Any] = {
        "base": model.base,
        "sets": thresholds | {"level": model.sets.level},
        "spent": [one.to_json() for one in model.spent],
        "seeded": model.seeded,
    }
    return Parts(data, {f"curve_{k}": curve for k, curve in enumerate(model.curves)})


def _from_parts(header: Header, parts: Parts) -> PrivateTrees:
    told, sets = parts.data, parts.data["sets"]
    return PrivateTrees(
        header.name,
        header.title,
        header.version,
        header.features,
        header.target,
        header.manifest,
        float(told["base"]),
        tuple(np.asarray(parts.arrays[f"curve_{k}"]) for k in range(len(header.features))),
        PrivateSets(float(sets["no_up_to"]), float(sets["yes_from"]), float(sets["level"])),
        tuple(Mechanism.from_json(one) for one in told["spent"]),
        bool(told["seeded"]),
        header.sources,
    )


def _said(number: float) -> float | str:
    """A number as JSON has it: infinity in words."""
    return number if np.isfinite(number) else str(number)


PRIVATE_TREES = Kind(_to_parts, _from_parts)
