"""Models learned from many people: arrays and tables in, calibrated probabilities out; never a record."""

from vitruvian.learn.shapes import Contributions as Contributions
from vitruvian.learn.shapes import Feature as Feature
from vitruvian.learn.shapes import Learned as Learned
from vitruvian.learn.shapes import Manifest as Manifest
from vitruvian.learn.shapes import Rows as Rows
from vitruvian.learn.shapes import Scores as Scores
from vitruvian.learn.shapes import Target as Target
