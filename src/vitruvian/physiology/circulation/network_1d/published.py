"""Published networks with their inflow: geometry, walls and outlets as tables beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import as_file, files
from typing import Any

from vitruvian.core import Source, UnknownNameError
from vitruvian.physiology.circulation.network_1d.network import Network
from vitruvian.physiology.circulation.network_1d.table import read_inflow, read_network

_BOILEAU = (
    "Boileau et al. 2015, a benchmark study of numerical schemes for one-dimensional arterial blood flow modelling"
)
_FROM = "as the input files of an open solver (INSIGNEO/openBF) list it, not held against the paper's tables"
NETWORKS: Mapping[str, Source] = {
    "common_carotid": Source(f"{_BOILEAU}: common carotid artery, {_FROM}. The radius is the one at no pressure (2.6485 mm), "
                             "where the paper gives 3 mm at the diastolic pressure",
                             doi="10.1002/cnm.2732", status="one transcription"),
    "thoracic_aorta": Source(f"{_BOILEAU}: upper thoracic aorta, {_FROM}", doi="10.1002/cnm.2732", status="one transcription"),
    "aortic_bifurcation": Source(f"{_BOILEAU}: aorta and two iliac arteries, {_FROM}", doi="10.1002/cnm.2732", status="one transcription"),
    "adan56": Source(f"{_BOILEAU}: 56 arteries of the ADAN model (Blanco 2015), in 77 pieces, {_FROM}",
                     doi="10.1002/cnm.2732", status="one transcription"),
}  # fmt: skip


def published(name: str) -> tuple[Network, tuple[Any, Any]]:
    """Network and inflow (s, m³/s) by name; raises `UnknownNameError`."""
    if name not in NETWORKS:
        raise UnknownNameError("no such network", got=name, allowed=", ".join(NETWORKS))
    folder = files("vitruvian.physiology.circulation.network_1d")
    with as_file(folder / f"{name}.csv") as table, as_file(folder / f"{name}_inflow.csv") as inflow:
        return read_network(table), read_inflow(inflow)
