"""Scores of learned models for one person: from their record to a risk with its set, its reasons and its doubts."""

from vitruvian.study.scores.door import RISK as RISK
from vitruvian.study.scores.door import RiskDoor as RiskDoor
from vitruvian.study.scores.models import FOLDER as FOLDER
from vitruvian.study.scores.models import Installed as Installed
from vitruvian.study.scores.models import installed as installed
from vitruvian.study.scores.person import Seen as Seen
from vitruvian.study.scores.person import seen as seen
