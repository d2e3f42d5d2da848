"""How a data set's columns say which output and which compartment a record is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

RECORD_TIME = "RECORD_TIME"
"""Covariate that carries each record's own TIME, for models whose parameters depend on it as NONMEM's $PK does."""


@dataclass(frozen=True)
class DataLayout:
    """What a model (of a control stream, say) expects of its data sets.

    `column` (DVID, CMT) chooses the output of an observation: `codes` gives the 0-based output for its values,
    `otherwise` that of any other value (None: refused). `dose_compartment` (1-based) takes doses without CMT.
    `observed_compartments` are the CMT that an observation may name (None: any). `inputs` are $INPUT's names by
    position, "" where dropped; they need not all be used. `synonyms` are other names for them.
    """

    column: str | None = None
    codes: Mapping[float, int] = field(default_factory=dict)
    otherwise: int | None = None
    dose_compartment: int | None = None
    observed_compartments: frozenset[int] | None = None
    inputs: tuple[str, ...] = ()
    synonyms: Mapping[str, str] = field(default_factory=dict)

    def rename(self, header: list[str]) -> list[str]:
        """The header in the model's words: synonyms replaced; unknown names take that of $INPUT at their place.

        A column that $INPUT drops gets the name "".
        """
        header = [self.synonyms.get(name, name) for name in header]
        if len(header) != len(self.inputs):
            return header
        taken = set(header)
        return [
            item if name not in self.inputs and (item not in taken or not item) else name
            for name, item in zip(header, self.inputs, strict=True)
        ]
