"""The heart: models of its cells."""

from vitruvian.physiology.heart.cell import CELLS as CELLS
from vitruvian.physiology.heart.cell import CHANNELS as CHANNELS
from vitruvian.physiology.heart.cell import Biomarkers as Biomarkers
from vitruvian.physiology.heart.cell import Cell as Cell
from vitruvian.physiology.heart.cell import Fineness as Fineness
from vitruvian.physiology.heart.cell import Flags as Flags
from vitruvian.physiology.heart.cell import Paced as Paced
from vitruvian.physiology.heart.cell import blocked as blocked
from vitruvian.physiology.heart.cell import cell as cell
from vitruvian.physiology.heart.cell import pace as pace
