"""Everything known of people: facts, where they come from, who read them, and what twins learned."""

from vitruvian.record.account import IngestReport as IngestReport
from vitruvian.record.audit_log import AuditEntry as AuditEntry
from vitruvian.record.consent_giving import consents_of as consents_of
from vitruvian.record.consent_giving import give_consent as give_consent
from vitruvian.record.consent_giving import withdraw_consent as withdraw_consent
from vitruvian.record.erasure import Erased as Erased
from vitruvian.record.export import export_patient as export_patient
from vitruvian.record.fact import NO_OFFSET as NO_OFFSET
from vitruvian.record.fact import Draft as Draft
from vitruvian.record.fact import Fact as Fact
from vitruvian.record.fact import Item as Item
from vitruvian.record.fact import Parsed as Parsed
from vitruvian.record.fact import Rejected as Rejected
from vitruvian.record.fact import Samples as Samples
from vitruvian.record.fact import SourceRecord as SourceRecord
from vitruvian.record.formats import Format as Format
from vitruvian.record.formats import RawFile as RawFile
from vitruvian.record.formats import Told as Told
from vitruvian.record.formats import installed_formats as installed_formats
from vitruvian.record.identity import Candidate as Candidate
from vitruvian.record.identity import IdentityEntry as IdentityEntry
from vitruvian.record.intake import files_under as files_under
from vitruvian.record.patient import Patient as Patient
from vitruvian.record.quarantine import Quarantined as Quarantined
from vitruvian.record.record import Record as Record
from vitruvian.record.states import TwinState as TwinState
