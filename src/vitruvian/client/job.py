"""A job at a server: long work to follow, stop and read."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from vitruvian.client.connection import Connection
from vitruvian.client.told import Answer, Json, answer_of
from vitruvian.core import RefusalError, StoreError

_OVER = ("done", "failed", "cancelled")


@dataclass(frozen=True)
class Step:
    """What one step of a job told: an answer, or why there is none."""

    person: str
    answer: Answer | None
    problem: str


@dataclass
class Job:
    """A job as it was when it was last looked at."""

    connection: Connection
    told: Json

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.told["job"]["id"])

    @property
    def state(self) -> str:
        """waiting, running, done, failed or cancelled."""
        return str(self.told["job"]["state"])

    @property
    def progress(self) -> float:
        """Finished part, 0 to 1."""
        return float(self.told["progress"])

    def refresh(self) -> Job:
        """Look again."""
        self.told = self.connection.send("GET", f"/jobs/{self.id}")
        return self

    def cancel(self) -> Job:
        """Stop before the next step."""
        self.told = self.connection.send("POST", f"/jobs/{self.id}/cancel")
        return self

    def resume(self) -> Job:
        """Go on after it was cancelled or failed."""
        self.told = self.connection.send("POST", f"/jobs/{self.id}/resume")
        return self

    def wait(
        self, longest_s: float = 600.0, every_s: float = 0.5, on_progress: Callable[[float], None] | None = None
    ) -> Job:
        """Until it is over. Raises `StoreError` after the longest time, `RefusalError` where it failed."""
        until = time.monotonic() + longest_s
        while self.refresh().state not in _OVER:
            if on_progress is not None:
                on_progress(self.progress)
            if time.monotonic() > until:
                raise StoreError("the job is not over yet", got=self.state, todo="Wait longer; it goes on meanwhile.")
            time.sleep(every_s)
        if self.state == "failed":
            raise RefusalError(f"the job failed: {self.told['job']['problem']}")
        return self

    def results(self) -> list[Step]:
        """What its finished steps told, as far as you may still see it."""
        return [_step(one) for one in self.connection.pages(f"/jobs/{self.id}/results", {})]


def _step(one: Json) -> Step:
    told = one["told"]
    if told is None or "problem" in told:
        return Step(one["person"], None, one["withheld"] if told is None else told["problem"])
    return Step(one["person"], answer_of(told), "")
