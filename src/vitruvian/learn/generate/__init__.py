"""People who never were: baseline tables and courses like real ones, and what they would give away."""

from vitruvian.learn.generate.baseline import BaselineGenerator as BaselineGenerator
from vitruvian.learn.generate.baseline import fit_baseline as fit_baseline
from vitruvian.learn.generate.courses import CourseGenerator as CourseGenerator
from vitruvian.learn.generate.courses import fit_courses as fit_courses
from vitruvian.learn.generate.judge import Conditional as Conditional
from vitruvian.learn.generate.judge import Membership as Membership
from vitruvian.learn.generate.judge import conditionals as conditionals
from vitruvian.learn.generate.judge import discriminator as discriminator
from vitruvian.learn.generate.judge import membership as membership
from vitruvian.learn.generate.visits import Courses as Courses
