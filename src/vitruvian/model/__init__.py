"""What a model is, and how it is solved."""

from vitruvian.model.dataset import levels_before_first_dose as levels_before_first_dose
from vitruvian.model.dataset import read_dataset as read_dataset
from vitruvian.model.layout import DataLayout as DataLayout
from vitruvian.model.model import Model as Model
from vitruvian.model.model import Values as Values
from vitruvian.model.parameter import Covariate as Covariate
from vitruvian.model.parameter import Output as Output
from vitruvian.model.parameter import Parameter as Parameter
from vitruvian.model.parameter import ResidualError as ResidualError
from vitruvian.model.parameter import Variability as Variability
from vitruvian.model.policy import Fixed as Fixed
from vitruvian.model.policy import Policy as Policy
from vitruvian.model.schedule import Dose as Dose
from vitruvian.model.schedule import Schedule as Schedule
from vitruvian.model.schedule import bolus as bolus
from vitruvian.model.schedule import hours as hours
from vitruvian.model.schedule import infusion as infusion
from vitruvian.model.schedule import oral as oral
from vitruvian.model.subject import Subject as Subject
