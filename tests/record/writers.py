"""A process that forks writers on demand, so that a test can kill many without starting Python for each.

A line of JSON on its input, [url, folder, people], makes a writer that takes `people` people of `files_of` in, one
after the other, and notes each in `folder`/acknowledged when the record has said so. On its output: the writer's
process id, and (once it ended) its exit status.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from tape import Tape, row, write_tape

from vitruvian.ingest import FHIR, samples
from vitruvian.record import Record

FORMATS = (FHIR, Tape())
FACTS, SAMPLES = 22, 500


def files_of(folder: Path, person: str) -> list[Path]:
    """A sample patient as another person, and a tape of a heart rate."""
    text = samples()["sample-b"][0].read_text().replace("urn:uuid:", f"urn:uuid:{person}").replace("sample-b", person)
    bundle, tape = folder / f"{person}.json", folder / f"{person}.tape"
    bundle.write_text(text)
    rows = [row(1_735_689_600_000 + k * 60_000, 60.0 + k % 40) for k in range(SAMPLES)]
    return [bundle, write_tape(tape, ("heart_rate", "watch", "/min", rows))]


def write(url: str, folder: Path, people: list[str]) -> None:
    """Take people in."""
    acknowledged = os.open(folder / "acknowledged", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    with Record.open(url) as record:
        for person in people:
            record.ingest(*files_of(folder, person), patient=person, formats=FORMATS)
            os.write(acknowledged, f"{person}\n".encode())
    os.close(acknowledged)


def main() -> None:
    """Fork a writer for each line of input."""
    for line in sys.stdin:
        url, folder, people = json.loads(line)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                write(url, Path(folder), people)
                status = 0
            finally:
                os._exit(status)
        print(child, flush=True)
        print(os.waitpid(child, 0)[1], flush=True)


if __name__ == "__main__":
    main()
