"""The HTTP interface for programs, version 1."""

from vitruvian.serve.api.routes import router as router
from vitruvian.serve.jobs import running as running
