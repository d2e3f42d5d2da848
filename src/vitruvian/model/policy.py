"""A policy: a pure rule from what has been observed to the next action."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from vitruvian.model.schedule import Schedule


@runtime_checkable
class Policy(Protocol):
    """A pure rule. It holds no state of its own: what it must remember travels through `state`."""

    def initial(self, known: Any) -> Any:
        """State before anything was observed, from what is known of the person (their treatment so far)."""

    def decide(self, state: Any, observed: Any) -> tuple[Any, Any]:
        """The next action and the next state, from the state and what has just been observed."""


@dataclass(frozen=True)
class Fixed:
    """The policy that gives one schedule from the start, whatever is observed."""

    schedule: Schedule

    def initial(self, known: Any = None) -> bool:
        """Whether the schedule was handed out."""
        return False

    def decide(self, state: bool, observed: Any) -> tuple[Schedule, bool]:
        """The whole schedule at the first call; no more doses later."""
        return (Schedule((), self.schedule.drug) if state else self.schedule), True
