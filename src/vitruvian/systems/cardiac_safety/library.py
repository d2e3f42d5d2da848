"""The 28 drugs of the CiPA initiative with their published blocks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import cast

from vitruvian.core import UnknownNameError
from vitruvian.systems.cardiac_safety.drug import Binding, CardiacDrug, Potency, Risk
from vitruvian.tables import cardiac_drugs

DATASETS: Mapping[str, str] = MappingProxyType(
    {
        "chantest": "one laboratory's automated and manual patch clamp of all 28 drugs (Han 2020)",
        "manual": "manual patch clamp of the published training and validation (Li 2017, Li 2019)",
    }
)


@cache
def library(dataset: str = "chantest") -> Mapping[str, CardiacDrug]:
    """Drugs by name, of one laboratory's data set; raises `UnknownNameError`."""
    if dataset not in DATASETS:
        raise UnknownNameError("no such data set of cardiac drugs", got=dataset, allowed=", ".join(DATASETS))
    binding = {row["drug"]: row for row in cardiac_drugs.rows("binding")}
    found = {}
    for row in cardiac_drugs.rows("drugs"):
        name, risk = row["drug"], cast(Risk, row["risk"])
        kinetics = _binding(binding[name]) if name in binding else None
        found[name] = CardiacDrug(
            name, float(row["cmax_nM"]), _potencies(dataset, name), kinetics, risk, f"{dataset}: {DATASETS[dataset]}",
            dataset,
        )  # fmt: skip
    return MappingProxyType(found)


def _potencies(dataset: str, drug: str) -> Mapping[str, Potency]:
    return {
        row["current"]: Potency(
            float(row["ic50_nM"]), float(row["hill"]),
            _interval(row["ic50_low_nM"], row["ic50_high_nM"]), _interval(row["hill_low"], row["hill_high"]),
        )
        for row in cardiac_drugs.rows("blocks")
        if row["dataset"] == dataset and row["drug"] == drug
    }  # fmt: skip


def _binding(row: Mapping[str, str]) -> Binding:
    return Binding(
        float(row["Kmax"]), float(row["Ku_per_ms"]), float(row["n"]), float(row["halfmax_nM_n"]), float(row["Vhalf_mV"])
    )


def _interval(low: str, high: str) -> tuple[float, float] | None:
    return (float(low), float(high)) if low and high else None
