"""Running it: is it alive, is it ready, how does it do."""

from vitruvian.serve.operations.metrics import Measured as Measured
from vitruvian.serve.operations.metrics import Metrics as Metrics
from vitruvian.serve.operations.routes import router as router
