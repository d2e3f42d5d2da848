"""Models and people of the reference sheet that the inference tests share."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from vitruvian.core import Source
from vitruvian.model import Covariate, Model, Output, Parameter, ResidualError, Subject, Variability
from vitruvian.pharmacology.compartments import CompartmentModel

SOURCE = Source("Test model", status="assumption")


class OneOral(CompartmentModel):
    """mapbayr's run001: one compartment with absorption, CL 4, V 70, KA 1, Ω = 0.2·I, proportional variance 0.05."""

    name, title, source = "one_oral", "One compartment, oral", SOURCE
    absorption: ClassVar = "first_order"
    parameters = (Parameter("CL", 4.0, "L/h"), Parameter("VC", 70.0, "L"), Parameter("KA", 1.0, "1/h"))
    variability = (Variability("CL", 0.2), Variability("VC", 0.2), Variability("KA", 0.2))
    outputs = (Output("concentration", "mg/L", ResidualError("proportional", proportional=0.05**0.5)),)

    def typical(self, theta, c):
        return dict(theta)


class Weighted(OneOral):
    """OneOral whose clearance doubles for carriers of a genotype."""

    name = "one_oral_genotype"
    covariates = (Covariate("CARRIER", "", frequencies={0.0: 0.7, 1.0: 0.3}),)

    def typical(self, theta, c):
        return dict(theta) | {"CL": theta["CL"] * (1.0 + c["CARRIER"])}


class Metabolite(Model):
    """Parent and metabolite, each an output with its own error model (values of mapbayr's test)."""

    name, title, source = "metabolite", "Parent and metabolite", SOURCE
    parameters = tuple(
        Parameter(n, v, u)
        for n, v, u in (("CL", 4, "L/h"), ("V", 70, "L"), ("KA", 1, "1/h"), ("CLM", 2.5, "L/h"), ("VM", 60, "L"))
    )
    variability = tuple(Variability(n, 0.2) for n in ("CL", "V", "KA", "CLM", "VM"))
    compartments = ("depot", "central", "metabolite")
    outputs = (
        Output("parent", "mg/L", ResidualError("proportional", proportional=0.2)),
        Output("metabolite", "mg/L", ResidualError("combined_squares", additive=5.0, proportional=0.1)),
    )
    routes: ClassVar = {"oral": "depot"}

    def typical(self, theta, c):
        return dict(theta)

    def matrix(self, p):
        import jax.numpy as jnp

        k, zero = p["CL"] / p["V"], 0.0 * p["CL"]
        return jnp.stack(
            [
                jnp.stack([-p["KA"], zero, zero]),
                jnp.stack([p["KA"], -k, zero]),
                jnp.stack([zero, k, -p["CLM"] / p["VM"]]),
            ]
        )

    def observe(self, t, y, p):
        return {"parent": y[1] / p["V"], "metabolite": y[2] / p["VM"]}


class Tobramycin(CompartmentModel):
    """Monolix's fictional tobramycin model of the sheet, section 2.5, for CLcr 80 mL/min and 65 kg."""

    name, title, source = "tobramycin_test", "Tobramycin test model", SOURCE
    peripherals: ClassVar = 1
    parameters = (
        Parameter("K", 0.21 * (80 / 67.8) ** 0.89 * (65 / 66.4) ** -1.09, "1/h"),
        Parameter("VC", 19.8 * (65 / 66.4) ** 0.8, "L"),
        Parameter("K12", 0.041, "1/h"),
        Parameter("K21", 0.12, "1/h"),
    )
    variability = (Variability("K", 0.08075), Variability("VC", 0.01203), Variability("K12", 0.0))
    outputs = (Output("concentration", "mg/L", ResidualError("proportional", proportional=0.198)),)

    def typical(self, theta, c):
        return dict(theta)


class Amikacin(CompartmentModel):
    """Burdet's amikacin with a full covariance, for CLcr 50, 62 kg, P/F 169."""

    name, title, source = "amikacin_test", "Amikacin", SOURCE
    peripherals: ClassVar = 1
    parameters = (
        Parameter("CL", 4.3 * (50 / 82) ** 0.7, "L/h"),
        Parameter("VC", 15.9 * (62 / 78) ** 0.9 * (169 / 169) ** 0.4, "L"),
        Parameter("VP", 21.4, "L"),
        Parameter("Q", 12.1, "L/h"),
    )
    variability = (Variability("CL", 0.1), Variability("VC", 0.05), Variability("VP", 0.2), Variability("Q", 0.08))
    covariances: ClassVar = {
        ("VC", "CL"): 0.01,
        ("VP", "CL"): 0.01,
        ("VP", "VC"): 0.02,
        ("Q", "CL"): -0.06,
        ("Q", "VC"): 0.004,
        ("Q", "VP"): 0.003,
    }
    outputs = (Output("concentration", "mg/L", ResidualError("combined_squares", additive=0.2, proportional=0.1)),)

    def typical(self, theta, c):
        return dict(theta)


ONE_ORAL, WEIGHTED, METABOLITE = OneOral(), Weighted(), Metabolite()
TOBRAMYCIN, AMIKACIN = Tobramycin(), Amikacin()

# id → dose (mg), times (h), levels (mg/L)
RUN001 = {
    "1": (10000.0, (1.5, 4.4, 7.1, 24.6), (91.2904, 110.826, 79.384, 20.6671)),
    "2": (10000.0, (25.9,), (45.1629,)),
    "5": (30000.0, (1.5, 3.0, 8.9, 20.8), (466.273, 457.846, 396.271, 220.096)),
}


def person(id_, doses, times, levels, *, cmt=0, output=None, limit=None, occasion=None, covariates=None) -> Subject:
    """A subject with doses (time, amount, rate) and levels; a level that is not above its limit is censored."""
    rows = [(t, 1, amt, rate) for t, amt, rate in doses] + [(t, 0, 0.0, 0.0) for t in times]
    count, first = len(rows), len(doses)
    order = np.argsort([r[0] for r in rows], kind="stable")
    dv = np.concatenate([np.full(first, np.nan), np.asarray(levels, float)])
    bound = np.concatenate(
        [np.full(first, np.nan), np.full(len(times), np.nan) if limit is None else np.asarray(limit, float)]
    )
    out = np.concatenate([np.zeros(first, int), np.zeros(len(times), int) if output is None else np.asarray(output)])
    occasions = np.zeros(count, int) if occasion is None else np.asarray(occasion, int)
    zero = np.zeros(count)
    columns = {
        "time": np.asarray([r[0] for r in rows], float),
        "evid": np.asarray([r[1] for r in rows]),
        "amt": np.asarray([r[2] for r in rows], float),
        "rate": np.asarray([r[3] for r in rows], float),
        "ii": zero,
        "addl": zero.astype(int),
        "ss": zero.astype(int),
        "cmt": np.asarray([cmt if r[1] == 1 else 0 for r in rows]),
        "dv": dv,
        "mdv": np.isnan(dv).astype(int),
        "output": out,
        "censored": dv <= bound,
        "limit": bound,
        "occasion": occasions,
    }
    values = {k: np.full(count, float(v)) for k, v in (covariates or {}).items()}
    return Subject(id=id_, **{k: v[order] for k, v in columns.items()}, covariates=values)


def run001(*ids: str) -> list[Subject]:
    """People of run001 by id."""
    return [person(i, [(0.0, RUN001[i][0], 0.0)], RUN001[i][1], RUN001[i][2], cmt=1) for i in ids]


def one_oral(dose, t, cl, v, ka):
    """Concentration of one compartment with absorption, written apart from the package (the tests' judge)."""
    k = cl / v
    apart = (ka - k) * t
    safe = np.where(np.abs(apart) < 1e-9, 1.0, apart)
    return dose * ka / v * np.exp(-k * t) * t * np.where(np.abs(apart) < 1e-9, 1.0, -np.expm1(-safe) / safe)


class Grid:
    """Posterior of OneOral by summing over a grid of the three etas: slow, exact, and independent of the package."""

    def __init__(self, log_likelihood, omega=0.2, points=161, width=6.0, typical=(4.0, 70.0, 1.0)):
        g = np.linspace(-width, width, points) * omega**0.5
        a, b, c = np.meshgrid(g, g, g, indexing="ij")
        log_p = -0.5 * (a**2 + b**2 + c**2) / omega - 1.5 * np.log(2 * np.pi * omega)
        log_p = log_p + log_likelihood(typical[0] * np.exp(a), typical[1] * np.exp(b), typical[2] * np.exp(c))
        weight = np.exp(log_p - log_p.max())
        self.log_marginal = float(log_p.max() + np.log(weight.sum()) + 3 * np.log(g[1] - g[0]))
        self.grid = g
        self.marginals = [weight.sum(axis=tuple(k for k in range(3) if k != j)) for j in range(3)]

    def quantile(self, eta: int, q):
        """Quantiles of one eta."""
        m = self.marginals[eta] / self.marginals[eta].sum()
        return np.interp(q, np.cumsum(m) - 0.5 * m, self.grid)


def proportional_log_likelihood(dose, times, levels, variance=0.05):
    """ln p(levels | CL, V, KA) with proportional error."""

    def log_likelihood(cl, v, ka):
        total = 0.0
        for t, y in zip(times, levels, strict=True):
            # far corners of the grid underflow; they have no weight
            f = np.maximum(one_oral(dose, t, cl, v, ka), 1e-100)
            total = total - 0.5 * ((y - f) ** 2 / (variance * f**2) + np.log(2 * np.pi * variance * f**2))
        return total

    return log_likelihood
