"""Risks: a blend of a table, calibrated, with sets that keep their promise and contributions that add up."""

from vitruvian.learn.risk.model import RISK_MODEL as RISK_MODEL
from vitruvian.learn.risk.model import RiskModel as RiskModel
