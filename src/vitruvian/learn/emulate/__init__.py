"""Emulators of slow functions: Gaussian process or deep ensemble, points chosen as they teach, error checked first."""

from vitruvian.learn.emulate.box import Box as Box
from vitruvian.learn.emulate.design import Design as Design
from vitruvian.learn.emulate.design import emulate as emulate
from vitruvian.learn.emulate.design import pointwise as pointwise
from vitruvian.learn.emulate.emulator import Emulated as Emulated
from vitruvian.learn.emulate.emulator import Emulator as Emulator
from vitruvian.learn.emulate.ensemble import Ensemble as Ensemble
from vitruvian.learn.emulate.gaussian import GaussianProcess as GaussianProcess
