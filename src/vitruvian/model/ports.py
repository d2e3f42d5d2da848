"""Ports: where a model takes in what another model gives."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Port:
    """An input of a model, with its unit.

    `rhs` and `observe` read its value from the individual quantities, `p[name]`; `typical`, `derive`, `initial` and
    `dosing` cannot, because it changes with time. While nothing is wired to it, it has the value `default`;
    `None` means that the model cannot run alone.
    """

    name: str
    unit: str
    default: float | None = None
    description: str = ""


@dataclass(frozen=True)
class Wire:
    """From an output (or a state) of one model to a port of the other.

    An output has its own unit; a state has the `amount_unit` of its model, or else `unit`.
    """

    source: str
    port: str
    unit: str | None = None
