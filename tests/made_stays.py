"""Made-up stays in the layout of the challenge of 2012: who dies has more lactate, less consciousness, more age."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

_SERIES = {
    "HR": (90, 12),
    "SysABP": (120, 15),
    "GCS": (13, 1),
    "Lactate": (1.5, 0.4),
    "BUN": (20, 5),
    "Urine": (100, 40),
}


def made_stays(folder: Path, which: str, count: int = 150, seed: int = 0, late: bool = False) -> Path:
    """`set_a.csv.gz` and `outcomes_a.csv` of made-up stays; `late`: a label of death after discharge."""
    draw = np.random.default_rng(seed)
    rows, ends = ["record_id,minute,variable,value"], ["RecordID,SAPS-I,SOFA,Length_of_stay,Survival,In-hospital_death"]
    for k in range(count):
        who, ill = 100_000 + 10_000 * (which == "b") + k, draw.normal()
        dies = draw.random() < 1 / (1 + np.exp(1.2 - 1.6 * ill))
        fixed = {"Age": 60 + 8 * ill, "Gender": k % 2, "Height": -1, "ICUType": 1 + k % 4, "Weight": 80}
        rows += [f"{who},0,{name},{value:.1f}" for name, value in fixed.items()]
        for name, (middle, spread) in _SERIES.items():
            sign = -1 if name in ("GCS", "SysABP", "Urine") else 1
            for minute in sorted(draw.integers(1, 2880, 6)):
                value = middle + spread * (sign * ill + draw.normal())
                rows.append(f"{who},{minute},{name},{min(15, value) if name == 'GCS' else max(value, 0.5):.2f}")
        ends.append(f"{who},10,5,{8},{5 if dies else -1},{int(dies)}")
    if late:
        ends[1] = f"{ends[1].split(',')[0]},10,5,3,20,1"
    folder.mkdir(exist_ok=True)
    (folder / f"set_{which}.csv.gz").write_bytes(gzip.compress("\n".join(rows).encode(), mtime=0))
    (folder / f"outcomes_{which}.csv").write_text("\n".join(ends))
    return folder
