"""Models of one heart cell, one a file; how they are paced, clamped and measured."""

from vitruvian.physiology.heart.cell.biomarkers import Biomarkers as Biomarkers
from vitruvian.physiology.heart.cell.biomarkers import Flags as Flags
from vitruvian.physiology.heart.cell.cell import CHANNELS as CHANNELS
from vitruvian.physiology.heart.cell.cell import Cell as Cell
from vitruvian.physiology.heart.cell.cell import Chain as Chain
from vitruvian.physiology.heart.cell.cell import Gate as Gate
from vitruvian.physiology.heart.cell.cell import Pace as Pace
from vitruvian.physiology.heart.cell.cell import Rates as Rates
from vitruvian.physiology.heart.cell.cell import Stimulus as Stimulus
from vitruvian.physiology.heart.cell.cell import blocked as blocked
from vitruvian.physiology.heart.cell.cell import scale as scale
from vitruvian.physiology.heart.cell.models import CELLS as CELLS
from vitruvian.physiology.heart.cell.models import cell as cell
from vitruvian.physiology.heart.cell.pacing import Paced as Paced
from vitruvian.physiology.heart.cell.pacing import pace as pace
from vitruvian.physiology.heart.cell.steps import Fineness as Fineness
