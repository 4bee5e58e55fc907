"""What the tables of this app hold of people, and which of them hold nobody (``registry``)."""

from contacts.services.erasing.registry import Share, holds_nobody, register
from contacts.services.erasing.rows import COLUMNS, forget

register(Share(COLUMNS, forget))
holds_nobody(
    "contacts.ConsentKey",
    "contacts.ConsentLedger",
    "contacts.ConsentRecord",
    "contacts.CustomField",
    "contacts.DuplicateScan",
    "contacts.HistoricalCustomField",
    "contacts.HistoricalSource",
    "contacts.HubSettings",
    "contacts.NotSame",
    "contacts.SavedMatching",
    "contacts.Purpose",
    "contacts.Source",
    "contacts.SourceToken",
    "contacts.Stage",
    "contacts.StageTableVersion",
)
