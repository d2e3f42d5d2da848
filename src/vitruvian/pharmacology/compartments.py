"""Compartment models: a library file gives the quantities, this gives the equations."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar, Literal

import jax.numpy as jnp
from jaxtyping import Array, Float

from vitruvian.core import convert
from vitruvian.model import Mammillary, Model, Values

Absorption = None | Literal["first_order"] | int


class CompartmentModel(Model):
    """Linear compartments. Subclasses say which, and write `typical` with the standard keys.

    CL, VC; per peripheral Q, VP and Q2, VP2; KA (first-order depot) or KTR (chain of `absorption` transit
    compartments, the last one empties into central); optional F, LAG, DUR (of the compartment that doses enter: depot
    or first transit compartment if there is absorption, else central). Instead of CL, Q, VP the rate constants K, K12,
    K21 (K13, K31) may be given. With `metabolite`, FM·CL/VC of the central amount (FM default 1) enters "metabolite",
    which has CLM and VM. The first output is the central concentration, the second (if any) the metabolite's.
    """

    peripherals: ClassVar[int] = 0
    absorption: ClassVar[Absorption] = None
    metabolite: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # a variant of a library model keeps what its parent says, unless it changes the structure
        changed = bool({"peripherals", "absorption", "metabolite"} & cls.__dict__.keys())
        if "compartments" not in cls.__dict__ and (changed or not cls.compartments):
            cls.compartments = _names(cls.peripherals, cls.absorption, cls.metabolite)
        if "routes" not in cls.__dict__ and (changed or not cls.routes):
            cls.routes = {"iv": "central"} if cls.absorption is None else {"oral": cls.compartments[0], "iv": "central"}

    @property
    def closed_form(self) -> bool:
        """Whether the structure has a closed form."""
        return not self.metabolite

    @property
    def _absorption_rate(self) -> str:
        return "KA" if self.absorption == "first_order" else "KTR"

    def mammillary(self, p: Values) -> Mammillary | None:
        """Rate constants of the mammillary structure; None with a metabolite."""
        if not self.closed_form:
            return None
        absorption = p[self._absorption_rate] if self.absorption else None
        return Mammillary(_elimination(p), _exchange(self.peripherals, p), absorption)

    def matrix(self, p: Values) -> Float[Array, "n n"]:
        """Rate matrix."""
        names = self.compartments
        flows: list[tuple[str, str | None, Any]] = []
        chain = list(names[: names.index("central")])
        for here, there in zip(chain, [*chain[1:], "central"][: len(chain)], strict=True):
            flows.append((here, there, p[self._absorption_rate]))
        for name, (out, back) in zip(("peripheral", "peripheral2"), _exchange(self.peripherals, p), strict=False):
            flows += [("central", name, out), (name, "central", back)]
        elimination = _elimination(p)
        if self.metabolite:
            formed = p.get("FM", 1.0)
            flows += [("central", "metabolite", formed * elimination), ("metabolite", None, p["CLM"] / p["VM"])]
            elimination = (1 - formed) * elimination
        flows.append(("central", None, elimination))
        index = {name: k for k, name in enumerate(names)}
        rows: list[list[Any]] = [[0.0] * len(names) for _ in names]
        for here, there_or_out, rate in flows:
            rows[index[here]][index[here]] -= rate
            if there_or_out is not None:
                rows[index[there_or_out]][index[here]] += rate
        return jnp.stack([jnp.stack([jnp.asarray(x, dtype=float) for x in row]) for row in rows])

    def dosing(self, p: Values) -> dict[str, dict[str, Any]]:
        """F, LAG and DUR, where given, of the compartment that doses enter."""
        entry = self.compartments[0] if self.absorption is not None else "central"
        return {entry: {key: p[key] for key in ("F", "LAG", "DUR") if key in p}}

    def observe(self, t: Any, y: Float[Array, " n"], p: Values) -> dict[str, Any]:
        """Concentrations in the outputs' units."""
        found = {self.outputs[0].name: self._concentration(0, y[self.compartments.index("central")], p["VC"])}
        if self.metabolite and len(self.outputs) > 1:
            found[self.outputs[1].name] = self._concentration(1, y[self.compartments.index("metabolite")], p["VM"])
        return found

    def _concentration(self, output: int, amount: Any, volume: Any) -> Any:
        return amount / volume * per_litre(self.amount_unit, self.outputs[output].unit)


@lru_cache
def per_litre(amount_unit: str, unit: str) -> float:
    """Factor from amount_unit/L to `unit`."""
    return convert(1.0, f"{amount_unit}/L", unit)


def _names(peripherals: int, absorption: Absorption, metabolite: bool) -> tuple[str, ...]:
    before = ["depot"] if absorption == "first_order" else [f"transit{k + 1}" for k in range(int(absorption or 0))]
    names = [*before, "central", *("peripheral", "peripheral2")[:peripherals]]
    return tuple([*names, "metabolite"] if metabolite else names)


def _elimination(p: Values) -> Any:
    return p["K"] if "K" in p else p["CL"] / p["VC"]


def _exchange(peripherals: int, p: Values) -> tuple[tuple[Any, Any], ...]:
    keys = (("K12", "K21", "Q", "VP"), ("K13", "K31", "Q2", "VP2"))[:peripherals]
    return tuple((p[out], p[back]) if out in p else (p[q] / p["VC"], p[q] / p[v]) for out, back, q, v in keys)
