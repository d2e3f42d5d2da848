"""The closed loop as a Gymnasium environment: one virtual person at a time for libraries of reinforcement learning."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from vitruvian.control.closed_loop import Plan, Setting
from vitruvian.core import UnsupportedError

if TYPE_CHECKING:
    from vitruvian.control.gymnasium_environment import GlucoseEnvironment


def environment(
    setting: Setting, plan: Plan, *, safe: bool = True, every: int = 5, reward: Callable[[float], float] | None = None
) -> GlucoseEnvironment:
    """The people of `setting` through the days of `plan`; each reset draws one of them and a sensor's errors.

    Action, each from −1 to 1: basal rate from 0 to 4 times the profile's, and bolus up to 0.3 of a day's insulin
    (none below 0). Observation: `OBSERVED` names its parts. `reward` is of plasma glucose in mg/dL at the end of a
    step; without, minus its risk (0 at 112.5 mg/dL, −1 at 20 or 600). With `safe` the safety layer stands between.
    Raises `UnsupportedError` where Gymnasium is not installed.
    """
    try:
        from vitruvian.control.gymnasium_environment import GlucoseEnvironment
    except ModuleNotFoundError as error:
        raise UnsupportedError("Gymnasium is not installed", todo="pip install 'vitruvian[gym]'") from error
    return GlucoseEnvironment(setting, plan, safe=safe, every=every, reward=reward)
