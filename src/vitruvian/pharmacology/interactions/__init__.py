"""Drug interactions: the mechanistic static model over sourced tables of perpetrators and victims."""

from vitruvian.pharmacology.interactions.activity import Taken as Taken
from vitruvian.pharmacology.interactions.effect import InteractionEffect as InteractionEffect
from vitruvian.pharmacology.interactions.effect import clearance_ratio as clearance_ratio
from vitruvian.pharmacology.interactions.effect import genotype_clearance_ratio as genotype_clearance_ratio
from vitruvian.pharmacology.interactions.effect import strength as strength
from vitruvian.pharmacology.interactions.equations import auc_ratio as auc_ratio
from vitruvian.pharmacology.interactions.equations import inactivation as inactivation
from vitruvian.pharmacology.interactions.equations import inactivation_rate as inactivation_rate
from vitruvian.pharmacology.interactions.equations import induction as induction
from vitruvian.pharmacology.interactions.equations import reversible as reversible
from vitruvian.pharmacology.interactions.facts import find_perpetrator as find_perpetrator
from vitruvian.pharmacology.interactions.facts import find_victim as find_victim
from vitruvian.pharmacology.interactions.facts import perpetrator_names as perpetrator_names
from vitruvian.pharmacology.interactions.facts import victims as victims
from vitruvian.pharmacology.interactions.genotype import RelativeActivity as RelativeActivity
from vitruvian.pharmacology.interactions.panel import PanelRow as PanelRow
from vitruvian.pharmacology.interactions.panel import PanelScore as PanelScore
from vitruvian.pharmacology.interactions.panel import panel as panel
from vitruvian.pharmacology.interactions.panel import score as score
from vitruvian.pharmacology.interactions.timecourse import TimeCourse as TimeCourse
