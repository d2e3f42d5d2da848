"""Page of a forecast contest on one person: the twin beside its baselines at each horizon, and the verdict plainly."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from vitruvian import __version__
from vitruvian.reports.files import write_whole
from vitruvian.reports.page import environment


class Scored(Protocol):
    """One forecaster at one horizon: errors in mg/dL and as a share, and the share that its 90 % band holds."""

    @property
    def name(self) -> str: ...
    @property
    def minutes(self) -> int: ...
    @property
    def forecasts(self) -> int: ...
    @property
    def rmse(self) -> float: ...
    @property
    def mard(self) -> float: ...
    @property
    def cover(self) -> float | None: ...


class Contested(Protocol):
    """A contest's result (`vitruvian.study.Contest`)."""

    @property
    def person(self) -> str: ...
    @property
    def days(self) -> int: ...
    @property
    def scores(self) -> Sequence[Scored]: ...
    @property
    def verdict(self) -> str: ...


def contest_page(contest: Contested) -> str:
    """The page as HTML text: forecasters of each horizon from the best to the worst."""
    return environment().get_template("glucose_contest.html").render(_view(contest))


def contest_report(contest: Contested, path: str | Path) -> Path:
    """Write the page to `path`, whole or not at all; returns the path."""
    return write_whole(Path(path), contest_page(contest))


def _view(contest: Contested) -> dict[str, Any]:
    largest = max(one.rmse for one in contest.scores)
    horizons = [
        (minutes, sorted((one for one in contest.scores if one.minutes == minutes), key=lambda one: one.rmse))
        for minutes in dict.fromkeys(one.minutes for one in contest.scores)
    ]
    verdict = contest.verdict
    return {
        "c": contest,
        "verdict": verdict[0].upper() + verdict[1:],
        "horizons": horizons,
        "widths": {id(one): round(100 * one.rmse / largest, 1) for one in contest.scores},
        "key": id,
        "version": __version__,
    }
