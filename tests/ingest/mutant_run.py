"""Reads broken copies of one good file with its parser, in a process of its own.

`python mutant_run.py FORMAT GOOD_FILE COUNT SEED [MAPPING]`

Prints one JSON line: how many files were read, how many items came, how many files were refused, peak memory in MB.
Anything but an `InputError`, a file that takes over 20 s, or a crash of the process is a failure.
"""

from __future__ import annotations

import faulthandler
import json
import signal
import sys
import tempfile
import traceback
import warnings
from pathlib import Path

from mutations import mutants

from vitruvian.core import InputError
from vitruvian.record import Format, RawFile, Told, installed_formats

LIMIT_S = 20


def main(name: str, good: Path, count: int, seed: int, mapping: Path | None = None) -> int:
    """0 if every copy was read or refused; 1 with the traceback and the file's bytes kept otherwise."""
    warnings.simplefilter("ignore")
    faulthandler.enable()
    parser = next(one for one in installed_formats() if one.name == name)
    done = {"files": 0, "items": 0, "refused": 0}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / good.name
        for data in mutants(good.read_bytes(), count, seed):
            path.write_bytes(data)
            signal.alarm(LIMIT_S)
            try:
                done["items"] += _items(parser, path, mapping)
            except InputError:
                done["refused"] += 1
            except Exception:
                kept = Path(tempfile.gettempdir()) / f"mutant-{name}-{done['files']}{good.suffix}"
                kept.write_bytes(data)
                print(f"{kept}\n{traceback.format_exc()}", file=sys.stderr)
                return 1
            signal.alarm(0)
            done["files"] += 1
    peak = _peak_kb() / 1024
    print(json.dumps(done | {"peak_mb": round(peak)}))
    return 0


def _peak_kb() -> int:
    """Largest memory of this process; getrusage would also count what its parent had when it forked."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def _items(parser: Format, path: Path, mapping: Path | None) -> int:
    file = RawFile(path)
    parser.claims(file.head)
    return sum(1 for _ in parser.read(file, Told(patient="p", samples={"S1": "p"}, mapping=mapping)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), *map(Path, sys.argv[5:6])))
