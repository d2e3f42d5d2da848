"""De-identification: clinical text, tables, FHIR and DICOM objects; how well people hide in a table."""

from vitruvian.deid.anonymity import Anonymity as Anonymity
from vitruvian.deid.anonymity import Sensitive as Sensitive
from vitruvian.deid.anonymity import anonymity as anonymity
from vitruvian.deid.anonymity import suppressed as suppressed
from vitruvian.deid.dicom import CleanDicom as CleanDicom
from vitruvian.deid.dicom import deidentify_dicom as deidentify_dicom
from vitruvian.deid.fhir import CleanFhir as CleanFhir
from vitruvian.deid.fhir import deidentify_fhir as deidentify_fhir
from vitruvian.deid.keyed import shift_of as shift_of
from vitruvian.deid.table import deidentify_table as deidentify_table
from vitruvian.deid.table import plan as plan
from vitruvian.deid.text import Clean as Clean
from vitruvian.deid.text import Known as Known
from vitruvian.deid.text import Removed as Removed
from vitruvian.deid.text import deidentify_text as deidentify_text
