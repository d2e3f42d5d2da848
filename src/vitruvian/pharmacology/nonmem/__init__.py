"""NONMEM control streams as models."""

from vitruvian.pharmacology.nonmem.model import ControlStreamModel as ControlStreamModel
from vitruvian.pharmacology.nonmem.model import read_control_stream as read_control_stream
