"""Was it worth it? Each site alone, federated, federated with privacy, and pooled data, on the same held-out people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from vitruvian.learn.private import Mechanism, epsilon_of, noise_for
from vitruvian.learn.trust import MEASURES, Interval, bootstrap, brier, difference
from vitruvian.study.federated.coordinator import Trained
from vitruvian.study.federated.design import moments, standard_of
from vitruvian.study.federated.inprocess import simulated
from vitruvian.study.federated.local import Shard, averaged, curvature, descend
from vitruvian.study.federated.network import Network, probability
from vitruvian.study.federated.plan import Plan, Privacy
from vitruvian.study.federated.quiet import spent
from vitruvian.study.federated.rounds import Shared, advance
from vitruvian.study.federated.site import personal
from vitruvian.study.federated.table import SiteTable

Scored = Mapping[str, np.ndarray]
"""Probability of the event for the held-out rows of each site."""


@dataclass(frozen=True)
class Way:
    """One way of training: AUROC over all held-out people, and among people of one site, with 95 % intervals."""

    name: str
    auroc: Interval
    within: Interval
    brier: float
    epsilon: float | None
    gain: Interval | None
    """AUROC less that of pooled data, on the same people."""


@dataclass(frozen=True)
class _Held:
    """Held-out rows of all sites and folds, with what each way said of them."""

    y: np.ndarray
    site: np.ndarray
    people: np.ndarray
    said: Mapping[str, np.ndarray]


def compared(
    plan: Plan,
    tables: Mapping[str, SiteTable],
    *,
    epsilon: float | None = None,
    draws: int = 1000,
    on_fold: Callable[[int], None] = lambda n: None,
) -> list[Way]:
    """The ways, each trained once for each fold, on the people of the other folds.

    Noise is from the plan's seed: for comparison, never for a release. `draws`: of the bootstrap of people.
    """
    parts = []
    for fold in range(plan.folds):
        parts.append(_fold(replace(plan, fold=fold, evaluate=False), tables, epsilon))
        on_fold(1)
    held = _Held(
        y=np.concatenate([one.y for one in parts]),
        site=np.concatenate([one.site for one in parts]),
        people=np.concatenate([one.people for one in parts]),
        said={name: np.concatenate([one.said[name] for one in parts]) for name in parts[0].said},
    )
    return [_way(name, held, epsilon, plan, draws) for name in held.said]


def alone(plan: Plan, table: SiteTable) -> Trained:
    """The same training on one table: what a site, or one place with all data, would get."""
    plan = replace(plan, privacy=None, personal=False)
    train = table.parts(plan)[0]
    standard = standard_of(moments(train.rows).sum(axis=0), len(train.rows), plan.features)
    shard = Shard(standard.matrix(train.rows), train.outcome, train.people)
    network = Network(shard.x.shape[1], plan.hidden)
    shared = Shared.first(plan, network)
    for number in range(plan.rounds):
        zeros = np.zeros(network.size)
        if plan.algorithm == "newton":
            terms = curvature(network, shard, shared.params)
        else:
            step = descend(plan, network, shard, start=shared.params, all_control=zeros, control=zeros, seed=number)
            terms = averaged(plan, network, shard, shared.params, zeros, step)
        shared = advance(plan, network, shared, terms, len(train.rows))
    return Trained(plan, standard, network, shared.params, (), None, len(train.rows), (table.name,), ())


def _fold(plan: Plan, tables: Mapping[str, SiteTable], epsilon: float | None) -> _Held:
    held = {name: table.parts(plan)[1] for name, table in tables.items()}
    everybody = pooled_table(tables)
    locals_ = {name: alone(plan, table) for name, table in tables.items()}
    pooled = alone(plan, everybody)
    trained, states = simulated(plan, tables, seeded=True)
    said: dict[str, Scored] = {
        "local only": {name: _scores(locals_[name], held[name]) for name in tables},
        "federated": {
            name: _scores(trained, held[name], personal(plan, trained.network, trained.params, states[name].head))
            for name in tables
        },
    }
    if epsilon is not None:
        quiet = simulated(private(plan, epsilon), tables, seeded=True)[0]
        said["federated + privacy"] = {name: _scores(quiet, held[name]) for name in tables}
    said["pooled"] = {name: _scores(pooled, held[name]) for name in tables}
    names = list(tables)
    return _Held(
        np.concatenate([held[name].outcome for name in names]),
        np.concatenate([np.full(len(held[name].outcome), name) for name in names]),
        np.concatenate([np.array(held[name].rows.ids, dtype=str) for name in names]),
        {way: np.concatenate([scored[name] for name in names]) for way, scored in said.items()},
    )


def private(plan: Plan, epsilon: float, delta: float = 1e-5) -> Plan:
    """The same model with the least noise that keeps to `epsilon`: gradient descent with everybody in each round.

    Newton's method has no private form here. Rounds, rate and clip were chosen on ICU 2012, set a.
    """
    rounds, statistics = 60, Privacy(1.0).statistics
    noise = noise_for(epsilon, delta, times=rounds, beside=[Mechanism("gaussian", statistics)])
    privacy = Privacy(noise, clip=6.0, sampled=1.0, delta=delta, statistics=statistics)
    return replace(
        plan, algorithm="fedavg", personal=False, rounds=rounds, learning_rate=0.1, penalty=1e-3, privacy=privacy
    )


def _scores(trained: Trained, table: SiteTable, params: np.ndarray | None = None) -> np.ndarray:
    x = trained.standard.matrix(table.rows)
    return probability(trained.network.margin(trained.params if params is None else params, x))


def pooled_table(tables: Mapping[str, SiteTable]) -> SiteTable:
    """The rows of all sites as one table."""
    first = next(iter(tables.values()))
    values = np.concatenate([one.rows.values for one in tables.values()])
    ids = tuple(person for one in tables.values() for person in one.rows.ids)
    rows = replace(first.rows, values=values, ids=ids)
    return SiteTable("pooled", rows, np.concatenate([one.outcome for one in tables.values()]))


def _way(name: str, held: _Held, epsilon: float | None, plan: Plan, draws: int) -> Way:
    p, pooled = held.said[name], held.said["pooled"]
    people = np.unique(held.people, return_inverse=True)[1].reshape(-1)
    cost = None
    if name == "federated + privacy" and epsilon is not None:
        quiet = private(plan, epsilon)
        cost = epsilon_of(spent(quiet), quiet.privacy.delta) if quiet.privacy else None
    return Way(
        name,
        bootstrap(p, held.y, people=people, draws=draws, seed=plan.seed),
        bootstrap(p, held.y, _within(held.site), people=people, draws=draws, seed=plan.seed),
        float(brier(p, held.y)),
        cost,
        None if name == "pooled" else difference(p, pooled, held.y, people=people, draws=draws, seed=plan.seed),
    )


def _within(site: np.ndarray) -> Any:
    """A measure: of pairs of people of one site, how often the one with the event has the greater probability."""

    def measure(p: np.ndarray, y: np.ndarray) -> Callable[[np.ndarray], float]:
        each = []
        for name in np.unique(site):
            here = site == name
            if 0 < y[here].sum() < here.sum():
                each.append((here, y[here].astype(float), MEASURES["auroc"](p[here], y[here])))

        def weighted(w: np.ndarray) -> float:
            pairs = [float((w[here] @ yes) * (w[here] @ (1 - yes))) for here, yes, _ in each]
            areas = [auroc(w[here]) if n > 0 else 0.0 for (here, _, auroc), n in zip(each, pairs, strict=True)]
            return float(np.dot(pairs, areas) / sum(pairs)) if sum(pairs) > 0 else np.nan

        return weighted

    return measure


def rows_of(ways: list[Way]) -> list[dict[str, Any]]:
    """As plain data."""
    return [asdict(one) for one in ways]
