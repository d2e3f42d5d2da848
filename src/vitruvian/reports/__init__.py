"""Pictures and pages of any answer, from its own data."""

from vitruvian.reports.circulation_network import network_figure as network_figure
from vitruvian.reports.circulation_network import plot_network as plot_network
from vitruvian.reports.circulation_response import plot_response as plot_response
from vitruvian.reports.circulation_response import response_figure as response_figure
from vitruvian.reports.glucose_agp import agp_page as agp_page
from vitruvian.reports.glucose_agp import agp_report as agp_report
from vitruvian.reports.glucose_contest import contest_page as contest_page
from vitruvian.reports.glucose_contest import contest_report as contest_report
from vitruvian.reports.glucose_day import Expected as Expected
from vitruvian.reports.glucose_day import day_page as day_page
from vitruvian.reports.glucose_day import day_report as day_report
from vitruvian.reports.glucose_error_grid import error_grid_figure as error_grid_figure
from vitruvian.reports.glucose_error_grid import plot_error_grid as plot_error_grid
from vitruvian.reports.glucose_forecast import forecast_page as forecast_page
from vitruvian.reports.glucose_forecast import forecast_report as forecast_report
from vitruvian.reports.glucose_loop import loop_page as loop_page
from vitruvian.reports.glucose_loop import loop_report as loop_report
from vitruvian.reports.heart import heart_page as heart_page
from vitruvian.reports.heart import heart_report as heart_report
from vitruvian.reports.heart_action_potential import action_potential_figure as action_potential_figure
from vitruvian.reports.heart_action_potential import plot_action_potential as plot_action_potential
from vitruvian.reports.page import page as page
from vitruvian.reports.page import report as report
from vitruvian.reports.plot import plot as plot
from vitruvian.reports.predictive_check import plot_predictive_check as plot_predictive_check
from vitruvian.reports.timeline import timeline_report as timeline_report
