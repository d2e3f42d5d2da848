"""Policies by the name that a command line or a scenario file calls them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vitruvian.control.basal_bolus import BasalBolus
from vitruvian.control.injections import Injections
from vitruvian.control.learned import learned
from vitruvian.control.loop_algorithm import LoopAlgorithm
from vitruvian.control.oref import Oref
from vitruvian.control.pid import PID
from vitruvian.control.policy import GlucosePolicy
from vitruvian.control.predictive import Predictive
from vitruvian.control.safety import Safe
from vitruvian.core import UnknownNameError

POLICIES: Mapping[str, Callable[[], GlucosePolicy]] = {
    "basal_bolus": BasalBolus,
    "injections": Injections,
    "learned": lambda: Safe(learned()),
    "loop_algorithm": lambda: Safe(LoopAlgorithm()),
    "oref": lambda: Safe(Oref()),
    "pid": lambda: Safe(PID()),
    "predictive": lambda: Safe(Predictive()),
}
"""What decides by itself comes under the safety layer."""


def policy_named(name: str) -> GlucosePolicy:
    """A policy with its usual settings; raises `UnknownNameError`."""
    if name not in POLICIES:
        raise UnknownNameError("there is no such controller", got=name, allowed=", ".join(POLICIES))
    return POLICIES[name]()
