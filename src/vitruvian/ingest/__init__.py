"""File formats → facts: one file per format, recognised by content; what cannot be read is kept in quarantine."""

from vitruvian.ingest.dicom_waveform import read_dicom_waveform as read_dicom_waveform
from vitruvian.ingest.door import DICOM as DICOM
from vitruvian.ingest.door import FHIR as FHIR
from vitruvian.ingest.door import FORMATS as FORMATS
from vitruvian.ingest.door import H5AD as H5AD
from vitruvian.ingest.door import HL7V2 as HL7V2
from vitruvian.ingest.door import LABORATORY as LABORATORY
from vitruvian.ingest.door import LABORATORY_XLSX as LABORATORY_XLSX
from vitruvian.ingest.door import NOTE as NOTE
from vitruvian.ingest.door import OMICS as OMICS
from vitruvian.ingest.door import UNREAD as UNREAD
from vitruvian.ingest.door import VCF as VCF
from vitruvian.ingest.door import ingest as ingest
from vitruvian.ingest.door import samples as samples
from vitruvian.ingest.laboratory_propose import propose_mapping as propose_mapping
from vitruvian.ingest.omics import OmicsValues as OmicsValues
from vitruvian.ingest.omics import omics_values as omics_values
from vitruvian.ingest.vcf import VcfCalls as VcfCalls
from vitruvian.ingest.vcf import read_calls as read_calls
from vitruvian.ingest.waveform import Waveform as Waveform
