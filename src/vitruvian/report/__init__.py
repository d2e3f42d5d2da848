"""Pictures and pages of any answer, from its own data."""

from vitruvian.report.page import page as page
from vitruvian.report.page import report as report
from vitruvian.report.plot import plot as plot
from vitruvian.report.predictive_check import plot_predictive_check as plot_predictive_check
