"""The numbers of the exacerbation simulator: one table, each number with its source or stated as an assumption."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal, get_args

from vitruvian.core import Source, UnknownNameError

Disease = Literal["copd", "asthma"]
DISEASES: tuple[Disease, ...] = get_args(Disease)

SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        "mallia": Source(
            "Mallia P, Message SD, Gielen V, et al. Experimental rhinovirus infection as a human model of chronic "
            "obstructive pulmonary disease exacerbation. Am J Respir Crit Care Med 2011;183:734",
            doi="10.1164/rccm.201006-0833OC",
            errata="The order of events is the source's; the days of the peaks here are from general knowledge of it.",
        ),
        "donaldson": Source(
            "Donaldson GC, Law M, Kowlessar B, et al. Impact of prolonged exacerbation recovery in chronic obstructive "
            "pulmonary disease. Am J Respir Crit Care Med 2015;192:943",
            doi="10.1164/rccm.201412-2269OC", table="abstract", status="primary",
        ),
        "seemungal": Source(
            "Seemungal TAR, Donaldson GC, Bhowmik A, et al. Time course and recovery of exacerbations in patients with "
            "chronic obstructive pulmonary disease. Am J Respir Crit Care Med 2000;161:1608",
            doi="10.1164/ajrccm.161.5.9908022", table="abstract", status="primary",
        ),
        "tattersfield": Source(
            "Tattersfield AE, Postma DS, Barnes PJ, et al. Exacerbations of asthma: a descriptive study of 425 severe "
            "exacerbations. Am J Respir Crit Care Med 1999;160:594", table="abstract", status="primary",
        ),
        "hurst": Source(
            "Hurst JR, Donaldson GC, Quint JK, et al. Domiciliary pulse-oximetry at exacerbation of chronic "
            "obstructive pulmonary disease: prospective pilot study. BMC Pulm Med 2010;10:52",
            doi="10.1186/1471-2466-10-52", table="abstract", status="primary",
        ),
        "yanez": Source(
            "Yañez AM, Guerrero D, Pérez de Alejo R, et al. Monitoring breathing rate at home allows early "
            "identification of COPD exacerbations. Chest 2012;142:1524",
            doi="10.1378/chest.11-2728", table="abstract", status="primary",
        ),
        "alahmari": Source(
            "Alahmari AD, Patel ARC, Kowlessar BS, et al. Daily activity during stability and exacerbation of chronic "
            "obstructive pulmonary disease. BMC Pulm Med 2014;14:98",
            doi="10.1186/1471-2466-14-98", table="abstract", status="primary",
        ),
        "tuned": Source(
            "Set so that simulated people with COPD have about 1.6 exacerbations a year: 1.3 ± 1.6 in Moy ML, et al. "
            "PLoS One 2013;8:e60400, median 2.13 (quartiles 1.0 and 3.2) in Donaldson 2015", status="assumption",
        ),
        "assumption": Source("Set by this project; no measurement is known to it", status="assumption"),
    }
)  # fmt: skip


@dataclass(frozen=True)
class Number:
    """One number of the simulator, for each disease."""

    name: str
    values: Mapping[Disease, float]
    unit: str
    about: str
    source: Source


@lru_cache(maxsize=1)
def numbers() -> Mapping[str, Number]:
    """All numbers by name."""
    text = files(__package__).joinpath("exacerbation.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return MappingProxyType({row["name"]: _number(row) for row in rows})


def values_of(disease: Disease) -> Mapping[str, float]:
    """Name to value, for one disease; raises `UnknownNameError` for another."""
    if disease not in DISEASES:
        raise UnknownNameError("no such disease in the exacerbation simulator", got=disease, allowed=DISEASES)
    return {name: one.values[disease] for name, one in numbers().items()}


def _number(row: Mapping[str, str]) -> Number:
    values: dict[Disease, float] = {disease: float(row[disease]) for disease in DISEASES}
    return Number(row["name"], MappingProxyType(values), row["unit"], row["about"], SOURCES[row["source"]])
