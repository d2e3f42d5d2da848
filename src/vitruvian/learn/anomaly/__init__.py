"""What is odd in one person's signal: a state space of their own, lasting change, silence; judged on faults put in."""

from vitruvian.learn.anomaly.cusum import LEAST as LEAST
from vitruvian.learn.anomaly.cusum import Cusum as Cusum
from vitruvian.learn.anomaly.cusum import added as added
from vitruvian.learn.anomaly.cusum import peaks as peaks
from vitruvian.learn.anomaly.faults import FAULTS as FAULTS
from vitruvian.learn.anomaly.forest import learned_forest as learned_forest
from vitruvian.learn.anomaly.judged import Judged as Judged
from vitruvian.learn.anomaly.judged import Judgement as Judgement
from vitruvian.learn.anomaly.judged import by_any as by_any
from vitruvian.learn.anomaly.judged import by_forest as by_forest
from vitruvian.learn.anomaly.judged import by_sign as by_sign
from vitruvian.learn.anomaly.judged import judged as judged
from vitruvian.learn.anomaly.limits import calls as calls
from vitruvian.learn.anomaly.limits import limit_of as limit_of
from vitruvian.learn.anomaly.rhythm import Forecast as Forecast
from vitruvian.learn.anomaly.rhythm import Rhythm as Rhythm
from vitruvian.learn.anomaly.rhythm import State as State
from vitruvian.learn.anomaly.rhythm import learned_rhythm as learned_rhythm
from vitruvian.learn.anomaly.rhythm import surprises_of as surprises_of
from vitruvian.learn.anomaly.signs import NAMES as NAMES
from vitruvian.learn.anomaly.signs import Usual as Usual
from vitruvian.learn.anomaly.signs import learned_usual as learned_usual
from vitruvian.learn.anomaly.signs import signs as signs
