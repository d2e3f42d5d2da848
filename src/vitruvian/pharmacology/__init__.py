"""Compartment models, the drug library (one file per published model), interactions, targets."""

from vitruvian.pharmacology.compartments import CompartmentModel as CompartmentModel
from vitruvian.pharmacology.drug import Bounds as Bounds
from vitruvian.pharmacology.drug import Drug as Drug
from vitruvian.pharmacology.drug import LabelRule as LabelRule
from vitruvian.pharmacology.drug import Limit as Limit
from vitruvian.pharmacology.drug import Loading as Loading
from vitruvian.pharmacology.drug import Monitoring as Monitoring
from vitruvian.pharmacology.drug import Product as Product
from vitruvian.pharmacology.drug import Regimen as Regimen
from vitruvian.pharmacology.drug import StandardDose as StandardDose
from vitruvian.pharmacology.drug import Target as Target
from vitruvian.pharmacology.library import find as find
from vitruvian.pharmacology.library import find_model as find_model
from vitruvian.pharmacology.library import library as library
from vitruvian.pharmacology.library import models as models
