"""Measuring on one core: CPU and wall seconds of work in this process, and of whole processes."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spent:
    """Seconds of CPU (all threads) and of the clock; the largest memory in MB where a whole process was measured."""

    cpu: float
    wall: float
    megabytes: float = 0.0


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    work: str
    limit: str
    result: str
    holds: bool | None
    note: str = ""


def one_core() -> None:
    """Keep this process and its children on one core and one thread; call it before numpy and JAX start."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"


def best(work: Callable[[], object], rounds: int) -> Spent:
    """The round with least CPU, after one that compiles and is not counted."""
    work()
    spent = []
    for _ in range(rounds):
        cpu, wall = time.process_time(), time.perf_counter()
        work()
        spent.append(Spent(time.process_time() - cpu, time.perf_counter() - wall))
    return min(spent, key=lambda s: s.cpu)


def process(command: Sequence[str], rounds: int) -> Spent:
    """The fastest of `rounds` runs of a command, after one that fills the caches and is not counted.

    Memory is the largest of any run so far. Raises `CalledProcessError` if the command fails.
    """
    spent = [_run(command) for _ in range(1 + rounds)]
    return min(spent[1:], key=lambda s: s.wall)


def once(command: Sequence[str]) -> Spent:
    """One run of a command, caches as they are."""
    return _run(command)


def _run(command: Sequence[str]) -> Spent:
    before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall, after = time.perf_counter() - wall, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Spent(cpu, wall, after.ru_maxrss / 1024)
