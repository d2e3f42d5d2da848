"""What a federated training leaves: a learned model like any other, kept as a folder without any site's rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from vitruvian.core import DataError, InputError, Source
from vitruvian.learn import Contributions, Feature, Header, Kind, Learned, Manifest, Parts, Rows, Scores, Target, save
from vitruvian.learn.private import epsilon_of
from vitruvian.learn.trust import Conformal, abstention, conformal_of
from vitruvian.study.federated.coordinator import Trained
from vitruvian.study.federated.counts import UNKNOWN
from vitruvian.study.federated.design import Standard
from vitruvian.study.federated.network import Network, probability
from vitruvian.study.federated.plan import plain
from vitruvian.study.federated.quiet import spent
from vitruvian.study.federated.site import Site, SiteState, personal

PATH_STEPS = 32
"""Points of the path over which a network's gradient is averaged (integrated gradients)."""


@dataclass(frozen=True)
class FederatedModel(Learned):
    """Logistic regression or a small network, trained across sites. Probabilities are of (no event, event)."""

    name: str
    title: str
    version: str
    features: tuple[Feature, ...]
    target: Target
    standard: Standard
    network: Network
    params: np.ndarray
    conformal: Conformal
    manifest: Manifest = field(default_factory=Manifest)
    sources: tuple[Source, ...] = ()

    def margin(self, rows: Rows) -> np.ndarray:
        """Log-odds of each row. Raises DataError where the rows' features are not the model's."""
        return self.network.margin(self.params, self._matrix(rows))

    def predict(self, rows: Rows) -> Scores:
        """As the platform's models: a row outside the declared bounds is answered by abstaining."""
        p = probability(self.margin(rows))
        both = np.column_stack([1 - p, p])
        sets = self.conformal.sets(both)
        abstained, why = abstention(sets, self.target.events, self.conformal.level, rows)
        return Scores(self.target, both, sets, abstained, why, self.conformal.level)

    def explain(self, rows: Rows) -> Contributions:
        """Integrated gradients from the mean person (M. Sundararajan et al., arXiv:1703.01365); exact where linear.

        What the quadrature leaves over is in `base`.
        """
        x = self._matrix(rows)
        points = (np.arange(PATH_STEPS) + 0.5) / PATH_STEPS if self.network.hidden else np.ones(1)
        slopes = sum(self.network.slopes(self.params, point * x) for point in points) / len(points)
        values = np.zeros((len(rows), len(self.features)))
        for column, owner in enumerate(self.standard.owners(self.features)):
            values[:, owner] += (slopes * x)[:, column]
        margin = self.network.margin(self.params, x)
        return Contributions(self.features, margin - values.sum(axis=1), values, margin)

    def _matrix(self, rows: Rows) -> np.ndarray:
        if [(f.name, f.unit) for f in rows.features] != [(f.name, f.unit) for f in self.features]:
            raise DataError("the rows' features are not the model's", got=", ".join(f.name for f in rows.features)[:80])
        return self.standard.matrix(rows)


def model_of(trained: Trained) -> FederatedModel:
    """The model of all sites, with how it came about in its manifest."""
    plan = trained.plan
    used = [len(one.sites) for one in trained.rounds]
    settings: dict[str, Any] = {"plan": plain(plan), "sites": list(trained.sites), "sites_in_rounds": used}
    settings |= {"notes": list(trained.notes), "split": f"fold {plan.fold} of {plan.folds} by person"}
    if plan.privacy:
        settings["epsilon"], settings["delta"] = epsilon_of(spent(plan), plan.privacy.delta), plan.privacy.delta
    manifest = Manifest(seed=plan.seed, rows=trained.rows, versions=_versions(), trained=_now(), settings=settings)
    return FederatedModel(
        plan.name,
        plan.target.title,
        "1",
        plan.features,
        plan.target,
        trained.standard,
        trained.network,
        trained.params,
        trained.evaluation.sets if trained.evaluation else UNKNOWN,
        manifest,
    )


def new_folder(folder: Path | None) -> None:
    """Raises InputError, before anything is trained, where something lies at `folder` already."""
    if folder is not None and folder.exists():
        raise InputError("a model is not written over", got=folder.name, todo="Give a folder that does not exist.")


def keep_model(trained: Trained, folder: Path | None) -> None:
    """Write the model of a training, whole or not at all; nothing where no folder is given."""
    if folder is not None:
        save(model_of(trained), folder)


def keep_site_model(site: Site, state: SiteState, folder: Path) -> None:
    """What a site has at the end: the model of all, with its own last layer where the plan is personal."""
    told, plan = state.model, site.plan
    if told is None:
        raise DataError("this site was not told a model")
    standard = Standard(**told["standard"])
    network = Network(standard.width(plan.features), plan.hidden)
    manifest = Manifest(
        seed=plan.seed,
        rows=len(site.table.rows),
        trained=_now(),
        versions=_versions(),
        settings={"plan": plain(plan), "site": site.name, "rows_are": "those of this site"},
    )
    named = (plan.name, plan.target.title, "1", plan.features, plan.target)
    params = personal(plan, network, told["params"], state.head)
    save(FederatedModel(*named, standard, network, params, conformal_of(told["sets"]), manifest), folder)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("vitruvian", "numpy", "cryptography")}


def _to_parts(model: FederatedModel) -> Parts:
    data: Mapping[str, Any] = {"network": vars(model.network), "conformal": model.conformal.to_dict()}
    return Parts(data, {**vars(model.standard), "params": model.params})


def _from_parts(header: Header, parts: Parts) -> FederatedModel:
    arrays = dict(parts.arrays)
    params = arrays.pop("params")
    network, conformal = Network(**parts.data["network"]), conformal_of(parts.data["conformal"])
    return FederatedModel(
        header.name,
        header.title,
        header.version,
        header.features,
        header.target,
        Standard(**arrays),
        network,
        params,
        conformal,
        header.manifest,
        header.sources,
    )


FEDERATED = Kind(_to_parts, _from_parts)
"""How it is kept (entry point `vitruvian.learned`)."""
