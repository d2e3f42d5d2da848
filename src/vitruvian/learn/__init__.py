"""Models learned from many people: arrays and tables in, calibrated probabilities out; never a record."""

from vitruvian.learn.keeping import Header as Header
from vitruvian.learn.keeping import Kind as Kind
from vitruvian.learn.keeping import Parts as Parts
from vitruvian.learn.keeping import fingerprint as fingerprint
from vitruvian.learn.keeping import header_of as header_of
from vitruvian.learn.keeping import load as load
from vitruvian.learn.keeping import load_kept as load_kept
from vitruvian.learn.keeping import save as save
from vitruvian.learn.shapes import Contributions as Contributions
from vitruvian.learn.shapes import Feature as Feature
from vitruvian.learn.shapes import Kept as Kept
from vitruvian.learn.shapes import Learned as Learned
from vitruvian.learn.shapes import Manifest as Manifest
from vitruvian.learn.shapes import Rows as Rows
from vitruvian.learn.shapes import Scores as Scores
from vitruvian.learn.shapes import Target as Target
