"""Goals: what a dose should reach, and what it must not do."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from vitruvian.core import InputError, Source
from vitruvian.pharmacology import Drug, Target, find
from vitruvian.twin.answer import GoalStated
from vitruvian.twin.metrics import limits
from vitruvian.twin.words import target_name, target_text

_METRICS = ("auc24", "trough", "peak", "average", "cumulative_auc", "time_above", "inr")
_EXPRESSION = re.compile(
    r"(?P<metric>[a-z_0-9]+)\s*(?:>\s*(?P<above>[\d.]+)\s*)?[=:]?\s*(?P<low>[\d.]+)\s*(?:-|–|to)\s*(?P<high>[\d.]+)\s*(?P<unit>\S.*)?"
)
_ASKED = Source("Given by the person who asked", status="assumption")


@dataclass(frozen=True)
class Goal:
    """A target to reach and the harms to avoid; `harm_cap` is the largest acceptable probability of any harm."""

    target: Target
    harms: tuple[Target, ...] = ()
    harm_cap: float = 0.25
    harm_weight: float = 0.5

    def stated(self, unit: str) -> GoalStated:
        """The goal in words and numbers; `unit` is the unit of the metric."""
        low, high = limits(self.target)
        return GoalStated(
            name=self.target.name,
            metric=self.target.metric,
            title=target_name(self.target),
            output=self.target.output,
            low=low,
            high=None if high == float("inf") else high,
            unit=unit,
            when=_when(self.target),
            basis=self.target.indication or "target of the drug library",
            source=str(self.target.source),
            harms=tuple(target_text(h) + (f" ({h.indication})" if h.indication else "") for h in self.harms),
        )


def goal_for(drug: Drug, asked: str | None = None, *, mic: float | None = None) -> Goal:
    """The drug's default goal, the target named `asked`, or an expression such as "auc24 400-600 mg.h/L".

    `mic` (mg/L) replaces the default MIC. Raises `InputError` when the text is neither a name nor an expression.
    """
    names = {t.name: t for t in drug.efficacy_targets}
    if asked is None:
        if not drug.efficacy_targets:
            raise InputError(f"{drug.name} has no goal", todo='Give one, such as --goal "trough 10-15 mg/L".')
        target = drug.efficacy_targets[0]
    else:
        target = names.get(asked) or _parse(drug, asked, tuple(names))
    harms = drug.harm_targets
    if mic is not None:
        target = replace(target, mic=mic)
        harms = tuple(replace(h, mic=mic) for h in harms)
    return Goal(target, harms)


def exposure(drug: Drug | str) -> Goal:
    """The exposure band of the label dose in the trial population, for drugs without a therapeutic range."""
    drug = find(drug) if isinstance(drug, str) else drug
    for target in drug.efficacy_targets:
        if "exposure" in target.name or "label" in target.name:
            return Goal(target, drug.harm_targets)
    raise InputError(f"{drug.name} has no exposure band", allowed=", ".join(t.name for t in drug.efficacy_targets))


def _parse(drug: Drug, text: str, names: tuple[str, ...]) -> Target:
    match = _EXPRESSION.fullmatch(text.strip())
    if match is None or match["metric"] not in _METRICS:
        raise InputError(
            f"{drug.name} has no goal of this name",
            got=repr(text),
            allowed=", ".join(names) + '; or an expression such as "auc24 400-600 mg.h/L"',
        )
    metric, low, high = match["metric"], float(match["low"]), float(match["high"])
    like = next((t for t in drug.efficacy_targets if t.metric == metric), None)
    unit = (match["unit"] or "").strip() or (like.unit if like else "")
    if not unit and metric != "inr":
        raise InputError("a goal needs its unit", got=repr(text), todo='Give it, as in "trough 10-15 mg/L".')
    if not low < high:
        raise InputError("a goal needs low < high", got=f"{low:g} to {high:g}")
    if metric == "time_above" and match["above"] is None:
        raise InputError("time_above needs its concentration", got=repr(text), allowed='"time_above>8 60-100 %"')
    return Target(
        name=text.strip(),
        metric=metric,  # type: ignore[arg-type]
        low=low,
        high=high,
        unit=unit or "{INR}",
        source=_ASKED,
        output=like.output if like else drug.default_model.outputs[0].name,
        threshold=float(match["above"]) if match["above"] else None,
        unbound=like.unbound if like else 1.0,
        when=like.when if like else "steady_state",
    )


def _when(target: Target) -> str:
    when = target.when
    named = {"steady_state": "at steady state", "day_1": "on the first day", "all": "over the whole course"}
    return named.get(when, str(when)) if isinstance(when, str) else f"{when / 24:g} days from now"
