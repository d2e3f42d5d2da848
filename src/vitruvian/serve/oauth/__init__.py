"""Access for applications: OAuth 2.1 with PKCE and registration, OpenID Connect, SMART App Launch both ways."""

from vitruvian.serve.oauth.registration import add_application as add_application
from vitruvian.serve.oauth.routes import router as router
