"""FHIR R4: reading, searching and writing the record as a hospital system does."""

from vitruvian.serve.fhir.routes import router as router
