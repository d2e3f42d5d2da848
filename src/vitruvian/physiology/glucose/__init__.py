"""Glucose and insulin: models, sensors, pumps, virtual people."""

from vitruvian.physiology.glucose.inputs import Inputs as Inputs
from vitruvian.physiology.glucose.inputs import nothing as nothing
from vitruvian.physiology.glucose.uva_padova_2008 import UVA_PADOVA_2008 as UVA_PADOVA_2008
