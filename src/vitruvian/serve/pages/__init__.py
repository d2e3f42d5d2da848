"""Pages for people."""

from vitruvian.serve.pages.routes import router as router
