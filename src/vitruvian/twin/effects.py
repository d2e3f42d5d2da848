"""What acts on this person's clearance beside the model's own covariates: other drugs, and genes the models ignore."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from vitruvian.core import UnknownNameError
from vitruvian.model.schedule import Course
from vitruvian.person.genes import GeneCall
from vitruvian.pharmacology import Drug
from vitruvian.pharmacology.interactions import (
    InteractionEffect,
    clearance_ratio,
    find_perpetrator,
    find_victim,
    genotype_clearance_ratio,
)
from vitruvian.pharmacology.interactions import Taken as Perpetrator
from vitruvian.pharmacology.modifiers import Modifier
from vitruvian.twin.answer import Message
from vitruvian.twin.case import Effect
from vitruvian.twin.reading import Clock, Taken

_NEGLIGIBLE = 0.05
"""Effects smaller than this on the logarithm of clearance, with as little uncertainty, are left out."""

Taking = Sequence[Taken]
_REFERENCE = {"CYP3A5": "*3/*3"}
"""Genotypes to which the tables' shares refer; every other gene's is *1/*1."""


def interactions(
    drug: Drug, taking: Taking, calls: Mapping[str, GeneCall], clock: Clock, now: float, route: str
) -> tuple[list[Effect], list[Message]]:
    """One effect per other drug that changes this one's clearance, and what is not known."""
    effects: list[Effect] = []
    unknown: list[str] = []
    try:
        find_victim(drug.name)
    except UnknownNameError:
        text = f"Interactions of {drug.name} are not in the table of victims."
        return [], [Message("warning", "interaction-unknown", text, "Check them by hand.")]
    for name in sorted({t.name for t in taking if t.name != drug.name}):
        own = [t for t in taking if t.name == name]
        try:
            find_perpetrator(name)
        except UnknownNameError:
            if any(t.end_ms is None for t in own):
                unknown.append(name)
            continue
        found = ratio_in_person(drug.name, own[-1], calls, route)
        effect = _effect(name, found, _presence(found, own, clock, now))
        if effect is not None:
            effects.append(effect)
    messages = []
    if unknown:
        text = f"Not in the table of interacting drugs: {', '.join(unknown)}."
        messages.append(Message("note", "interaction-unknown", text, "Check these by hand."))
    return effects, messages


def genotype_effects(drug: Drug, calls: Mapping[str, GeneCall], route: str) -> list[Effect]:
    """Effects of genes that carry part of the clearance but are no covariate of the drug's models."""
    effects: list[Effect] = []
    try:
        pathways = {p.name for p in find_victim(drug.name).pathways}
    except UnknownNameError:
        return []
    for gene in sorted(pathways & set(calls)):
        diplotype = calls[gene].diplotype
        if diplotype is None:
            continue
        try:
            found = genotype_clearance_ratio(drug.name, gene, diplotype, route=_route(route))
        except UnknownNameError:
            continue
        effect = _effect(f"genotype_{gene.lower()}", found, 1.0)
        if effect is not None:
            effects.append(effect)
    return effects


def _effect(name: str, found: InteractionEffect, presence: Course) -> Effect | None:
    log_ratio, log_sd = float(np.log(found.point)), float(np.log(found.draws).std())
    if abs(log_ratio) < _NEGLIGIBLE and log_sd < _NEGLIGIBLE:
        return None
    reasons = found.reasons or (f"{name} changes the clearance by {found.point:.2f}.",)
    return Effect(Modifier(name, log_ratio, log_sd, reasons[0]), presence, tuple(reasons))


def ratio_in_person(victim: str, taken: Taken, calls: Mapping[str, GeneCall], route: str) -> InteractionEffect:
    """The effect of the dose taken, in this person's genotype where the tables know it, else in the common one."""
    agent = Perpetrator(taken.name, taken.dose_mg)
    genes = {p.name: calls[p.name].diplotype for p in find_victim(victim).pathways if p.name in calls}
    known = {g: d for g, d in genes.items() if d is not None and d != _REFERENCE.get(g, "*1/*1")}
    try:
        return clearance_ratio(victim, (agent,), genotype=known, route=_route(route))
    except UnknownNameError:  # a genotype whose activity is not tabulated
        return clearance_ratio(victim, (agent,), route=_route(route))


def _presence(found: InteractionEffect, periods: Taking, clock: Clock, now: float) -> Course:
    """Share of the full effect over time, in fifths: it rises and falls with the half-life of its time course."""
    spans = [(clock.hours(t.start_ms), None if t.end_ms is None else clock.hours(t.end_ms)) for t in periods]
    if not found.time_courses:
        return float(any(b is None for _, b in spans))
    slowest = max(found.time_courses, key=lambda c: c.half_life_h)
    times, values = slowest.course(spans, start=0.0, until=max(now, 0.0) + 5 * slowest.half_life_h)
    shares = [round(5 * v) / 5 for v in values]
    kept = [0] + [k for k in range(1, len(shares)) if shares[k] != shares[k - 1]]
    if len(kept) == 1:
        return shares[0]
    return tuple(times[k] for k in kept), tuple(shares[k] for k in kept)


def _route(route: str) -> str:
    return "oral" if route == "oral" else "iv"
