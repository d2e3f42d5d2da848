"""Pages for people."""

from vitruvian.serve.pages.routes import router as router
from vitruvian.serve.pages.running import running as running
