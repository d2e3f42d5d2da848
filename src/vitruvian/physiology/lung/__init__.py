"""The lung: a mechanistic simulator of exacerbations of COPD and asthma, and of the daily signs that devices show."""

from vitruvian.physiology.lung.exacerbation import Courses as Courses
from vitruvian.physiology.lung.exacerbation import airway_courses as airway_courses
from vitruvian.physiology.lung.numbers import DISEASES as DISEASES
from vitruvian.physiology.lung.numbers import Disease as Disease
from vitruvian.physiology.lung.numbers import Number as Number
from vitruvian.physiology.lung.numbers import numbers as numbers
from vitruvian.physiology.lung.signs import SIGNS as SIGNS
from vitruvian.physiology.lung.signs import Sign as Sign
from vitruvian.physiology.lung.signs import daily_signs as daily_signs
