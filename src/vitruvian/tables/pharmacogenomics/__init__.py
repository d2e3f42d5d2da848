"""Pharmacogenes: positions, named alleles, phenotypes, advice and frequencies, each row with its source."""

from vitruvian.tables.pharmacogenomics._read import alleles as alleles
from vitruvian.tables.pharmacogenomics._read import contig_lengths as contig_lengths
from vitruvian.tables.pharmacogenomics._read import genes as genes
from vitruvian.tables.pharmacogenomics._read import phenotype_rules as phenotype_rules
from vitruvian.tables.pharmacogenomics._read import priorities as priorities
from vitruvian.tables.pharmacogenomics._read import rows as rows
from vitruvian.tables.pharmacogenomics._read import sites as sites
from vitruvian.tables.pharmacogenomics._types import AlleleFact as AlleleFact
from vitruvian.tables.pharmacogenomics._types import Build as Build
from vitruvian.tables.pharmacogenomics._types import Call as Call
from vitruvian.tables.pharmacogenomics._types import PhenotypeRule as PhenotypeRule
from vitruvian.tables.pharmacogenomics._types import Site as Site

TABLE_VERSION = "pharmcat-2025-11-05"
