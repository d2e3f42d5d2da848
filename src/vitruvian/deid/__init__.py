"""De-identification: clinical text, tables and DICOM objects."""

from vitruvian.deid.dicom import CleanDicom as CleanDicom
from vitruvian.deid.dicom import deidentify_dicom as deidentify_dicom
from vitruvian.deid.table import deidentify_table as deidentify_table
from vitruvian.deid.table import plan as plan
from vitruvian.deid.text import Clean as Clean
from vitruvian.deid.text import Known as Known
from vitruvian.deid.text import Removed as Removed
from vitruvian.deid.text import deidentify_text as deidentify_text
