"""Death in intensive care (PhysioNet 2012) by trees, a recurrent network and a transformer of the history: who wins.

All see the same stays and the same 48 hours. Each is trained on the folds of set a; set b, where given, is opened
once, by the mean (in log-odds) of each kind's fold models. Descriptors that do not change are known to all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int

from vitruvian import __version__
from vitruvian.core import DataError, InputError
from vitruvian.learn import Rows, Target
from vitruvian.learn.history import Events as Known
from vitruvian.learn.history import HistoryShape, Vocabulary, fit_history, histories
from vitruvian.learn.sequence import Shape, Training, Windows, fit_sequences
from vitruvian.learn.table import FLOORS
from vitruvian.learn.trust import Interval, bootstrap, difference
from vitruvian.study.events import Moments, icu2012_events
from vitruvian.study.features import features_of, read_recipe
from vitruvian.study.learning import open_test
from vitruvian.study.series import known_of, windows_of

NAMES = ("LightGBM", "GRU-D", "history transformer")
FIXED = ("Age", "Gender", "ICUType", "Height")
TARGET = Target("death_in_hospital", "Death in hospital")
_BEGIN, _HOUR = 946_684_800_000_000, 3_600_000_000
RECURRENT = Shape("gru_d", 40)
RECURRENT_HOW = Training(epochs=25, batch=100, rate=3e-3, decay=1e-2, noise=0.5, patience=5, seed=1)
HISTORY = HistoryShape(width=32, layers=2, heads=2, most=112)
HISTORY_HOW = Training(epochs=7, batch=64, rate=2e-3, decay=1e-2, noise=0.4, patience=3, seed=1)


@dataclass(frozen=True)
class Stays:
    """The stays of one set as each kind of model takes them, and who died."""

    rows: Rows
    windows: Windows
    known: Known
    kinds: Mapping[str, str]
    died: Bool[np.ndarray, " stays"]

    def __len__(self) -> int:
        return len(self.died)


@dataclass(frozen=True)
class Entry:
    """One kind of model: AUROC and Brier score with 95 % intervals, and AUROC less that of the first kind."""

    name: str
    auroc: Interval
    brier: Interval
    against: Interval | None


@dataclass(frozen=True)
class Contest:
    """By cross-validation on set a, and on set b where it was opened; in the order of `NAMES`."""

    folds: tuple[Entry, ...]
    opened: tuple[Entry, ...]

    @property
    def winner(self) -> str:
        """The kind with the highest AUROC, on set b if it was opened."""
        return max(self.opened or self.folds, key=lambda one: one.auroc.value).name


def icu_stays(series: Path, outcomes: Path) -> Stays:
    """One set of the challenge: 48 hours of every stay. Raises `DataError` for files that are not the challenge's."""
    import polars as pl

    table = pl.read_csv(outcomes, schema_overrides={"RecordID": pl.String})
    if not {"RecordID", "In-hospital_death"} <= set(table.columns):
        raise DataError(f"{outcomes.name} has no outcomes", got=table.columns, allowed="RecordID, In-hospital_death")
    subjects = tuple(table["RecordID"].to_list())
    events, moments = icu2012_events(series), Moments(subjects, np.full(len(subjects), _BEGIN + 48 * _HOUR))
    recipe = read_recipe("icu2012_48h")
    windows, _ = windows_of(recipe, events, moments, FIXED, steps=24, every=2.0)
    known, kinds = known_of(recipe, events, moments, every=12.0)
    died = table["In-hospital_death"].to_numpy() == 1
    return Stays(features_of(recipe, events, moments).rows, windows, known, kinds, died)


def icu_contest(
    a: Stays,
    b: Stays | None = None,
    *,
    folds: int = 3,
    seed: int = 20,
    data: Mapping[str, str] | None = None,
    ledger: Path | None = None,
    say: Callable[[str], None] = print,
) -> Contest:
    """Train every kind on every fold of set a, and score the rest; set b, if given, is opened once.

    The opening is written into `ledger` first, with `data` (name and md5 of the files). Raises InputError where set b
    is given without a ledger, or was opened for this release already.
    """
    if b and not ledger:
        raise InputError("set b is opened without a ledger", todo="Give the file in which openings are written down.")
    if b and ledger:
        open_test(ledger, "icu_sequences", __version__, dict(data or {}), ", ".join(NAMES))
    fold = _folds(a.died, folds, seed)
    inside = {name: np.zeros(len(a)) for name in NAMES}
    outside = {name: np.zeros(len(b) if b else 0) for name in NAMES}
    for k in range(folds):
        mine = fold != k
        for name, fit in zip(NAMES, (_trees, _recurrent, _history), strict=True):
            score = fit(a, mine, np.random.default_rng([seed, k]).random(len(a)) < 0.15)
            inside[name][~mine] = score(a)[~mine]
            say(f"{name}, fold {k + 1}: AUROC {bootstrap(inside[name][~mine], a.died[~mine])}")
            if b:
                outside[name] += _logit(score(b)) / folds
    opened = _entries({name: 1 / (1 + np.exp(-one)) for name, one in outside.items()}, b.died) if b else ()
    return Contest(_entries(inside, a.died), opened)


Score = Callable[[Stays], Float[np.ndarray, " stays"]]


def _trees(a: Stays, mine: Bool[np.ndarray, " stays"], stop: Bool[np.ndarray, " stays"]) -> Score:
    scorer = FLOORS["LightGBM, regularised"](Rows(a.rows.features, a.rows.values[mine]), a.died[mine], 0, None)
    return lambda stays: scorer(stays.rows.values)


def _recurrent(a: Stays, mine: Bool[np.ndarray, " stays"], stop: Bool[np.ndarray, " stays"]) -> Score:
    parts = {"train": mine & ~stop, "stop": mine & stop, "calibrate": mine & stop}
    train = a.windows.take(parts["train"])
    there = np.asarray(train.seen.any((0, 1)))
    fixed = np.asarray(np.isfinite(train.fixed.values).any(0))

    def seen(stays: Stays) -> Windows:
        """Without what none of the training stays has: nothing can be learned from it."""
        one = stays.windows
        channels = tuple(each for each, known in zip(one.channels, there, strict=True) if known)
        kept = tuple(each for each, known in zip(one.fixed.features, fixed, strict=True) if known)
        rows = Rows(kept, one.fixed.values[:, fixed])
        return replace(one, channels=channels, values=one.values[:, :, there], fixed=rows)

    model = fit_sequences(
        seen(a), a.died, parts, RECURRENT, RECURRENT_HOW, name="icu", title="ICU", target=TARGET, unit="h"
    )  # fmt: skip
    return lambda stays: model.predict(seen(stays)).probability[:, 1]


def _history(a: Stays, mine: Bool[np.ndarray, " stays"], stop: Bool[np.ndarray, " stays"]) -> Score:
    words = Vocabulary.of(_of_rows(a.known, mine), a.kinds)
    found = histories(a.known, words, len(a), HISTORY.most)
    parts = {"train": mine & ~stop, "stop": mine & stop, "calibrate": mine & stop}
    model = fit_history(
        found, words, a.died, parts, HISTORY, HISTORY_HOW, name="icu", title="ICU", target=TARGET, unit="h"
    )  # fmt: skip
    return lambda stays: model.predict(histories(stays.known, words, len(stays), HISTORY.most)).probability[:, 1]


def _of_rows(known: Known, rows: Bool[np.ndarray, " rows"]) -> Known:
    kept = np.flatnonzero(rows[known.row])
    return Known(known.row[kept], known.time[kept], tuple(known.code[int(k)] for k in kept), known.value[kept])


def _folds(died: Bool[np.ndarray, " stays"], folds: int, seed: int) -> Int[np.ndarray, " stays"]:
    """A fold for each stay, with as many deaths in each."""
    random = np.random.default_rng(seed)
    fold = np.empty(len(died), int)
    for outcome in (False, True):
        rows = np.flatnonzero(died == outcome)
        fold[random.permutation(rows)] = np.arange(len(rows)) % folds
    return fold


def _logit(p: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return np.log(p / (1 - p))


def _entries(scores: Mapping[str, Float[np.ndarray, " n"]], died: Bool[np.ndarray, " n"]) -> tuple[Entry, ...]:
    first = scores[NAMES[0]]
    return tuple(Entry(name, *_measured(one, died), _against(one, first, died)) for name, one in scores.items())


def _measured(score: Float[np.ndarray, " n"], died: Bool[np.ndarray, " n"]) -> tuple[Interval, Interval]:
    return bootstrap(score, died, "auroc"), bootstrap(score, died, "brier")


def _against(score: np.ndarray, first: np.ndarray, died: np.ndarray) -> Interval | None:
    return None if score is first else difference(score, first, died, "auroc")
