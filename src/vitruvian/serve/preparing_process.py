"""The process that compiles before somebody asks: `python -m vitruvian.serve.preparing_process RECORD`.

It takes only time that nobody else wants, and one of them works at a time on a machine: the next then finds all done.
For every person and drug that is ready it prints a line of JSON. What it reads of people is in the audit.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress


def main(path: str) -> None:
    """Compile, or load, the programs of the drugs that people of the record take, then those of other genotypes."""
    _last_in_line()
    from vitruvian.record import Record
    from vitruvian.twin.doors.preparing import in_use, prepare

    with _alone(), Record.open(path, create=False) as record:
        drugs = list(in_use(record))
        for patient, drug in drugs:
            prepare(patient, drug)
            print(json.dumps([patient.id, drug]), flush=True)
        for patient, drug in {drug: (patient, drug) for patient, drug in reversed(drugs)}.values():
            prepare(patient, drug, genes=True)


def _last_in_line() -> None:
    """Lowest priority, and on Linux only when the processor has nothing else to do."""
    with suppress(OSError, AttributeError):
        os.nice(19)
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


@contextmanager
def _alone() -> Iterator[None]:
    """Wait for another such process to end; where the system has no locks, none is waited for."""
    from vitruvian.core import program_folder

    try:
        import fcntl
    except ImportError:
        yield
        return
    program_folder().mkdir(parents=True, exist_ok=True)
    with (program_folder() / "preparing.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    main(sys.argv[1])
