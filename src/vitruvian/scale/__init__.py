"""One door to work over many people: executors and progress."""

from vitruvian.scale.executor import Executor as Executor
from vitruvian.scale.executor import InProcess as InProcess
from vitruvian.scale.executor import ProcessPool as ProcessPool
from vitruvian.scale.executor import progress_bar as progress_bar
