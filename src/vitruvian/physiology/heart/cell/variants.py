"""The variants of heart cells by name: sex, disease, genotype."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vitruvian.core import UnknownNameError
from vitruvian.model import Values
from vitruvian.physiology.heart.cell import genotypes, remodelling
from vitruvian.physiology.heart.cell.cell import Cell
from vitruvian.physiology.heart.cell.variant import Variant

VARIANTS: Mapping[str, Variant] = {
    one.name: one
    for one in (
        remodelling.FEMALE,
        remodelling.HEART_FAILURE,
        remodelling.HEART_FAILURE_ELSHRIF,
        remodelling.HEART_FAILURE_LU,
        remodelling.ISCHAEMIA,
        remodelling.HYPOKALAEMIA,
        remodelling.HYPERKALAEMIA,
        remodelling.ATRIAL_FIBRILLATION,
        *genotypes.EXAMPLES,
    )
}


def with_variant(cell: Cell, p: Values, variant: Variant | str) -> dict[str, Any]:
    """`p` with the changes of a variant, or of one of `VARIANTS` by its name; variants may follow one another.

    Raises `UnknownNameError` for a name that is none, `UnsupportedError` for a model that the variant is not for.
    """
    if isinstance(variant, str):
        if variant not in VARIANTS:
            raise UnknownNameError("no such variant of the heart cell", got=variant, allowed=", ".join(VARIANTS))
        variant = VARIANTS[variant]
    found = {**cell.typical, **p}
    for name, value in variant.of(cell).items():
        found[name] = found[name] * value if name.startswith("scale_") else value
    return found
