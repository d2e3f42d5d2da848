"""Events of many people in the shape of MEDS: who, when, known since when, what, how much."""

from vitruvian.study.events.codes import has_code as has_code
from vitruvian.study.events.codes import is_meant as is_meant
from vitruvian.study.events.columns import checked_events as checked_events
from vitruvian.study.events.columns import event_schema as event_schema
from vitruvian.study.events.events import Events as Events
from vitruvian.study.events.icu2012 import ICU_ADMISSION as ICU_ADMISSION
from vitruvian.study.events.icu2012 import icu2012_events as icu2012_events
from vitruvian.study.events.moments import Moments as Moments
from vitruvian.study.events.person_events import person_events as person_events
from vitruvian.study.events.record_events import RecordEvents as RecordEvents
from vitruvian.study.events.record_events import record_events as record_events
from vitruvian.study.events.writing import write_events as write_events
