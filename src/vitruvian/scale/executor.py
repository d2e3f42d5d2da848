"""One way to map work over many people: the same chunks, in order, whatever runs them."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

Work = TypeVar("Work")
Result = TypeVar("Result")


class Executor(Protocol):
    """Maps a pure, importable function over chunks of work; results come lazily and in the order of the work."""

    def map(self, function: Callable[[Work], Result], work: Iterable[Work]) -> Iterator[Result]: ...


@dataclass(frozen=True)
class InProcess:
    """Runs chunks one after another in this process: the default; compiled programs are shared."""

    def map(self, function: Callable[[Work], Result], work: Iterable[Work]) -> Iterator[Result]:
        return map(function, work)


@dataclass(frozen=True)
class ProcessPool:
    """Runs chunks in `workers` spawned processes, at most two chunks waiting for each, so that memory stays bounded.

    `function` and the work must be importable and picklable; each worker compiles for itself.
    """

    workers: int = 2

    def map(self, function: Callable[[Work], Result], work: Iterable[Work]) -> Iterator[Result]:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(self.workers, mp_context=context) as pool:
            waiting: deque[Any] = deque()
            for item in work:
                waiting.append(pool.submit(function, item))
                if len(waiting) > 2 * self.workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()


def progress_bar(description: str, total: int, *, shown: bool = True) -> AbstractContextManager[Callable[[int], None]]:
    """A progress bar on standard error as a context manager; calling what it gives advances the bar by n."""
    return _Bar(description, total) if shown else nullcontext(lambda n: None)


class _Bar(AbstractContextManager[Callable[[int], None]]):
    def __init__(self, description: str, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=Console(stderr=True))
        self._task = self._progress.add_task(description, total=total)

    def __enter__(self) -> Callable[[int], None]:
        self._progress.start()
        return lambda n: self._progress.advance(self._task, n)

    def __exit__(self, *exc: object) -> None:
        self._progress.stop()
