"""Virtual people with type 1 diabetes: adults, adolescents and children drawn from moments, kept where feasible."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from vitruvian.core import DataError, Source, UnknownNameError
from vitruvian.physiology.glucose.settings import Settings, plausible, settings_of
from vitruvian.physiology.glucose.uva_padova_2008 import UVA_PADOVA_2008

MOMENTS = Source(
    "Moments of the 30 virtual people of the 2008 simulator (Kovatchev et al. 2009), as an open re-implementation "
    "lists them; the people themselves are not used",
    doi="10.1177/193229680900300106",
    status="one transcription",
)
SPREAD = 2.0
"""No draw lies further from the middle, in SDs before cutting."""
_KEPT = 0.8796
"""SD of a standard normal cut at ±2: draws are widened by it, so that the published SD is reached."""
_CHUNK, _TESTED = 2_000, 500
"""People drawn, and tested, at a time."""


def _moments() -> dict[str, dict[str, tuple[float, float]]]:
    """Stratum → parameter → median and SD of the logarithm."""
    text = (files("vitruvian.physiology.glucose") / "people.tsv").read_text(encoding="utf-8")
    names, *lines = (line.split("\t") for line in text.splitlines())
    columns = range(1, len(names), 2)
    return {names[c]: {line[0]: (float(line[c]), float(line[c + 1])) for line in lines} for c in columns}


_DRAWN = _moments()
STRATA = tuple(_DRAWN)
_TOGETHER = {("kabs", "kmax"): -0.6, ("ka1", "ka2"): 0.85, ("Vi", "m2"): -0.7, ("k2", "Vm0"): 0.6, ("k1", "Vm0"): -0.3}
"""Correlations of logarithms in those people, where they are large."""


@dataclass(frozen=True)
class People:
    """Virtual people of one stratum: parameters of `UVA_PADOVA_2008` and the settings of their treatment, each (n,)."""

    stratum: str
    parameters: Mapping[str, Float[np.ndarray, " n"]]
    settings: Settings
    drawn: int
    """How many were drawn until these were found feasible."""

    def __len__(self) -> int:
        return len(self.parameters["BW"])

    def moments(self) -> dict[str, dict[str, float]]:
        """Of each drawn parameter: median and SD of the logarithm, as published and as achieved."""
        found = {}
        for name, (median, sd) in _DRAWN[self.stratum].items():
            logs = np.log(self.parameters[name])
            found[name] = {"median": median, "sd": sd, "achieved_median": float(np.exp(np.median(logs))),
                           "achieved_sd": float(logs.std())}  # fmt: skip
        return found


def virtual_people(stratum: str, count: int, seed: int) -> People:
    """`count` people of a stratum, the same for the same seed; each has a basal rate, and plausible settings.

    Drawn as correlated log-normal values within ±2 SD; who is not feasible (`plausible`) is drawn again.
    """
    if stratum not in _DRAWN:
        raise UnknownNameError("there are no such virtual people", got=stratum, allowed=", ".join(_DRAWN))
    if count < 1:
        raise DataError("a cohort needs people", got=count, allowed="1 or more")
    parts, drawn, have = [], 0, 0
    for p, settings, keep in _candidates(stratum, seed):
        chosen = np.flatnonzero(keep)[: count - have]
        drawn += int(chosen[-1]) + 1 if len(chosen) + have == count else len(keep)
        parts.append(({k: v[chosen] for k, v in p.items()}, Settings(*(one[chosen] for one in settings))))
        have += len(chosen)
        if have == count:
            break
    parameters = {k: np.concatenate([one[0][k] for one in parts]) for k in parts[0][0]}
    settings = Settings(*(np.concatenate(one) for one in zip(*(part[1] for part in parts), strict=True)))
    return People(stratum, parameters, settings, drawn)


def _candidates(
    stratum: str, seed: int
) -> Iterator[tuple[dict[str, Float[np.ndarray, " c"]], Settings, Bool[np.ndarray, " c"]]]:
    random = np.random.default_rng([seed, STRATA.index(stratum)])
    while True:
        drawn = _draw(stratum, random)
        for begin in range(0, _CHUNK, _TESTED):
            p = {name: values[begin : begin + _TESTED] for name, values in drawn.items()}
            settings = settings_of(UVA_PADOVA_2008, p)
            yield p, settings, plausible(p, settings)


def _draw(stratum: str, random: np.random.Generator) -> dict[str, Float[np.ndarray, " c"]]:
    moments = _DRAWN[stratum]
    names = list(moments)
    together = np.eye(len(names))
    for (a, b), value in _TOGETHER.items():
        together[names.index(a), names.index(b)] = together[names.index(b), names.index(a)] = value
    z = np.empty((0, len(names)))
    while len(z) < _CHUNK:
        more = random.multivariate_normal(np.zeros(len(names)), together, 4 * _CHUNK)
        z = np.concatenate([z, more[(np.abs(more) < SPREAD).all(axis=1)]])
    p: dict[str, Any] = {
        name: moments[name][0] * np.exp(moments[name][1] / _KEPT * z[:_CHUNK, k]) for k, name in enumerate(names)
    }
    p["b"] = np.minimum(p["b"], 0.95)
    p |= {"m30": 1.5 * p["m1"], "m4": 0.4 * p["m2"]}  # the liver extracts 60 % at rest
    for name, value in UVA_PADOVA_2008.typical.items():
        p.setdefault(name, np.full(_CHUNK, value))
    return {k: np.asarray(v) for k, v in UVA_PADOVA_2008.balanced(p).items()}
