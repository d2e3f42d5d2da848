"""Tables of people: checked, encoded; additive and boosted models blended; fast scores, exact contributions."""

from vitruvian.learn.table.additive import Additive as Additive
from vitruvian.learn.table.additive import fit_additive as fit_additive
from vitruvian.learn.table.blend import Blend as Blend
from vitruvian.learn.table.blend import Mix as Mix
from vitruvian.learn.table.blend import blend_of as blend_of
from vitruvian.learn.table.blend import fit_blend as fit_blend
from vitruvian.learn.table.checking import empty as empty
from vitruvian.learn.table.checking import matched as matched
from vitruvian.learn.table.checking import same_units as same_units
from vitruvian.learn.table.checking import strange as strange
from vitruvian.learn.table.checking import trainable as trainable
from vitruvian.learn.table.encoding import Encoding as Encoding
from vitruvian.learn.table.encoding import fit_encoding as fit_encoding
from vitruvian.learn.table.floors import FLOORS as FLOORS
from vitruvian.learn.table.forest import Forest as Forest
from vitruvian.learn.table.forest import forest_of as forest_of
from vitruvian.learn.table.growing import Growth as Growth
from vitruvian.learn.table.growing import grow as grow
