"""Access for applications and programs: OAuth 2.1 with PKCE and registration, OpenID Connect, SMART both ways."""

from vitruvian.serve.oauth.ehr import patient_there as patient_there
from vitruvian.serve.oauth.registration import add_application as add_application
from vitruvian.serve.oauth.routes import router as router
from vitruvian.serve.oauth.services import add_service as add_service
from vitruvian.serve.oauth.services import all_services as all_services
from vitruvian.serve.oauth.services import end_service as end_service
