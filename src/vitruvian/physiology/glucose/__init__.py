"""Glucose and insulin: models, sensors, pumps, virtual people."""

from vitruvian.physiology.glucose.cvga import CVGA_ZONES as CVGA_ZONES
from vitruvian.physiology.glucose.cvga import HIGH_EDGES as HIGH_EDGES
from vitruvian.physiology.glucose.cvga import LOW_EDGES as LOW_EDGES
from vitruvian.physiology.glucose.cvga import cvga_place as cvga_place
from vitruvian.physiology.glucose.cvga import cvga_zones as cvga_zones
from vitruvian.physiology.glucose.cvga import extremes as extremes
from vitruvian.physiology.glucose.error_grid import CLARKE as CLARKE
from vitruvian.physiology.glucose.error_grid import DTS as DTS
from vitruvian.physiology.glucose.error_grid import GRIDS as GRIDS
from vitruvian.physiology.glucose.error_grid import PARKES as PARKES
from vitruvian.physiology.glucose.error_grid import ErrorGrid as ErrorGrid
from vitruvian.physiology.glucose.error_grid import named_grid as named_grid
from vitruvian.physiology.glucose.inputs import Inputs as Inputs
from vitruvian.physiology.glucose.inputs import nothing as nothing
from vitruvian.physiology.glucose.metrics import TARGETS as TARGETS
from vitruvian.physiology.glucose.metrics import Estimate as Estimate
from vitruvian.physiology.glucose.metrics import Metrics as Metrics
from vitruvian.physiology.glucose.metrics import estimates as estimates
from vitruvian.physiology.glucose.metrics import glucose_metrics as glucose_metrics
from vitruvian.physiology.glucose.metrics import sensor_interval as sensor_interval
from vitruvian.physiology.glucose.metrics import thinned as thinned
from vitruvian.physiology.glucose.risk import high_risk as high_risk
from vitruvian.physiology.glucose.risk import low_risk as low_risk
from vitruvian.physiology.glucose.risk import symmetrised as symmetrised
from vitruvian.physiology.glucose.uva_padova_2008 import UVA_PADOVA_2008 as UVA_PADOVA_2008
