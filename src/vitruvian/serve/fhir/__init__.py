"""FHIR R4: reading, searching, writing, and what twins found as resources. https://hl7.org/fhir/R4/http.html"""

from vitruvian.serve.fhir.answers import Answered as Answered
from vitruvian.serve.fhir.answers import resources as resources
from vitruvian.serve.fhir.body import read_object as read_object
from vitruvian.serve.fhir.body import write_json as write_json
from vitruvian.serve.fhir.bulk import export_counts as export_counts
from vitruvian.serve.fhir.bulk import export_steps as export_steps
from vitruvian.serve.fhir.kept_answers import keep_answer as keep_answer
from vitruvian.serve.fhir.owner import patient_owner as patient_owner
from vitruvian.serve.fhir.request import Body as Body
from vitruvian.serve.fhir.routes import router as router
from vitruvian.serve.fhir.subscription_sending import running as running
from vitruvian.serve.fhir.validate import demand_valid as demand_valid
