"""Features of people at moments, from what was known by then: declared in recipes, computed in bounded memory."""

from vitruvian.study.features.compute import Featured as Featured
from vitruvian.study.features.compute import features_of as features_of
from vitruvian.study.features.diabetes130 import ReadmissionTable as ReadmissionTable
from vitruvian.study.features.diabetes130 import readmission_table as readmission_table
from vitruvian.study.features.leakage import Leakage as Leakage
from vitruvian.study.features.leakage import future_features as future_features
from vitruvian.study.features.leakage import leakage as leakage
from vitruvian.study.features.numbered import COLUMNS as COLUMNS
from vitruvian.study.features.numbered import Numbered as Numbered
from vitruvian.study.features.numbered import numbered as numbered
from vitruvian.study.features.numbered import wanted as wanted
from vitruvian.study.features.reading import read_recipe as read_recipe
from vitruvian.study.features.reading import recipe_names as recipe_names
from vitruvian.study.features.recipe import Derived as Derived
from vitruvian.study.features.recipe import Recipe as Recipe
from vitruvian.study.features.recipe import Variable as Variable
from vitruvian.study.features.recipe import Window as Window
