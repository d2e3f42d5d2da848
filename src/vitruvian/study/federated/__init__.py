"""Training across hospitals without moving their data."""

from typing import TYPE_CHECKING

from vitruvian.core import late

if TYPE_CHECKING:
    from vitruvian.study.federated.comparison import Way as Way
    from vitruvian.study.federated.comparison import compared as compared
    from vitruvian.study.federated.comparison import rows_of as rows_of
    from vitruvian.study.federated.coordinator import Trained as Trained
    from vitruvian.study.federated.coordinator import conduct as conduct
    from vitruvian.study.federated.inprocess import late_by_chance as late_by_chance
    from vitruvian.study.federated.inprocess import simulate as simulate
    from vitruvian.study.federated.keys import Identity as Identity
    from vitruvian.study.federated.keys import make_keys as make_keys
    from vitruvian.study.federated.keys import read_roster as read_roster
    from vitruvian.study.federated.model import FEDERATED as FEDERATED
    from vitruvian.study.federated.model import FederatedModel as FederatedModel
    from vitruvian.study.federated.model import keep_model as keep_model
    from vitruvian.study.federated.model import keep_site_model as keep_site_model
    from vitruvian.study.federated.model import model_of as model_of
    from vitruvian.study.federated.model import new_folder as new_folder
    from vitruvian.study.federated.partition import sites_of as sites_of
    from vitruvian.study.federated.partition import split as split
    from vitruvian.study.federated.plan import Plan as Plan
    from vitruvian.study.federated.plan import Privacy as Privacy
    from vitruvian.study.federated.plan import read_plan as read_plan
    from vitruvian.study.federated.preparing import prepare as prepare
    from vitruvian.study.federated.results import table_of as table_of
    from vitruvian.study.federated.results import text_of as text_of
    from vitruvian.study.federated.results import told_of as told_of
    from vitruvian.study.federated.site import Site as Site
    from vitruvian.study.federated.site import SiteState as SiteState
    from vitruvian.study.federated.table import SiteTable as SiteTable
    from vitruvian.study.federated.table import read_table as read_table
    from vitruvian.study.federated.table import write_table as write_table
else:
    __getattr__ = late(__name__)
