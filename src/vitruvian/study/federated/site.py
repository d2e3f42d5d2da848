"""A site: it answers the coordinator from its own table, and tells nothing of it but sums under masks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from vitruvian.core import AccessError, DataError, UnsupportedError, VitruvianError
from vitruvian.learn.private import Randomness
from vitruvian.study.federated import quiet
from vitruvian.study.federated.agreement import told
from vitruvian.study.federated.counts import counted
from vitruvian.study.federated.design import Standard, moments, weighed
from vitruvian.study.federated.keys import Identity
from vitruvian.study.federated.local import Shard, Step, averaged, curvature, descend
from vitruvian.study.federated.masks import Member, begin, deal, keep, mask, reveal
from vitruvian.study.federated.messages import Content
from vitruvian.study.federated.network import Network
from vitruvian.study.federated.plan import Plan
from vitruvian.study.federated.ring import Ring
from vitruvian.study.federated.table import SiteTable


@dataclass(frozen=True)
class SiteState:
    """What a site keeps between questions; the secrets of its member never leave it."""

    member: Member | None = None
    control: np.ndarray | None = None
    head: np.ndarray | None = None
    waiting: Step | None = None
    """Of the round whose sum is not yet taken."""
    asked: Mapping[str, int] = field(default_factory=dict)
    """How often each kind of sum was asked for: never more often than planned, whoever asks."""
    end: str = ""
    """Why there are no more questions; "" while there are."""
    model: Mapping[str, Any] | None = None
    """The parameters of all and the limits of sets, as told at the end."""


@dataclass(frozen=True)
class Site:
    """One hospital: its name, its table (training and held-out rows), its key, and the keys of the others."""

    name: str
    table: SiteTable
    plan: Plan
    identity: Identity
    roster: Mapping[str, bytes]
    randomness: Randomness = field(default_factory=Randomness.secret)

    def answer(self, state: SiteState, kind: str, asked: Content) -> tuple[SiteState, dict[str, Any]]:
        """State afterwards, and the answer; one who cannot answer says why under "refused", and keeps its state."""
        try:
            if kind not in _ANSWERS:
                raise UnsupportedError("a question between sites", got=kind, allowed=", ".join(_ANSWERS))
            return _ANSWERS[kind](self, state, asked)
        except VitruvianError as error:
            return state, {"refused": f"{self.name}: {error}"}

    def shard(self, standard: Standard) -> Shard:
        """Training rows as the matrix of all sites."""
        train = self.table.parts(self.plan)[0]
        return Shard(standard.matrix(train.rows), train.outcome, train.people)


def _join(site: Site, state: SiteState, asked: Content) -> tuple[SiteState, dict[str, Any]]:
    if asked["plan"] != site.plan.fingerprint:
        raise DataError("the coordinator has another plan than this site", todo="Agree on one file of the plan.")
    train = site.table.parts(site.plan)[0]
    if not len(train.rows):
        raise DataError(f"no rows to train on ({len(site.table.rows)} held out)")
    return replace(state, member=None, waiting=None, end=""), told(train, site.plan)


def _keys(site: Site, state: SiteState, asked: Content) -> tuple[SiteState, dict[str, Any]]:
    if asked["count"] > site.plan.sums:
        raise AccessError("more sums than planned", got=asked["count"], allowed=site.plan.sums)
    member, advert = begin(asked["session"], site.name, asked["count"], site.identity)
    return replace(state, member=member), {"advert": advert}


def _shares(site: Site, state: SiteState, asked: Content) -> tuple[SiteState, dict[str, Any]]:
    member, boxes = deal(_member(state), asked["adverts"], site.roster, asked["threshold"])
    return replace(state, member=member), {"boxes": boxes}


def _boxes(site: Site, state: SiteState, asked: Content) -> tuple[SiteState, dict[str, Any]]:
    return replace(state, member=keep(_member(state), asked["boxes"])), {}


def _statistics(site: Site, state: SiteState, asked: Content) -> tuple[SiteState, dict[str, Any]]:
    train = site.table.parts(site.plan)[0]
    privacy = site.plan.privacy
    if privacy is None:
        terms = moments(train.rows).sum(axis=0)
    else:
        weights, most = weighed(site.plan.features)
        people = quiet.person_means(moments(train.rows) * weights, train.people)
        needed = _member(state).threshold
        terms = (
            quiet.noised(people, most, privacy.statistics, needed, site.randomness, "statistics", site.name) / weights
        )
    return _masked(site, state, asked, "statistics", terms)


def _round(site: Site, state: SiteState, asked: Content) -> tuple[SiteState, dict[str, Any]]:
    standard = Standard(**asked["standard"])
    shard, plan = site.shard(standard), site.plan
    network = Network(shard.x.shape[1], plan.hidden)
    if plan.privacy:
        use, needed = (site.name, str(asked["round"])), _member(state).threshold
        terms = quiet.gradient(plan.privacy, network, shard, asked["params"], needed, site.randomness, *use)
        return _masked(site, state, asked, "round", terms)
    if plan.algorithm == "newton":
        return _masked(site, state, asked, "round", curvature(network, shard, asked["params"]))
    start = personal(plan, network, asked["params"], state.head)
    control = np.zeros(network.size) if state.control is None else state.control
    seed = int.from_bytes(site.name.encode(), "big") * 10_000 + asked["round"]
    step = descend(plan, network, shard, start=start, all_control=asked["control"], control=control, seed=seed)
    terms = averaged(plan, network, shard, start, control, step)
    return _masked(site, replace(state, waiting=step), asked, "round", terms)


def _evaluate(site: Site, state: SiteState, asked: Content) -> tuple[SiteState, dict[str, Any]]:
    held = site.table.parts(site.plan)[1]
    x = Standard(**asked["standard"]).matrix(held.rows)
    network = Network(x.shape[1], site.plan.hidden)
    margin = network.margin(personal(site.plan, network, asked["params"], state.head), x)
    return _masked(site, state, asked, "evaluate", counted(margin, held.outcome))


def _reveal(site: Site, state: SiteState, asked: Content) -> tuple[SiteState, dict[str, Any]]:
    member, shares = reveal(_member(state), asked["sum"], tuple(asked["stayed"]))
    state = replace(state, member=member)
    if state.waiting is not None and site.name in asked["stayed"]:
        own = state.waiting.params if site.plan.personal else None
        state = replace(state, control=state.waiting.control, head=own, waiting=None)
    return state, {"shares": shares}


def personal(plan: Plan, network: Network, params: np.ndarray, head: np.ndarray | None) -> np.ndarray:
    """The parameters of all, with the site's own last layer where the plan is personal (`head`: its parameters)."""
    own = np.array(params)
    if plan.personal and head is not None:
        own[network.head] = head[network.head]
    return own


def _finish(site: Site, state: SiteState, asked: Content) -> tuple[SiteState, dict[str, Any]]:
    return replace(state, end="finished", model=asked), {}


def _stop(site: Site, state: SiteState, asked: Content) -> tuple[SiteState, dict[str, Any]]:
    return replace(state, end=str(asked["why"])), {}


def _masked(
    site: Site, state: SiteState, asked: Content, kind: str, terms: np.ndarray
) -> tuple[SiteState, dict[str, Any]]:
    """Terms under masks; with privacy, no kind of sum is answered more often than the privacy of the plan counts."""
    count = state.asked.get(kind, 0) + 1
    if site.plan.privacy and count > (site.plan.rounds if kind == "round" else 1):
        raise AccessError(f"the privacy of the plan is spent: {kind}", allowed=f"{count - 1} times")
    ring = Ring(len(_member(state).boxes))
    member, masked = mask(_member(state), asked["sum"], ring.encode(terms))
    return replace(state, member=member, asked={**state.asked, kind: count}), {"masked": masked}


def _member(state: SiteState) -> Member:
    if state.member is None:
        raise DataError("this site has no keys of the session", todo="It was started anew; it is in the next session.")
    return state.member


_ANSWERS = {
    "join": _join,
    "keys": _keys,
    "shares": _shares,
    "boxes": _boxes,
    "statistics": _statistics,
    "round": _round,
    "evaluate": _evaluate,
    "reveal": _reveal,
    "finish": _finish,
    "stop": _stop,
}


def state_content(state: SiteState) -> dict[str, Any]:
    """A state as plain data, to be kept at the site between questions."""
    content = {name: value for name, value in vars(state).items() if value is not None}
    for name in ("member", "waiting"):
        if name in content:
            content[name] = {k: sorted(v) if isinstance(v, frozenset) else v for k, v in asdict(content[name]).items()}
    return content


def state_of(content: Content) -> SiteState:
    """What `state_content` gave."""
    found = dict(content)
    if "member" in found:
        member = dict(found["member"])
        sets = {name: frozenset(member[name]) for name in ("masked", "revealed")}
        keys = {name: tuple(member[name]) for name in ("mask_keys", "own_seeds")}
        found["member"] = Member(**{**member, **sets, **keys})
    if "waiting" in found:
        found["waiting"] = Step(**found["waiting"])
    return SiteState(**found)
