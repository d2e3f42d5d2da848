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
from vitruvian.pharmacology.modifiers import Modifier
from vitruvian.twin.answer import Message
from vitruvian.twin.case import Effect
from vitruvian.twin.reading import Clock

_NEGLIGIBLE = 0.05
"""Effects smaller than this on the logarithm of clearance, with as little uncertainty, are left out."""

Taking = Sequence[tuple[str, float, float | None]]


def interactions(
    drug: Drug, taking: Taking, clock: Clock, now: float, route: str, own: frozenset[str]
) -> tuple[list[Effect], list[str], list[Message]]:
    """One effect per other drug that changes this one's clearance, the reasons, and what is not known.

    `own` names covariates that the models hold themselves (a model with AMIODARONE needs no amiodarone effect).
    """
    effects: list[Effect] = []
    reasons: list[str] = []
    unknown: list[str] = []
    try:
        find_victim(drug.name)
    except UnknownNameError:
        return [], [f"Interactions of {drug.name} are not in the table of victims."], []
    for name in sorted({t[0] for t in taking if t[0] != drug.name}):
        if name.upper() in own:
            continue
        try:
            find_perpetrator(name)
        except UnknownNameError:
            unknown.append(name)
            continue
        found = clearance_ratio(drug.name, (name,), route=_route(route))
        effect = _effect(name, found, _presence([t for t in taking if t[0] == name], clock, now))
        if effect is not None:
            effects.append(effect)
            reasons += found.reasons
    messages = []
    if unknown:
        text = f"Not in the table of interacting drugs: {', '.join(unknown)}."
        messages.append(Message("note", "interaction-unknown", text, "Check these by hand."))
    return effects, reasons, messages


def genotype_effects(
    drug: Drug, calls: Mapping[str, GeneCall], route: str, own: frozenset[str]
) -> tuple[list[Effect], list[str]]:
    """Effects of genes that carry part of the clearance but are no covariate of the drug's models."""
    effects: list[Effect] = []
    reasons: list[str] = []
    try:
        pathways = {p.enzyme for p in find_victim(drug.name).pathways}
    except UnknownNameError:
        return [], []
    for gene in sorted(pathways & set(calls)):
        diplotype = calls[gene].diplotype
        if diplotype is None or any(name.startswith(gene) for name in own):
            continue
        try:
            found = genotype_clearance_ratio(drug.name, gene, diplotype, route=_route(route))
        except UnknownNameError:
            continue
        effect = _effect(f"genotype_{gene.lower()}", found, 1.0)
        if effect is not None:
            effects.append(effect)
            reasons += found.reasons
    return effects, reasons


def _effect(name: str, found: InteractionEffect, presence: Course) -> Effect | None:
    log_ratio, log_sd = float(np.log(found.point)), float(np.log(found.draws).std())
    if abs(log_ratio) < _NEGLIGIBLE and log_sd < _NEGLIGIBLE:
        return None
    reason = found.reasons[0] if found.reasons else f"{name} changes the clearance by {found.point:.2f}."
    return Effect(Modifier(name, log_ratio, log_sd, reason), presence)


def _presence(periods: Taking, clock: Clock, now: float) -> Course:
    """1 while taken, 0 otherwise, from the origin to now and on."""
    spans = [(clock.hours(int(a)), None if b is None else clock.hours(int(b))) for _, a, b in periods]
    changes = sorted({t for span in spans for t in span if t is not None and 0 < t <= now})
    moments = [0.0, *changes]
    values = [float(any(a <= t and (b is None or t < b) for a, b in spans)) for t in moments]
    kept = [0] + [k for k in range(1, len(values)) if values[k] != values[k - 1]]
    if len(kept) == 1:
        return values[0]
    return tuple(moments[k] for k in kept), tuple(values[k] for k in kept)


def _route(route: str) -> str:
    return "oral" if route == "oral" else "iv"
