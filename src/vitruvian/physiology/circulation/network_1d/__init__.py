"""Arteries in one dimension: pulse waves through a network of elastic tubes."""

from vitruvian.physiology.circulation.network_1d.network import Network as Network
from vitruvian.physiology.circulation.network_1d.network import Outlet as Outlet
from vitruvian.physiology.circulation.network_1d.network import Tube as Tube
from vitruvian.physiology.circulation.network_1d.published import NETWORKS as NETWORKS
from vitruvian.physiology.circulation.network_1d.published import published as published
from vitruvian.physiology.circulation.network_1d.run import PLACES as PLACES
from vitruvian.physiology.circulation.network_1d.run import NetworkRun as NetworkRun
from vitruvian.physiology.circulation.network_1d.simulate import simulate_network as simulate_network
from vitruvian.physiology.circulation.network_1d.table import read_inflow as read_inflow
from vitruvian.physiology.circulation.network_1d.table import read_network as read_network
from vitruvian.physiology.circulation.network_1d.waves import augmentation_index as augmentation_index
from vitruvian.physiology.circulation.network_1d.waves import central_from_peripheral as central_from_peripheral
from vitruvian.physiology.circulation.network_1d.waves import foot as foot
