"""The tables. Each file is one idea; the only code that writes contacts is ``services/write.py``."""

from contacts.models.arrival import Arrival, Outcome
from contacts.models.bulk_edit import BulkEdit
from contacts.models.consent import ConsentKey, ConsentLedger, ConsentRecord, Erasure, Purpose
from contacts.models.contact import Address, Contact, CustomField
from contacts.models.import_batch import ImportBatch, SavedMatching
from contacts.models.merge import DuplicateScan, Merge, NotSame
from contacts.models.policy import HubSettings
from contacts.models.refusal import Refusal
from contacts.models.review import BulkDecision, Review, ReviewCandidate, ReviewStep
from contacts.models.source import Source, SourceToken
from contacts.models.stage import Stage, StageTableVersion

__all__ = [
    "Address",
    "Arrival",
    "BulkDecision",
    "BulkEdit",
    "ConsentKey",
    "ConsentLedger",
    "ConsentRecord",
    "Contact",
    "CustomField",
    "DuplicateScan",
    "Erasure",
    "HubSettings",
    "ImportBatch",
    "Merge",
    "NotSame",
    "Outcome",
    "Purpose",
    "Refusal",
    "Review",
    "ReviewCandidate",
    "ReviewStep",
    "SavedMatching",
    "Source",
    "SourceToken",
    "Stage",
    "StageTableVersion",
]
