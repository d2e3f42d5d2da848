"""Variants → diplotypes → phenotypes, advice and covariates. Pure functions of calls; files are read in `ingest`."""

from vitruvian.person.genes.advice import Advice as Advice
from vitruvian.person.genes.advice import advice as advice
from vitruvian.person.genes.advice import advised_drugs as advised_drugs
from vitruvian.person.genes.caller import genotype as genotype
from vitruvian.person.genes.covariates import POPULATIONS as POPULATIONS
from vitruvian.person.genes.covariates import RULES as RULES
from vitruvian.person.genes.covariates import Alternative as Alternative
from vitruvian.person.genes.covariates import covariates as covariates
from vitruvian.person.genes.covariates import frequencies as frequencies
from vitruvian.person.genes.outside import OutsideCall as OutsideCall
from vitruvian.person.genes.outside import read_outside as read_outside
from vitruvian.person.genes.result import Diplotype as Diplotype
from vitruvian.person.genes.result import GeneCall as GeneCall
