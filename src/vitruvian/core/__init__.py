"""Ground floor: errors, sources, units, time, ids, actors, random keys."""

from vitruvian.core.errors import AccessError as AccessError
from vitruvian.core.errors import DataError as DataError
from vitruvian.core.errors import InputError as InputError
from vitruvian.core.errors import QuarantineError as QuarantineError
from vitruvian.core.errors import RefusalError as RefusalError
from vitruvian.core.errors import SolveError as SolveError
from vitruvian.core.errors import UnitError as UnitError
from vitruvian.core.errors import UnknownNameError as UnknownNameError
from vitruvian.core.errors import UnsupportedError as UnsupportedError
from vitruvian.core.errors import VitruvianError as VitruvianError
from vitruvian.core.source import Source as Source
from vitruvian.core.source import Status as Status
from vitruvian.core.units import Quantity as Quantity
from vitruvian.core.units import convert as convert
from vitruvian.core.units import same_dimension as same_dimension
from vitruvian.core.units import ucum as ucum
