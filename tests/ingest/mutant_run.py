"""Reads broken copies of one good file with its parser, in a process of its own.

`python mutant_run.py FORMAT GOOD_FILE COUNT SEED [MAPPING]`

FORMAT is the name of an installed format, or "archive". Files beside the good one that share its stem lie beside each
copy. Prints one JSON line: how many files were read, how many items came, how many files were refused, peak memory in
MB (of this process and of its children), the slowest file in s, CPU seconds.
Anything but an `InputError`, a file that takes over a minute (libraries load with the first), or a crash of the process
is a failure.
"""

from __future__ import annotations

import faulthandler
import json
import multiprocessing
import os
import resource
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

from mutations import mutants

from vitruvian.core import InputError
from vitruvian.record import Format, RawFile, Told, installed_formats
from vitruvian.record.archives import opened

LIMIT_S = 60


def main(name: str, good: Path, count: int, seed: int, mapping: Path | None = None) -> int:
    """0 if every copy was read or refused; 1 with the traceback and the file's bytes kept otherwise."""
    warnings.simplefilter("ignore")
    faulthandler.enable()
    read = _archive if name == "archive" else _reader(next(one for one in installed_formats() if one.name == name))
    told = Told("p", ZoneInfo("Europe/Berlin"), {"S1": "p"}, mapping)
    done, slowest = {"files": 0, "items": 0, "refused": 0}, 0.0
    with tempfile.TemporaryDirectory() as folder:
        for beside in good.parent.glob(good.stem + ".*"):
            shutil.copy(beside, folder)
        path = Path(folder) / good.name
        for data in mutants(good.read_bytes(), count, seed):
            path.write_bytes(data)
            faulthandler.dump_traceback_later(LIMIT_S, exit=True)
            start = time.perf_counter()
            try:
                done["items"] += read(path, told)
            except InputError:
                done["refused"] += 1
            except Exception:
                kept = Path(tempfile.gettempdir()) / f"mutant-{name}-{done['files']}{good.suffix}"
                kept.write_bytes(data)
                print(f"{kept}\n{traceback.format_exc()}", file=sys.stderr)
                return 1
            faulthandler.cancel_dump_traceback_later()
            slowest = max(slowest, time.perf_counter() - start)
            done["files"] += 1
    spent = round(sum(os.times()[:4]), 1)
    print(json.dumps(done | {"peak_mb": round(_peak_kb() / 1024), "slowest_s": round(slowest, 2), "cpu_s": spent}))
    return 0


def _reader(parser: Format) -> Callable[[Path, Told], int]:
    def read(path: Path, told: Told) -> int:
        file = RawFile(path)
        parser.claims(file.head)
        parser.companions(file)
        return sum(1 for _ in parser.read(file, told))

    return read


def _archive(path: Path, _: Told) -> int:
    with opened([path]) as found:
        refused = [one[1] for one in found if isinstance(one, tuple)]
        if refused:
            raise refused[0]
        return sum(bool(one.head) for one in found if isinstance(one, RawFile))


def _peak_kb() -> int:
    """Largest memory of this process and of each child; getrusage would count what its parent had when it forked."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    alive = [one.pid for one in multiprocessing.active_children()]
    return max(ended, *(_high_water(pid) for pid in [os.getpid(), *alive]))


def _high_water(pid: int | None) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), *map(Path, sys.argv[5:6])))
