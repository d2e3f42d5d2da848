"""FHIR R4: reading, searching, writing, and what twins found as resources. https://hl7.org/fhir/R4/http.html"""

from vitruvian.serve.fhir.routes import router as router
