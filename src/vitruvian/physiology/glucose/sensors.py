"""The sensors by name."""

from __future__ import annotations

from vitruvian.physiology.glucose.sensor import PERFECT, Sensor
from vitruvian.physiology.glucose.sensor_breton import BRETON_2008
from vitruvian.physiology.glucose.sensor_calibrated import (
    FACCHINETTI_2014,
    VETTORETTI_2018,
    VETTORETTI_2019,
    VETTORETTI_POPULATION,
)

SENSORS: dict[str, Sensor] = {
    one.name: one
    for one in (PERFECT, BRETON_2008, FACCHINETTI_2014, VETTORETTI_2018, VETTORETTI_2019, VETTORETTI_POPULATION)
}
