"""Irregular series → batches; LSTM, GRU-D, a causal transformer; integrated gradients."""

from vitruvian.learn.sequence.attribution import PANELS as PANELS
from vitruvian.learn.sequence.attribution import Attributions as Attributions
from vitruvian.learn.sequence.attribution import path as path
from vitruvian.learn.sequence.fitting import fit_sequences as fit_sequences
from vitruvian.learn.sequence.layers import HIDDEN as HIDDEN
from vitruvian.learn.sequence.layers import Block as Block
from vitruvian.learn.sequence.layers import Linear as Linear
from vitruvian.learn.sequence.layers import constant as constant
from vitruvian.learn.sequence.layers import drawn as drawn
from vitruvian.learn.sequence.model import SEQUENCE as SEQUENCE
from vitruvian.learn.sequence.model import SequenceModel as SequenceModel
from vitruvian.learn.sequence.model import Shape as Shape
from vitruvian.learn.sequence.model import filled as filled
from vitruvian.learn.sequence.networks import WAVES as WAVES
from vitruvian.learn.sequence.networks import waves as waves
from vitruvian.learn.sequence.training import Progress as Progress
from vitruvian.learn.sequence.training import Task as Task
from vitruvian.learn.sequence.training import Told as Told
from vitruvian.learn.sequence.training import Training as Training
from vitruvian.learn.sequence.training import dropped as dropped
from vitruvian.learn.sequence.training import train as train
from vitruvian.learn.sequence.usual import Usual as Usual
from vitruvian.learn.sequence.usual import typical_spread as typical_spread
from vitruvian.learn.sequence.windows import Windows as Windows
from vitruvian.learn.sequence.windows import nothing_fixed as nothing_fixed
from vitruvian.learn.sequence.windows import series_windows as series_windows
