"""Published networks with their inflow: geometry, walls and outlets as tables beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import as_file, files
from typing import Any

from vitruvian.core import Source, UnknownNameError
from vitruvian.physiology.circulation.network_1d.network import Network
from vitruvian.physiology.circulation.network_1d.table import read_inflow, read_network


def _boileau(case: str) -> Source:
    return Source(
        f"Boileau et al. 2015, benchmark of numerical schemes for one-dimensional arterial blood flow: {case}; as the "
        "input files of an open solver (INSIGNEO/openBF) list it, not held against the paper's tables",
        doi="10.1002/cnm.2732", status="one transcription")  # fmt: skip


NETWORKS: Mapping[str, Source] = {
    "common_carotid": _boileau("common carotid artery; the radius is that at no pressure (2.6485 mm), not the 3 mm"),
    "thoracic_aorta": _boileau("upper thoracic aorta"),
    "aortic_bifurcation": _boileau("aorta and two iliac arteries"),
    "adan56": _boileau("56 arteries of the ADAN model, in 77 pieces"),
}


def published(name: str) -> tuple[Network, tuple[Any, Any]]:
    """Network and inflow (s, m³/s) by name; raises `UnknownNameError`."""
    if name not in NETWORKS:
        raise UnknownNameError("no such network", got=name, allowed=", ".join(NETWORKS))
    folder = files("vitruvian.physiology.circulation.network_1d")
    with as_file(folder / f"{name}.csv") as table, as_file(folder / f"{name}_inflow.csv") as inflow:
        return read_network(table), read_inflow(inflow)
