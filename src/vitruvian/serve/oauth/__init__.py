"""Access for applications: OAuth 2.1 with PKCE and registration, OpenID Connect, SMART App Launch."""

from vitruvian.serve.oauth.metadata import endpoints as endpoints
from vitruvian.serve.oauth.routes import router as router
