"""The metabolic twin: a person's sensor, insulin and meals → evidence, identification, replay, forecast, advice."""

from vitruvian.twin.glucose.evidence import Evidence as Evidence
from vitruvian.twin.glucose.evidence import read_evidence as read_evidence
from vitruvian.twin.glucose.table import read_table as read_table
