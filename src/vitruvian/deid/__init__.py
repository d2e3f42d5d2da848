"""De-identification: clinical text and tables."""

from vitruvian.deid.table import deidentify_table as deidentify_table
from vitruvian.deid.table import plan as plan
from vitruvian.deid.text import Clean as Clean
from vitruvian.deid.text import Known as Known
from vitruvian.deid.text import Removed as Removed
from vitruvian.deid.text import deidentify_text as deidentify_text
