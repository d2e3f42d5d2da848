"""Models of one heart cell, one a file; how they are paced, clamped and measured."""

from vitruvian.physiology.heart.cell.cell import CHANNELS as CHANNELS
from vitruvian.physiology.heart.cell.cell import Cell as Cell
from vitruvian.physiology.heart.cell.cell import Chain as Chain
from vitruvian.physiology.heart.cell.cell import Gate as Gate
from vitruvian.physiology.heart.cell.cell import Pace as Pace
from vitruvian.physiology.heart.cell.cell import Rates as Rates
from vitruvian.physiology.heart.cell.cell import Stimulus as Stimulus
from vitruvian.physiology.heart.cell.cell import blocked as blocked
from vitruvian.physiology.heart.cell.cell import scale as scale
