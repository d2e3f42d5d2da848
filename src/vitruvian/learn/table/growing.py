"""Forests grown by LightGBM (Ke G et al. NeurIPS 2017): gradient boosting on log-odds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from vitruvian.core import InputError, UnsupportedError
from vitruvian.learn.table.forest import LEAVES, LEFT, QUESTIONS, RIGHT, ZERO, Forest

_MISSING = {"None": ZERO, "Zero": ZERO}


@dataclass(frozen=True)
class Growth:
    """How a forest is grown; the names are LightGBM's, as in its documentation.

    `extra_trees` draws one random threshold per column and question, which lets trees differ.
    """

    trees: int = 300
    num_leaves: int = LEAVES
    learning_rate: float = 0.05
    feature_fraction: float = 0.2
    min_data_in_leaf: int = 30
    lambda_l2: float = 10.0
    max_bin: int = 63
    extra_trees: bool = False

    def __post_init__(self) -> None:
        if not 2 <= self.num_leaves <= LEAVES:
            raise InputError("leaves of a tree", got=self.num_leaves, allowed=f"2 to {LEAVES}, which can be looked up")


def booster(
    growth: Mapping[str, Any], x: Float[np.ndarray, "rows columns"], label: Bool[np.ndarray, " rows"],
    seed: int, weight: Float[np.ndarray, " rows"] | None = None,
) -> Any:  # fmt: skip
    """A LightGBM booster of any size, on one thread, the same for the same seed.

    Raises UnsupportedError where LightGBM is not installed.
    """
    try:
        import lightgbm
    except ImportError as error:
        todo = "Install it: pip install vitruvian[learn]"
        raise UnsupportedError("boosted trees are grown by LightGBM, which is not installed", todo=todo) from error
    fixed = {"objective": "binary", "num_threads": 1, "deterministic": True, "force_row_wise": True, "verbosity": -1}
    told = {name: value for name, value in growth.items() if name != "trees"} | fixed | {"seed": seed}
    data = lightgbm.Dataset(x, label.astype(np.float64), weight=weight, params={"verbosity": -1})
    return lightgbm.train(told, data, int(growth["trees"]))


def grow(
    growth: Growth, x: Float[np.ndarray, "rows columns"], label: Bool[np.ndarray, " rows"], seed: int,
    weight: Float[np.ndarray, " rows"] | None = None,
) -> Forest:  # fmt: skip
    """A forest on one thread, the same for the same seed."""
    grown = booster(asdict(growth), x, label, seed, weight)
    return _forest([one["tree_structure"] for one in grown.dump_model()["tree_info"]], x.shape[1])


def _forest(trees: list[dict[str, Any]], columns: int) -> Forest:
    asked, ended = (len(trees), QUESTIONS), (len(trees), LEAVES)
    forest = Forest(
        columns,
        np.zeros(asked, np.int32), np.full(asked, np.inf), np.zeros(asked, np.int8),
        np.full(asked, -1, np.int8), np.full(asked, -1, np.int8), np.zeros(ended), np.zeros(ended),
    )  # fmt: skip
    for tree, root in enumerate(trees):
        _put(forest, tree, root)
    return forest


def _put(forest: Forest, tree: int, node: Mapping[str, Any]) -> int:
    """Write a question or leaf and all below it; gives its place as its parent names it.

    LightGBM numbers questions in the order of splitting, so that children come after their parents.
    """
    if "split_index" not in node:
        leaf = int(node.get("leaf_index", 0))
        forest.value[tree, leaf] = node["leaf_value"]
        forest.cover[tree, leaf] = max(node.get("leaf_count", 1), 1)
        return ~leaf
    place = int(node["split_index"])
    forest.column[tree, place], forest.threshold[tree, place] = node["split_feature"], node["threshold"]
    unseen = LEFT if node["default_left"] else RIGHT
    forest.missing[tree, place] = _MISSING.get(node["missing_type"], unseen)
    forest.left[tree, place] = _put(forest, tree, node["left_child"])
    forest.right[tree, place] = _put(forest, tree, node["right_child"])
    return place
