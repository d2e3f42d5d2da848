"""The guard: what stops a recommendation or must be said beside it. It stands apart from the models.

Every check is a pure function of plain numbers and returns messages; a message of severity "refusal" stops the
recommendation. Nothing here reads a record or runs a model.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Mapping, Sequence

from vitruvian.model import Model
from vitruvian.pharmacology import Drug
from vitruvian.twin.answer import Message, Severity
from vitruvian.twin.bounds import outside
from vitruvian.twin.candidates import Candidate
from vitruvian.twin.covariates import to_measure
from vitruvian.twin.words import covariate_name, listed, number_text, unit_text

DUPLICATES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("anticoagulants", ("B01AA", "B01AB", "B01AE", "B01AF", "B01AX05")),
    ("calcineurin inhibitors", ("L04AD",)),
    ("aminoglycosides", ("J01G",)),
    ("glycopeptides", ("J01XA",)),
    ("triazole antifungals", ("J02AC",)),
    ("TNF blockers", ("L04AB",)),
    ("carbapenems and antipseudomonal penicillins", ("J01DH", "J01CR05", "J01CA12")),
)
"""Groups of which a person should take one at a time, by ATC prefix."""

P_REFUSE, P_WARN = 0.001, 0.05
"""Posterior-predictive p-values below which the model is held not to describe this person, or a warning is given."""


def check_missing(
    needed: Iterable[str], known: Mapping[str, float], what: str, held: Container[str] = ()
) -> list[Message]:
    """Required numbers that the record does not hold; `held` is what it holds beside, from which some are derived."""
    missing = [name for name in needed if name not in known or not math.isfinite(known[name])]
    if not missing:
        return []
    parts = dict.fromkeys(covariate_name(part) for name in missing for part in to_measure(name, held))
    text = f"{what} needs {listed(covariate_name(name) for name in missing)}, which the record does not hold."
    return [Message("refusal", "missing-data", text, f"Record {listed(parts)}, with unit and time.")]


def check_alive(death: str | None) -> list[Message]:
    """A recorded death refuses; `death` says when ("on 2021-02-21", "at an unknown time"), `None`: alive."""
    if death is None:
        return []
    text = f"The record says that this person died {death}."
    todo = "Name a moment before that to look back, or correct the record."
    return [Message("refusal", "deceased", text, todo)]


def check_effect(drug: Drug, treated: bool, measured: bool) -> list[Message]:
    """A drug that is dosed by the INR, in a person whose INR nobody knows: of late where `treated`, or at all."""
    if measured or "{INR}" not in {o.unit for o in drug.default_model.outputs}:
        return []
    text = f"No INR of this person {f'since {drug.name} began ' if treated else ''}is recorded: "
    text += "the answer is that of people like this person, not of this person."
    return [Message("warning", "no-inr", text, "Measure the INR before a dose is given, and record it.")]


def check_domain(model: Model, known: Mapping[str, float]) -> list[Message]:
    """Covariates outside the range in which a model may be used (refusal) or was studied (warning)."""
    found = []
    for c in model.covariates:
        value = known.get(c.name)
        if value is None:
            continue
        named = f"{covariate_name(c.name)} {number_text(value)} {unit_text(c.unit)}".rstrip()
        if not (c.hard[0] <= value <= c.hard[1]):
            text = f"{named} lies outside {_interval(c.hard, c.unit)}, for which “{model.title}” may be used."
            found.append(Message("refusal", "outside-domain", text, "Use another model or check the value."))
        elif not (c.soft[0] <= value <= c.soft[1]):
            text = f"{named} lies outside {_interval(c.soft, c.unit)}, of the people “{model.title}” was made from."
            found.append(Message("warning", "outside-studied-range", text, "Rely more on levels than on the model."))
        elif c.categories and value not in c.categories:
            text = f"{named} is not one of {', '.join(f'{k:g}' for k in c.categories)}."
            found.append(Message("refusal", "outside-domain", text, "Check the value."))
    return found


def check_age_of_data(drug: Drug, age_h: Mapping[str, float]) -> list[Message]:
    """Measurements that dosing rests on but are older than the drug's monitoring allows (`age_h` in hours)."""
    found = []
    for m in drug.monitoring:
        if m.covariate is None or m.max_age is None or m.covariate not in age_h:
            continue
        if age_h[m.covariate] > m.max_age:
            text = f"{m.what} is {_days(age_h[m.covariate])} old; at most {_days(m.max_age)} is accepted."
            found.append(Message("refusal", "data-too-old", text, "Measure it again.", str(m.source)))
    return found


def check_duplicates(drug: Drug, active: Sequence[tuple[str, str]]) -> list[Message]:
    """Other active drugs of the same group; `active` holds (name, ATC code) of what the person takes."""
    own = drug.codes.get("atc", "")
    found = []
    for group, prefixes in DUPLICATES:
        if not own.startswith(prefixes):
            continue
        for name, atc in active:
            if atc and atc != own and atc.startswith(prefixes):
                text = f"{name} is active too: two {group} at once."
                found.append(Message("refusal", "duplicate-therapy", text, f"Stop {name} first, or record its end."))
    return found


def check_allergy(drug: Drug, allergies: Sequence[tuple[str, str]]) -> list[Message]:
    """A recorded allergy to this drug; `allergies` holds (name, ATC or RxNorm code)."""
    codes = set(drug.codes.values())
    found = []
    for name, code in allergies:
        if code in codes or name.strip().lower() in {drug.name, *(s.lower() for s in drug.synonyms)}:
            text = f"The record holds an allergy to {name}."
            found.append(Message("refusal", "allergy", text, "Clear the allergy or choose another drug."))
    return found


def check_label(drug: Drug, person: Mapping[str, float], indication: str = "") -> list[Message]:
    """Label rules that bind this person: "avoid" refuses, the others are said; unchecked rules refuse."""
    found = []
    for rule in drug.label_rules:
        if rule.indication and indication and rule.indication != indication:
            continue
        missing = [n for n in rule.needs if n not in person]
        if missing:
            parts = dict.fromkeys(covariate_name(part) for name in missing for part in to_measure(name, person))
            needed = listed(covariate_name(name) for name in missing)
            text = f"The label rule “{rule.name}” cannot be checked without {needed}."
            todo = f"Record {listed(parts)}, with unit and time."
            found.append(Message("refusal", "label-unchecked", text, todo, str(rule.source)))
        elif rule.check(person):
            severity: Severity = "refusal" if rule.action == "avoid" else "warning"
            text = f"Label ({rule.name}): {rule.consequence}"
            found.append(Message(severity, f"label-{rule.action}", text, "", str(rule.source)))
    return found


def option_faults(drug: Drug, c: Candidate, person: Mapping[str, float], *, indication: str = "") -> tuple[str, ...]:
    """Why a regimen is not allowed for this person (empty: allowed): bounds, label amounts, real products."""
    faults: list[str] = []
    if not (math.isfinite(c.amount) and c.amount > 0 and math.isfinite(c.daily)):
        return ("the dose is not a positive number",)
    faults += outside(drug, c, weight=person.get("WT"), bsa=person.get("BSA"))
    for rule in drug.label_rules:
        if rule.indication and indication and rule.indication != indication:
            continue
        if rule.amount is None or not rule.check(person):
            continue
        if rule.action == "amount" and abs(c.amount - rule.amount) > 1e-9:
            faults.append(f"label: {rule.amount:g} {rule.unit} ({rule.name})")
        if rule.action == "maximum" and c.amount > rule.amount + 1e-9:
            faults.append(f"label: at most {rule.amount:g} {rule.unit} ({rule.name})")
        if rule.action == "maximum_daily" and c.daily > rule.amount + 1e-9:
            faults.append(f"label: at most {rule.amount:g} {rule.unit} a day ({rule.name})")
    if not is_real(drug, c):
        faults.append("no product gives this amount")
    return tuple(faults)


def check_dose(drug: Drug, c: Candidate, person: Mapping[str, float], models: Iterable[Model]) -> list[Message]:
    """A regimen outside absolute bounds, or an amount that a model may not be used for (refusals: nothing is computed
    of it); outside recommended bounds, or the amounts that were studied (warnings)."""
    weight, bsa = person.get("WT"), person.get("BSA")
    found = []
    for text in outside(drug, c, weight=weight, bsa=bsa):
        found.append(Message("refusal", "dose-not-allowed", f"{text}.", "Choose an amount and interval within it."))
    if not found:
        for text in outside(drug, c, "recommended", weight=weight, bsa=bsa):
            found.append(Message("warning", "dose-not-recommended", f"{text}."))
    return [*found, *(one for model in models for one in check_domain(model, {"DOSE": c.amount}))]


def is_real(drug: Drug, c: Candidate) -> bool:
    """Whether the dose (and the loading dose) is a whole number of steps of a product by this route."""
    steps = [p.step for p in drug.products if p.route == c.route]
    amounts = [c.amount] + ([c.loading] if c.loading is not None else [])
    return all(any(abs(a / s - round(a / s)) < 1e-6 and round(a / s) >= 1 for s in steps) for a in amounts)


def check_predictive(p_value: float | None, model: str) -> list[Message]:
    """A posterior-predictive check that fails: the model does not describe these levels."""
    if p_value is None or p_value >= P_WARN:
        return []
    text = f"The levels do not fit {model} (posterior-predictive p = {p_value:.2g})."
    todo = "Check dose times, sampling times and units of the levels, then ask again."
    return [Message("refusal" if p_value < P_REFUSE else "warning", "predictive-check", text, todo)]


def check_convergence(converged: bool, model: str) -> list[Message]:
    """A fit that did not converge."""
    if converged:
        return []
    text = f"The fit of {model} did not converge."
    return [Message("refusal", "not-converged", text, "Check the levels; ask again with more draws or another model.")]


def refused(messages: Iterable[Message]) -> bool:
    """Whether any message is a refusal."""
    return any(m.severity == "refusal" for m in messages)


def _interval(bounds: tuple[float, float], unit: str) -> str:
    low, high = bounds
    text = f"{low:g} to {high:g}"
    if math.isinf(low):
        text = f"up to {high:g}"
    elif math.isinf(high):
        text = f"from {low:g} on"
    return f"{text} {unit_text(unit)}".rstrip()


def _days(hours: float) -> str:
    return f"{hours:.0f} h" if hours < 72 else f"{hours / 24:.0f} days"
