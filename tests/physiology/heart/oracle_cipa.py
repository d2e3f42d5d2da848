"""Writes tables/cipa_ord_fda.npz: CiPAORd at the states of cipa_ord.npz, by the C file that its authors published.

`VITRUVIAN_CIPA=<…/AP_simulation/models> python oracle_cipa.py` compiles newordherg_qNet.c of github.com/FDA/CiPA (GPL:
run here, nothing of it is kept) with a C compiler. Outside the cell the file fixes sodium and calcium; in it, drugs
are bound and trapped.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

TABLES = Path(__file__).parent / "tables"
HEADERS = ("R.h", "Rinternals.h", "Rdefines.h", "R_ext/Rdynload.h")
STUB = "#include <math.h>\n#include <stdlib.h>\n#define error(text) exit(1)\n"
ORDER = (
    *("V", "nai", "nass", "ki", "kss", "cai", "cass", "cansr", "cajsr"),
    *("m", "hf", "hs", "j", "hsp", "jp", "mL", "hL", "hLp", "a", "iF", "iS", "ap", "iFp", "iSp"),
    *("d", "ff", "fs", "fcaf", "fcas", "jca", "nca", "ffp", "fcafp", "xs1", "xs2", "xk1", "Jrelnp", "Jrelp", "CaMKt"),
    *("IC1", "IC2", "C1", "C2", "O", "IO", "IObound", "Obound", "Cbound"),
)
CURRENTS = ("INa", "INaL", "Ito", "ICaL", "IKr", "IKs", "IK1")
FACTORS = {  # the file divides its conductances by these
    "GKrfc": ("IKr", 1.1 / 1.114), "GNaLfc": ("INaL", 1 / 2.661), "GNafc": ("INa", 1.0), "GKsfc": ("IKs", 1 / 1.870),
    "GK1fc": ("IK1", 1 / 1.698), "PCafc": ("ICaL", 1 / 1.007), "Gtofc": ("Ito", 1.0),
}  # fmt: skip
DRUG = {"D": "D", "Kmax": "Kmax", "Ku": "Ku", "n": "n", "halfmax": "halfmax", "Vhalf": "Vhalf", "ko": "Ko"}


def compiled(folder: Path, where: Path) -> ctypes.CDLL:
    """The file as a library, without R."""
    for header in HEADERS:
        (where / header).parent.mkdir(exist_ok=True)
        (where / header).write_text(f"#ifndef STUB\n#define STUB\n{STUB}#endif\n")
    library = where / "cipa.so"
    source = folder / "newordherg_qNet.c"
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", f"-I{where}", "-o", library, source, "-lm"], check=True)
    return ctypes.CDLL(str(library))


def fill(library: ctypes.CDLL, values: list[float]) -> None:
    """Hands the library its parameters, in the order of the parameter file."""

    @ctypes.CFUNCTYPE(None, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_double))
    def hand(count: Any, memory: Any) -> None:
        ctypes.memmove(memory, (ctypes.c_double * count[0])(*values), 8 * count[0])

    library.initmod(hand)


def derivatives(library: ctypes.CDLL, y: dict[str, float], p: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """d/dt of the states in their order, and currents, after the stimulus."""
    state = np.array([*(y[name] for name in ORDER), p["D"], 0.0])
    slope, out = np.zeros(len(state)), np.zeros(8)
    pointers = [array.ctypes.data_as(ctypes.POINTER(ctypes.c_double)) for array in (state, slope, out)]
    library.derivs(None, ctypes.byref(ctypes.c_double(100.0)), *pointers, ctypes.byref(ctypes.c_int(len(out))))
    return slope[: len(ORDER)], out[: len(CURRENTS)]


def main() -> None:
    """Writes the table."""
    folder = Path(os.environ["VITRUVIAN_CIPA"])
    given = dict(line.split() for line in (folder / "newordherg_pars.txt").read_text().splitlines() if line.strip())
    table = np.load(TABLES / "cipa_ord.npz")
    names = table["state_names"].tolist()
    kept = [one for one in table["parameter_names"].tolist() if one in {f"scale_{of}" for of, _ in FACTORS.values()}]
    kept += DRUG.values()
    columns = dict(zip(table["parameter_names"].tolist(), table["parameters"].T, strict=True))
    slopes, currents = [], []
    with tempfile.TemporaryDirectory() as where:
        library = compiled(folder, Path(where))
        for row, y in enumerate(table["states"]):
            p = {name: float(columns[name][row]) for name in kept}
            values = {name: float(value) for name, value in given.items()}
            values |= {name: factor / p[f"scale_{of}"] for name, (of, factor) in FACTORS.items()}
            values |= {name: p[of] for name, of in DRUG.items() if name != "D"}
            fill(library, list(values.values()))
            slope, current = derivatives(library, dict(zip(names, y, strict=True)), p)
            slopes.append(slope[[ORDER.index(name) for name in names]])
            currents.append(current)
    np.savez_compressed(
        TABLES / "cipa_ord_fda.npz", source="newordherg_qNet.c, github.com/FDA/CiPA", cell="cipa_ord", kind="endo",
        state_names=names, states=table["states"], stimulus=np.zeros(len(slopes)), parameter_names=kept,
        parameters=np.stack([columns[name] for name in kept], axis=1), derivatives=np.array(slopes),
        current_names=CURRENTS, currents=np.array(currents),
    )  # fmt: skip


if __name__ == "__main__":
    main()
