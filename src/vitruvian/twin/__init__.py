"""The loop: facts → evidence, calibrate, forecast, compare, recommend, and the guard."""

from typing import TYPE_CHECKING

from vitruvian.core import late

if TYPE_CHECKING:
    from vitruvian.twin import goals as goals
    from vitruvian.twin.answer import Answer as Answer
    from vitruvian.twin.answer import Band as Band
    from vitruvian.twin.answer import Interval as Interval
    from vitruvian.twin.answer import Message as Message
    from vitruvian.twin.answer import Option as Option
    from vitruvian.twin.answer_data import answer_from as answer_from
    from vitruvian.twin.candidates import Candidate as Candidate
    from vitruvian.twin.case import Alternative as Alternative
    from vitruvian.twin.case import Case as Case
    from vitruvian.twin.case import Effect as Effect
    from vitruvian.twin.case import Measured as Measured
    from vitruvian.twin.citing import cite as cite
    from vitruvian.twin.dosing import dose as dose
    from vitruvian.twin.evidence import Asked as Asked
    from vitruvian.twin.evidence import read_case as read_case
    from vitruvian.twin.goals import Goal as Goal
    from vitruvian.twin.goals import exposure as exposure
    from vitruvian.twin.goals import goal_for as goal_for
    from vitruvian.twin.images import ImageFeatures as ImageFeatures
    from vitruvian.twin.images import ejection_fraction as ejection_fraction
    from vitruvian.twin.images import image_features as image_features
    from vitruvian.twin.lifetime import deceased as deceased
    from vitruvian.twin.lifetime import require_alive as require_alive
    from vitruvian.twin.qt import free_peaks as free_peaks
    from vitruvian.twin.qt import qt_under as qt_under
    from vitruvian.twin.text import answer_text as answer_text
    from vitruvian.twin.text import shown as shown
    from vitruvian.twin.twin import Twin as Twin
else:
    __getattr__ = late(__name__)
