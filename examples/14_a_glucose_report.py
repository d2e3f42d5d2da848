"""Two weeks of a virtual adult's sensor as a table, and the ambulatory glucose profile of it."""

import csv
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from vitruvian.control import BasalBolus, Setting, run
from vitruvian.physiology.glucose import INSULET, UVA_PADOVA_2008, VETTORETTI_POPULATION, virtual_people
from vitruvian.reports import agp_report
from vitruvian.study import LoopStudy
from vitruvian.study.glucose_loop import plan_of, therapy_of
from vitruvian.twin.glucose import read_table

person = virtual_people("adult", 1, seed=5)
study = LoopStudy({"manual": BasalBolus()}, people=1, days=14, seed=5)
body = {name: jnp.asarray(value) for name, value in person.parameters.items()}
setting = Setting(UVA_PADOVA_2008, body, therapy_of(person, study), VETTORETTI_POPULATION, INSULET)
trace = run(setting, BasalBolus(), plan_of(person, study), jax.random.key(5))
sensor, eaten = np.asarray(trace.sensor)[::5, 0], np.asarray(trace.carbohydrates).reshape(-1, 5).sum(1)
insulin = 60.0 * np.asarray(trace.insulin).reshape(-1, 5).mean(1)  # U/h

with tempfile.TemporaryDirectory() as folder:
    table = Path(folder) / "sensor.csv"
    with table.open("w", newline="", encoding="utf-8") as lines:
        rows = csv.writer(lines)
        rows.writerow(["time", "glucose_mg_dl", "carbohydrates_g", "basal_u_per_h"])
        for k, (glucose, grams, rate) in enumerate(zip(sensor, eaten, insulin, strict=True)):
            at = datetime(2026, 3, 2) + timedelta(minutes=5 * k)
            rows.writerow([at.isoformat(), "" if np.isnan(glucose) else f"{glucose:.0f}", grams or "", f"{rate:.3f}"])
    sheet = agp_report(read_table(table), Path(folder) / "agp.pdf")
    size = sheet.stat().st_size
    print(f"{sheet.name}: {size} bytes")

assert size > 20_000
