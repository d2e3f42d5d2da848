"""All sites in one process: the same questions and answers, as bytes, without a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vitruvian.core import derive_seed
from vitruvian.learn.private import Randomness
from vitruvian.study.federated.coordinator import Trained, conduct
from vitruvian.study.federated.keys import Identity
from vitruvian.study.federated.messages import pack, unpack
from vitruvian.study.federated.plan import Plan
from vitruvian.study.federated.site import Site, SiteState
from vitruvian.study.federated.table import SiteTable

Absent = Callable[[str, str, int], bool]
"""(site, kind of question, how many questions before) → whether the site's answer does not come in time."""


def never(site: str, kind: str, number: int) -> bool:
    """Every answer comes in time."""
    return False


def late_by_chance(seed: int, chance: float) -> Absent:
    """Each answer comes too late with this chance; the beginning, where all sites must be there, is spared."""
    import numpy as np

    def absent(site: str, kind: str, number: int) -> bool:
        spared = kind in ("join", "keys", "shares", "boxes", "statistics")
        return not spared and np.random.default_rng(derive_seed(seed, site, str(number))).random() < chance

    return absent


def simulate(
    plan: Plan,
    tables: Mapping[str, SiteTable],
    *,
    absent: Absent = never,
    seeded: bool = False,
    on_message: Callable[[str, bytes], None] = lambda site, message: None,
    on_round: Callable[[int], None] = lambda n: None,
) -> Trained:
    """Train across the tables as sites. `seeded`: noise from the plan's seed, for comparisons, never for a release.

    `on_message` sees whatever passes between a site and the coordinator.
    """
    return simulated(plan, tables, absent=absent, seeded=seeded, on_message=on_message, on_round=on_round)[0]


def simulated(
    plan: Plan,
    tables: Mapping[str, SiteTable],
    *,
    absent: Absent = never,
    seeded: bool = False,
    on_message: Callable[[str, bytes], None] = lambda site, message: None,
    on_round: Callable[[int], None] = lambda n: None,
) -> tuple[Trained, dict[str, SiteState]]:
    """As `simulate`, and what each site keeps at the end (its own last layer)."""
    identities = {name: Identity.make() for name in tables}
    roster = {name: one.public for name, one in identities.items()}
    sites = {
        name: Site(name, table, plan, identities[name], roster, _coins(plan, name, seeded))
        for name, table in tables.items()
    }
    states = {name: SiteState() for name in tables}
    questions = conduct(plan, tuple(tables))
    number, ask = 0, next(questions)
    while True:
        replies: dict[str, Any] = {}
        for name, content in ask.contents.items():
            question = pack(content)
            on_message(name, question)
            states[name], reply = sites[name].answer(states[name], ask.kind, unpack(question))
            if not absent(name, ask.kind, number):
                answer = pack(reply)
                on_message(name, answer)
                replies[name] = unpack(answer)
        number += 1
        if ask.kind == "round":
            on_round(1)
        try:
            ask = questions.send(replies)
        except StopIteration as end:
            return end.value, states


def _coins(plan: Plan, name: str, seeded: bool) -> Randomness:
    return Randomness.of_seed(derive_seed(plan.seed, name)) if seeded else Randomness.secret()
