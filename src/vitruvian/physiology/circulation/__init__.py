"""The circulation: stores and paths of blood, the closed loop of an adult, its beat."""

from vitruvian.physiology.circulation.activation import Activation as Activation
from vitruvian.physiology.circulation.beat import Orbit as Orbit
from vitruvian.physiology.circulation.beat import Trace as Trace
from vitruvian.physiology.circulation.beat import beat as beat
from vitruvian.physiology.circulation.beat import beats as beats
from vitruvian.physiology.circulation.beat import orbit as orbit
from vitruvian.physiology.circulation.beat import trace as trace
from vitruvian.physiology.circulation.circuit import Circuit as Circuit
from vitruvian.physiology.circulation.closed_loop import CLOSED_LOOP as CLOSED_LOOP
from vitruvian.physiology.circulation.closed_loop import TYPICAL_PRESSURES as TYPICAL_PRESSURES
from vitruvian.physiology.circulation.indices import Indices as Indices
from vitruvian.physiology.circulation.indices import indices as indices
from vitruvian.physiology.circulation.influences import PORTS as PORTS
from vitruvian.physiology.circulation.influences import Course as Course
from vitruvian.physiology.circulation.influences import pulse as pulse
from vitruvian.physiology.circulation.paths import Inertance as Inertance
from vitruvian.physiology.circulation.paths import Resistance as Resistance
from vitruvian.physiology.circulation.paths import Valve as Valve
from vitruvian.physiology.circulation.response import Response as Response
from vitruvian.physiology.circulation.response import respond as respond
from vitruvian.physiology.circulation.stores import Elastance as Elastance
from vitruvian.physiology.circulation.stores import Vessel as Vessel
