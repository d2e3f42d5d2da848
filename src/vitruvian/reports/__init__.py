"""Pictures and pages of any answer, from its own data."""

from vitruvian.reports.page import page as page
from vitruvian.reports.page import report as report
from vitruvian.reports.plot import plot as plot
from vitruvian.reports.predictive_check import plot_predictive_check as plot_predictive_check
from vitruvian.reports.timeline import timeline_report as timeline_report
