"""Watching a person's signals: quality, what is usual for them, change, forecast, silence; alerts with their reason."""

from vitruvian.twin.monitor.alert import TITLES as TITLES
from vitruvian.twin.monitor.alert import Alert as Alert
from vitruvian.twin.monitor.alert import Event as Event
from vitruvian.twin.monitor.alert import Kind as Kind
from vitruvian.twin.monitor.alert import Over as Over
from vitruvian.twin.monitor.alert import Span as Span
from vitruvian.twin.monitor.of_twin import twin_forecast as twin_forecast
from vitruvian.twin.monitor.past import replayed as replayed
from vitruvian.twin.monitor.past import usual_from as usual_from
from vitruvian.twin.monitor.past import usual_of as usual_of
from vitruvian.twin.monitor.rates import Rate as Rate
from vitruvian.twin.monitor.rates import together as together
from vitruvian.twin.monitor.rules import RULES as RULES
from vitruvian.twin.monitor.rules import Rule as Rule
from vitruvian.twin.monitor.usual import Usual as Usual
from vitruvian.twin.monitor.watch import Watch as Watch
from vitruvian.twin.monitor.watch import expected as expected
from vitruvian.twin.monitor.watch import passed as passed
from vitruvian.twin.monitor.watch import sampled as sampled
