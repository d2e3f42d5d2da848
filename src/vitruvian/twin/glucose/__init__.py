"""The metabolic twin: a person's sensor, insulin and meals → evidence, identification, replay, forecast, advice."""

from vitruvian.twin.glucose.evidence import Evidence as Evidence
from vitruvian.twin.glucose.evidence import bridged as bridged
from vitruvian.twin.glucose.evidence import read_evidence as read_evidence
from vitruvian.twin.glucose.filter import Tracked as Tracked
from vitruvian.twin.glucose.filter import Wander as Wander
from vitruvian.twin.glucose.filter import track as track
from vitruvian.twin.glucose.forecast import HORIZONS as HORIZONS
from vitruvian.twin.glucose.forecast import Forecast as Forecast
from vitruvian.twin.glucose.forecast import forecast as forecast
from vitruvian.twin.glucose.identify import GlucoseTwin as GlucoseTwin
from vitruvian.twin.glucose.identify import Identified as Identified
from vitruvian.twin.glucose.identify import identify as identify
from vitruvian.twin.glucose.identify import identify_all as identify_all
from vitruvian.twin.glucose.replay import Replay as Replay
from vitruvian.twin.glucose.replay import moved_dose as moved_dose
from vitruvian.twin.glucose.replay import replay as replay
from vitruvian.twin.glucose.replay import with_dose as with_dose
from vitruvian.twin.glucose.replay import with_exercise as with_exercise
from vitruvian.twin.glucose.replay import with_meal as with_meal
from vitruvian.twin.glucose.table import read_table as read_table
