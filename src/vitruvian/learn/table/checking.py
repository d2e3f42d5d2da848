"""Tables checked before anything is learned from or said of them: errors stop, remarks are told with counts of rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float

from vitruvian.core import DataError
from vitruvian.learn.shapes import Feature, Rows

_ENOUGH = 30
_RARE = 20


def matched(features: tuple[Feature, ...], rows: Rows) -> Rows:
    """Rows with a model's features in its order. Raises DataError where one is missing, extra, or another thing."""
    if rows.features is features or rows.features == features:
        return rows
    there = {one.name: k for k, one in enumerate(rows.features)}
    wanted = {one.name for one in features}
    if absent := [one.name for one in features if one.name not in there]:
        raise DataError(f"{len(absent)} columns of the model are missing", got=_some(absent), allowed=_some(wanted))
    if extra := [name for name in there if name not in wanted]:
        raise DataError(f"{len(extra)} columns are not the model's", got=_some(extra), todo="Leave them out.")
    for one in features:
        other = rows.features[there[one.name]]
        if (other.unit, other.kind) != (one.unit, one.kind):
            got = f"{other.kind} in {other.unit or 'no unit'}, {len(rows):,} rows"
            raise DataError(
                f"{one.name} is another thing than in the model", got=got, allowed=f"{one.kind} in {one.unit}"
            )
    order = [there[one.name] for one in features]
    return Rows(features, np.column_stack([_places(features[k], rows, j) for k, j in enumerate(order)]), rows.ids)


def _places(feature: Feature, rows: Rows, j: int) -> Float[np.ndarray, " rows"]:
    """A column; where categories are listed otherwise than in the model, by their names."""
    own, values = rows.features[j].categories, rows.values[:, j]
    if own == feature.categories:
        return values
    known = {name: float(k) for k, name in enumerate(feature.categories)}
    table = np.array([known.get(name, float(len(known))) for name in own] + [float(len(known))])
    place = np.where(np.isnan(values), 0, np.clip(values, 0, len(own))).astype(np.int64)
    return np.where(np.isnan(values), np.nan, table[place])


def trainable(rows: Rows, label: Bool[np.ndarray, " rows"], site: Sequence[str] | None = None) -> tuple[str, ...]:
    """Remarks on rows to learn from. Raises DataError where nothing can be learned, or sites speak other units."""
    if len(label) != len(rows):
        raise DataError("labels and rows differ", got=f"{len(label):,} and {len(rows):,}", allowed="one of each a row")
    positive = int(label.sum())
    if not _RARE <= positive <= len(rows) - _RARE:
        got = f"{positive:,} of {len(rows):,} rows have the event"
        raise DataError("too few rows to learn from", got=got, allowed=f"at least {_RARE} with and {_RARE} without")
    if site is not None:
        same_units(rows, site)
        without = [f"{name} ({count:,} rows)" for name, count in _without(label, site)]
        if without:
            return (*empty(rows), f"Sites where nobody has the event: {', '.join(without)}; nothing is known of them.")
    return empty(rows)


def empty(rows: Rows) -> tuple[str, ...]:
    """A remark on columns in which no row has a value, if rows are many enough to wonder at that."""
    if len(rows) < _ENOUGH:
        return ()
    gone = [one.name for one, here in zip(rows.features, np.isnan(rows.values).all(0), strict=True) if here]
    return (f"{len(gone)} columns have no value in {len(rows):,} rows: {_some(gone)}.",) if gone else ()


def strange(rows: Rows) -> tuple[str, ...]:
    """Remarks on columns with values out of bounds, or categories that the model does not know; those rows abstain."""
    said = []
    for one, count in zip(rows.features, rows.outside.sum(0), strict=True):
        if count:
            what = "a category that the model does not know" if one.kind == "category" else "a value out of bounds"
            said.append(f"{one.title}: {what} in {count:,} of {len(rows):,} rows.")
    return tuple(said)


def same_units(rows: Rows, site: Sequence[str]) -> None:
    """Raises DataError where nearly all values of a site lie beyond nearly all of the others': another unit."""
    sites = np.asarray(site)
    if len(sites) != len(rows):
        raise DataError("sites and rows differ", got=f"{len(sites):,} and {len(rows):,}", allowed="one of each a row")
    for name in np.unique(sites):
        here = sites == name
        for j, feature in enumerate(rows.features):
            if feature.kind == "number" and _apart(rows.values[here, j], rows.values[~here, j]):
                own, others = (float(np.nanmedian(rows.values[part, j])) for part in (here, ~here))
                raise DataError(
                    f"{feature.name} of site {name} seems to be in another unit",
                    got=f"median {own:.4g} in {int(here.sum()):,} rows, elsewhere {others:.4g}",
                    allowed=feature.unit, todo="Convert the site's values, or leave the site out.",
                )  # fmt: skip


def _apart(own: Float[np.ndarray, " n"], others: Float[np.ndarray, " m"]) -> bool:
    own, others = own[np.isfinite(own)], others[np.isfinite(others)]
    if min(len(own), len(others)) < _ENOUGH:
        return False
    a, b = np.quantile(own, (0.05, 0.95)), np.quantile(others, (0.05, 0.95))
    return bool(a[0] > b[1] or a[1] < b[0])


def _without(label: Bool[np.ndarray, " rows"], site: Sequence[str]) -> list[tuple[str, int]]:
    sites = np.asarray(site)
    counts = [(str(name), sites == name) for name in np.unique(sites)]
    return [(name, int(here.sum())) for name, here in counts if not label[here].any()]


def _some(names: Sequence[str] | set[str]) -> str:
    listed = sorted(names)
    return ", ".join(listed[:6]) + (f" and {len(listed) - 6} more" if len(listed) > 6 else "")
