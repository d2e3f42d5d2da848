"""Cases of svZeroDSolver: read, solved with its own steps and blocks, written; differentiable in every value."""

from vitruvian.physiology.circulation.svzerod.assemble import System as System
from vitruvian.physiology.circulation.svzerod.assemble import assemble as assemble
from vitruvian.physiology.circulation.svzerod.case import Block as Block
from vitruvian.physiology.circulation.svzerod.case import Case as Case
from vitruvian.physiology.circulation.svzerod.case import Simulation as Simulation
from vitruvian.physiology.circulation.svzerod.course import course as course
from vitruvian.physiology.circulation.svzerod.read import parse_case as parse_case
from vitruvian.physiology.circulation.svzerod.read import read_case as read_case
from vitruvian.physiology.circulation.svzerod.results import check_result_name as check_result_name
from vitruvian.physiology.circulation.svzerod.results import table as table
from vitruvian.physiology.circulation.svzerod.results import write_result as write_result
from vitruvian.physiology.circulation.svzerod.solver import Run as Run
from vitruvian.physiology.circulation.svzerod.solver import run as run
from vitruvian.physiology.circulation.svzerod.write import case_json as case_json
from vitruvian.physiology.circulation.svzerod.write import write_case as write_case
