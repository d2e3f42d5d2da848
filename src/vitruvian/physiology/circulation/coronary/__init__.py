"""Coronary trees: what narrowings cost, and the fractional flow reserve at each place."""

from vitruvian.physiology.circulation.coronary.flow import Uncertainty as Uncertainty
from vitruvian.physiology.circulation.coronary.losses import LAWS as LAWS
from vitruvian.physiology.circulation.coronary.losses import losses as losses
from vitruvian.physiology.circulation.coronary.reserve import Place as Place
from vitruvian.physiology.circulation.coronary.reserve import Reserve as Reserve
from vitruvian.physiology.circulation.coronary.reserve import flow_reserve as flow_reserve
from vitruvian.physiology.circulation.coronary.steady import steady_flows as steady_flows
from vitruvian.physiology.circulation.coronary.table import read_tree as read_tree
from vitruvian.physiology.circulation.coronary.tree import CoronaryTree as CoronaryTree
from vitruvian.physiology.circulation.coronary.tree import Segment as Segment
