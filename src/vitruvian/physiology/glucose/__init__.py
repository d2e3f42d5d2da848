"""Glucose and insulin: models, sensors, pumps, virtual people."""

from vitruvian.physiology.glucose.inputs import Inputs as Inputs
from vitruvian.physiology.glucose.inputs import nothing as nothing
