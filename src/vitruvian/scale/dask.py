"""Work spread over the machines of a Dask cluster."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from vitruvian.core import UnsupportedError

Work = TypeVar("Work")
Result = TypeVar("Result")


@dataclass(frozen=True)
class DaskCluster:
    """Runs chunks on the workers of the scheduler at `address`, such as "tcp://10.0.0.5:8786".

    At most two chunks wait for each worker. `function` and the work must be importable and picklable there, and files
    that the work names must be there too. Raises UnsupportedError where Dask is not installed.
    """

    address: str

    def map(self, function: Callable[[Work], Result], work: Iterable[Work]) -> Iterator[Result]:
        try:
            from distributed import Client
        except ImportError as error:
            raise UnsupportedError("Dask is not installed", todo="pip install vitruvian[dask]") from error
        with Client(self.address, set_as_default=False) as client:
            most = 2 * max(1, sum(client.nthreads().values()))
            waiting: deque[Any] = deque()
            for item in work:
                waiting.append(client.submit(function, item, pure=False))
                if len(waiting) > most:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
