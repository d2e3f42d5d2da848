"""What a model is, and how it is solved."""

from vitruvian.model.model import Model as Model
from vitruvian.model.model import Values as Values
from vitruvian.model.parameter import Covariate as Covariate
from vitruvian.model.parameter import Output as Output
from vitruvian.model.parameter import Parameter as Parameter
from vitruvian.model.parameter import ResidualError as ResidualError
from vitruvian.model.parameter import Variability as Variability
from vitruvian.model.subject import Subject as Subject
