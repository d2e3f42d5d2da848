"""The coordinator of a training, as questions and answers: whatever carries them, the training is the same.

`conduct` yields what it asks (`Ask`) and is sent what came back in time: sites that are lost or late are just not in
it. It never sees a row, only sums over the sites that stayed.
"""

from __future__ import annotations

import secrets
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vitruvian.core import DataError
from vitruvian.study.federated.agreement import refused, warnings
from vitruvian.study.federated.counts import UNKNOWN, Evaluation, evaluation_of
from vitruvian.study.federated.design import Standard, standard_of
from vitruvian.study.federated.masks import KEY_BYTES
from vitruvian.study.federated.messages import Ask, Content
from vitruvian.study.federated.network import Network
from vitruvian.study.federated.plan import Plan
from vitruvian.study.federated.ring import Ring
from vitruvian.study.federated.rounds import Shared, advance
from vitruvian.study.federated.unmask import unmask

Replies = Mapping[str, Content]
PATIENCE = 3
"""Rounds in a row that may be lost before the training is given up."""


@dataclass(frozen=True)
class Round:
    """What came of a round: loss before it (per row), and whose rows it used; nobody's where it was lost."""

    number: int
    loss: float
    sites: tuple[str, ...]


@dataclass(frozen=True)
class Trained:
    """The result: parameters of all sites, and how they came about."""

    plan: Plan
    standard: Standard
    network: Network
    params: np.ndarray
    rounds: tuple[Round, ...]
    evaluation: Evaluation | None
    rows: int
    sites: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass
class _Session:
    """Keys agreed for a number of sums, and how many of them are used."""

    name: str
    threshold: int
    public: dict[str, bytes]
    members: tuple[str, ...]
    notes: list[str]
    used: int = 0
    stayed: tuple[str, ...] = field(default=())


Questions = Generator[Ask, Replies, Any]


def conduct(plan: Plan, sites: tuple[str, ...]) -> Generator[Ask, Replies, Trained]:
    """Train as planned. Raises DataError where sites do not fit together or too many are lost."""
    notes: list[str] = []
    needed: int = plan.needed(len(sites))
    told = yield from _join(plan, sites, notes)
    notes += warnings(told, plan)
    everybody = float(sum(about["people" if plan.privacy else "rows"] for about in told.values()))
    rows = sum(about["rows"] for about in told.values())
    session = yield from _agree(plan, tuple(sorted(told)), needed, plan.sums, notes)
    total = yield from _summed(session, "statistics", {})
    counted = total[: len(total) // 3].max(initial=1.0) if plan.privacy else everybody
    standard = standard_of(total, float(counted), plan.features)
    network = Network(standard.width(plan.features), plan.hidden)
    shared, rounds = yield from _rounds(plan, network, standard, session, everybody)
    evaluation = (yield from _evaluated(session, standard, shared)) if plan.evaluate else None
    sets = (evaluation.sets if evaluation else UNKNOWN).to_dict()
    told = {"standard": vars(standard), "params": shared.params, "sets": sets}
    replies = yield Ask("finish", dict.fromkeys(session.members, told))
    _answered(replies, session.members, notes, "finish")
    return Trained(
        plan, standard, network, shared.params, rounds, evaluation, rows, session.members, tuple(dict.fromkeys(notes))
    )


def _join(plan: Plan, sites: tuple[str, ...], notes: list[str]) -> Questions:
    replies = yield Ask("join", {name: {"plan": plan.fingerprint} for name in sites})
    refused({name: reply["refused"] for name, reply in replies.items() if "refused" in reply}, len(sites))
    for name in set(sites) - set(replies):
        notes.append(f"{name} did not answer at the beginning, and is left out")
    return dict(replies)


def _agree(plan: Plan, sites: tuple[str, ...], needed: int, count: int, notes: list[str]) -> Questions:
    """Keys and shares for `count` sums, among the sites that are still there."""
    name = secrets.token_hex(16)
    replies = yield Ask("keys", {site: {"session": name, "count": count} for site in sites})
    adverts = {site: reply["advert"] for site, reply in _answered(replies, sites, notes, "keys").items()}
    _agreed(adverts, sites, needed)
    replies = yield Ask("shares", {site: {"adverts": adverts, "threshold": needed} for site in adverts})
    dealt = {site: reply["boxes"] for site, reply in _answered(replies, adverts, notes, "shares").items()}
    boxes = {to: {"boxes": {who: each[to] for who, each in dealt.items() if who != to}} for to in dealt}
    replies = yield Ask("boxes", boxes)
    _answered(replies, dealt, notes, "boxes")
    public = {site: advert[-KEY_BYTES * (count + 1) :] for site, advert in adverts.items()}
    _agreed(dealt, sites, needed)
    return _Session(name, needed, public, tuple(sorted(dealt)), notes)


def _agreed(found: Mapping[str, Any], sites: tuple[str, ...], needed: int) -> None:
    if len(found) < needed:
        raise DataError(
            "too few sites agreed on keys", got=f"{len(found)} of {len(sites)}", allowed=f"{needed} or more"
        )


def _summed(session: _Session, kind: str, asked: Content) -> Questions:
    """The sum over the sites that stay. Raises DataError where they are too few."""
    number, session.used = session.used, session.used + 1
    replies = yield Ask(kind, {site: {**asked, "sum": number} for site in session.members})
    masked = {s: r["masked"] for s, r in _answered(replies, session.members, session.notes, kind).items()}
    _enough(masked, session, kind)
    stayed = sorted(masked)
    replies = yield Ask("reveal", {site: {"sum": number, "stayed": stayed} for site in stayed})
    revealed = {s: r["shares"] for s, r in _answered(replies, stayed, session.notes, f"{kind} (masks)").items()}
    _enough(revealed, session, kind)
    session.stayed = tuple(stayed)
    return unmask(
        session.name,
        number,
        session.threshold,
        ring=Ring(len(session.members)),
        public=session.public,
        members=session.members,
        masked=masked,
        revealed=revealed,
    )


def _rounds(plan: Plan, network: Network, standard: Standard, session: _Session, everybody: float) -> Questions:
    shared, done, lost = Shared.first(plan, network), [], 0
    for number in range(plan.rounds):
        asked = {"standard": vars(standard), "params": shared.params, "control": shared.control, "round": number}
        try:
            total = yield from _summed(session, "round", asked)
        except DataError as error:
            lost += 1
            session.notes.append(f"round {number + 1} was lost: {error}")
            if lost == PATIENCE:
                raise DataError(
                    f"{PATIENCE} rounds in a row were lost", got=error.what, todo="Look at the sites."
                ) from None
            done.append(Round(number + 1, np.nan, ()))
            continue
        lost = 0
        shared = advance(plan, network, shared, total, everybody)
        if not np.isfinite(shared.params).all():
            raise DataError(f"round {number + 1} gave no finite parameters", todo="Lower the learning rate.")
        done.append(Round(number + 1, shared.loss, session.stayed))
    return shared, tuple(done)


def _evaluated(session: _Session, standard: Standard, shared: Shared) -> Questions:
    """Of held-out people; None where too few sites stay for it: the model is not lost with it."""
    try:
        total = yield from _summed(session, "evaluate", {"standard": vars(standard), "params": shared.params})
    except DataError as error:
        session.notes.append(f"the evaluation was lost: {error}")
        return None
    return evaluation_of(total)


def _answered(replies: Replies, asked: Any, notes: list[str], kind: str) -> dict[str, Content]:
    """Answers of sites that were asked and did not refuse; who is missing is noted."""
    good = {}
    for site in sorted(asked):
        reply = replies.get(site)
        if reply is None:
            notes.append(f"{site} did not answer: {kind}")
        elif "refused" in reply:
            notes.append(str(reply["refused"]))
        else:
            good[site] = reply
    return good


def _enough(found: Mapping[str, Any], session: _Session, kind: str) -> None:
    if len(found) < session.threshold:
        raise DataError(
            f"too few sites stayed: {kind}",
            got=f"{len(found)} of {len(session.members)}",
            allowed=f"{session.threshold}",
        )
