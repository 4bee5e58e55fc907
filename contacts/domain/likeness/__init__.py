"""The search for contacts that look like one person. Pure: contacts come in as values, likely pairs go out."""

from contacts.domain.likeness.cases import Case
from contacts.domain.likeness.profiles import Evidence, FieldType, FurtherField, Pair, Profile
from contacts.domain.likeness.scan import Likely, scan
from contacts.domain.likeness.weights import THRESHOLD

__all__ = ["THRESHOLD", "Case", "Evidence", "FieldType", "FurtherField", "Likely", "Pair", "Profile", "scan"]
