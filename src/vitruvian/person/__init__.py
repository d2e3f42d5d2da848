"""Pure functions of a person's numbers: body size, organ function, genes."""

from vitruvian.person.body import adjusted_body_weight as adjusted_body_weight
from vitruvian.person.body import body_mass_index as body_mass_index
from vitruvian.person.body import body_surface_area as body_surface_area
from vitruvian.person.body import dosing_weight as dosing_weight
from vitruvian.person.body import fat_free_mass as fat_free_mass
from vitruvian.person.body import ideal_body_weight as ideal_body_weight
from vitruvian.person.hepatic import ChildPugh as ChildPugh
from vitruvian.person.hepatic import child_pugh as child_pugh
from vitruvian.person.maturation import filtration_maturation as filtration_maturation
from vitruvian.person.maturation import filtration_rate as filtration_rate
from vitruvian.person.maturation import postmenstrual_weeks as postmenstrual_weeks
from vitruvian.person.renal import Clearance as Clearance
from vitruvian.person.renal import ckd_epi_2021 as ckd_epi_2021
from vitruvian.person.renal import cockcroft_gault as cockcroft_gault
from vitruvian.person.renal import creatinine_clearance as creatinine_clearance
from vitruvian.person.renal import creatinine_mg_dl as creatinine_mg_dl
from vitruvian.person.renal import deindexed as deindexed
from vitruvian.person.renal import indexed as indexed
from vitruvian.person.renal import kidney_stage as kidney_stage
from vitruvian.person.renal import mdrd as mdrd
from vitruvian.person.renal import schwartz_bedside as schwartz_bedside
