"""The twin of risks, as others see it: what learned models say of this person, and what would lower it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from vitruvian.core import UnsupportedError
from vitruvian.learn import Rows
from vitruvian.learn.trust import counterfactual, plausible_of
from vitruvian.study.scores.models import FOLDER, Installed, installed
from vitruvian.study.scores.person import Seen, seen
from vitruvian.study.scores.told import EVENT, score_told, silent_told
from vitruvian.twin.doors import Field, Missing, Question, Status, Told, Warm, after_death, seen_now

if TYPE_CHECKING:
    from vitruvian.record import Patient

LEAST = 0.1
"""Share of a model's values that the record must say for a score."""
_SEEN: Warm[Seen] = Warm(64)


class RiskDoor:
    """Scores of the models that are installed here."""

    name = "risk"
    title = "Risks"
    about = "What models learned from many people say of this person: calibrated risks, with sets, reasons and doubts."
    needs = f"A trained model in the folder that {FOLDER} names, and facts that its recipe takes."

    def status(self, patient: Patient, at: str | None = None) -> tuple[Status, ...]:
        """One for each model that the record says anything to."""
        models = installed()
        if models and (dead := after_death(patient, at)):
            return dead
        stands = (_status(one, _seen(patient, one, at)) for one in models.values())
        return tuple(one for one in stands if one is not None)

    def questions(self, patient: Patient) -> tuple[Question, ...]:
        """The risk, and what would lower it where a model has values that can be acted on."""
        models = installed()
        if not models:
            return ()
        told = sorted(models.values(), key=lambda one: -_seen(patient, one, None).share)
        able = [one for one in told if one.model.manifest.settings.get("plausible")]
        asked = [Question("risk", "What is the risk?", "With its set, and what moved it.", (_choice(told),))]
        if able:
            goal = Field("target", "Down to", unit="%", low=0.1, high=99.0, optional=True,
                         about="Left out: half of what it is.")  # fmt: skip
            about = "The fewest, smallest changes of values that can be acted on, as the model sees it."
            asked.append(Question("lower", "What would lower it?", about, (_choice(able), goal)))
        return tuple(asked)

    def ask(self, patient: Patient, question: str, values: Mapping[str, Any], at: str | None = None) -> Told:
        """The answer; raises `UnsupportedError` where the model is not installed any more."""
        one = installed().get(values["model"])
        if one is None:
            raise UnsupportedError(
                "this model is not installed here", got=values["model"], allowed=", ".join(installed())
            )
        person = _seen(patient, one, at)
        if person.share < LEAST:
            return silent_told(one, person, question)
        if question == "risk":
            return score_told(one, person, question)
        target = values.get("target")
        now = float(_risk(one)(person.row)[0])
        usual = plausible_of(one.model.manifest.settings["plausible"])
        change = counterfactual(_risk(one), person.row, usual, target / 100 if target is not None else now / 2)
        return score_told(one, person, question, change)


RISK = RiskDoor()


def _seen(patient: Patient, one: Installed, at: str | None) -> Seen:
    return _SEEN.get((seen_now(patient), one.fingerprint, at), lambda: seen(patient, one, at))


def _risk(one: Installed) -> Callable[[Rows], Float[np.ndarray, " n"]]:
    def told(rows: Rows) -> Float[np.ndarray, " n"]:
        return one.model.predict(rows).probability[:, EVENT]

    return told


def _choice(models: list[Installed]) -> Field:
    return Field("model", "Model", "choice", default=models[0].model.name,
                 choices=tuple((one.model.name, one.model.title) for one in models))  # fmt: skip


def _status(one: Installed, person: Seen) -> Status | None:
    """None where the record says nothing that the model takes."""
    if not person.said.any():
        return None
    known, all_of, title = int(person.said.sum()), len(person.said), one.model.title
    if person.share < LEAST:
        lack = Missing("what the model takes", f"{known} of {all_of} values are known.", "Measure or import them.")
        return Status("blocked", f"The record says too little for {title}.", missing=(lack,), subject=title)
    scores = one.model.predict(person.row)
    doubt = " The model does not decide." if scores.abstained[0] else ""
    risk = 100 * float(scores.probability[0, EVENT])
    return Status("ready", f"{scores.target.title}: {risk:.2g} %.{doubt}", person.newest, _credible(one), (),
                  "What moved it?", title)  # fmt: skip


def _credible(one: Installed) -> str:
    """How the model did on people that it was not fitted on, where it keeps that."""
    told: Any = one.model.manifest.settings.get("validation")
    try:
        auroc, part = told["measures"]["auroc"], told["part"]
        return f"AUROC {auroc['value']:.3f} ({auroc['low']:.3f} to {auroc['high']:.3f}) by {part}."
    except (KeyError, TypeError):
        return "How well it does is in its card."
