"""Every rule a verdict or an outcome can name, with the words that people read. One place for the words."""

from __future__ import annotations

# Rules of verdicts: why one field was written, kept or refused.
CREATED = "created"
GAP = "gap"
FROM_ADDRESS = "from-address"
FROM_COMPANY = "from-company"
ENTRY_STAGE = "entry-stage"
FIRST_STAGE = "first-stage"
ALIAS = "alias"
SAME = "same"
PRESENT = "present"
BLANKED = "blanked"
MAILBOX = "mailbox"
STAGE_MAP = "stage-map"
STAGE_SALES = "stage-sales"
STAGE_BACK = "stage-back"
STAGE_UNKNOWN = "stage-unknown"
STAGE_MAP_BACK = "stage-map-back"
STAGE_UNSUBSCRIBED = "stage-unsubscribed"
STAGE_CLOSED = "stage-closed"
SAID_NO = "said-no"
UNREADABLE = "unreadable"
TOO_LONG = "too-long"
WITH_ARRIVAL = "with-arrival"
PERSON = "person"
IMPORT_UNDONE = "import-undone"
# Rules of merges: whose value stays.
MERGE_KEPT = "merge-kept"
MERGE_FILLED = "merge-filled"
MERGE_FULLER = "merge-fuller"
MERGE_FIRST = "merge-first"
MERGE_FURTHEST = "merge-furthest"
MERGE_UNSUBSCRIBED = "merge-unsubscribed"
MERGE_STAGE_BACK = "merge-stage-back"
MERGE_LATEST = "merge-latest"
PICKED = "picked"
# Rules of taking a merge back: on which side a value belongs.
UNMERGE_BACK = "unmerge-back"
UNMERGE_CAME_BY = "unmerge-came-by"
UNMERGE_UNPLACED = "unmerge-unplaced"
UNMERGE_GONE = "unmerge-gone"

WORDS: dict[str, str] = {
    CREATED: "a new contact takes what its first arrival brings",
    GAP: "it was empty, and arrivals fill gaps",
    FROM_ADDRESS: "taken from the e-mail address",
    FROM_COMPANY: "the one domain known for this company name",
    ENTRY_STAGE: "the entry stage of the source",
    FIRST_STAGE: "the first stage, because the one asked for was refused",
    ALIAS: "a reviewer said it is the same person, so the address became an alias",
    SAME: "it has this value already",
    PRESENT: "arrivals only fill gaps",
    BLANKED: "a person left it blank on purpose",
    MAILBOX: "the names have nothing in common: a shared mailbox fills nothing that describes the person",
    STAGE_MAP: "only a MAP may set this stage",
    STAGE_SALES: "only sales may set this stage",
    STAGE_BACK: "an arrival never moves a stage back",
    STAGE_UNKNOWN: "the hub has no such stage",
    STAGE_MAP_BACK: "a MAP never sets a stage back, and never moves one that sales set",
    STAGE_UNSUBSCRIBED: "only the person can leave Unsubscribed, by agreeing anew",
    STAGE_CLOSED: "ops closed this move in the stage table",
    SAID_NO: "the person is not to be mailed, so the stage is Unsubscribed",
    UNREADABLE: "it could not be read as this kind of value",
    TOO_LONG: "it is longer than the field can hold",
    WITH_ARRIVAL: "kept with the arrival",
    PERSON: "a person wrote it",
    IMPORT_UNDONE: "the import that filled it was taken back",
    PICKED: "a person picked it",
    MERGE_KEPT: "the contact that is kept has it, and keeps it",
    MERGE_FILLED: "it was empty, and the merge fills it",
    MERGE_FULLER: "it only came in an earlier merge, and this contact is more complete",
    MERGE_FIRST: "the first lead source stays",
    MERGE_FURTHEST: "the furthest stage stays",
    MERGE_UNSUBSCRIBED: "an unsubscribe on either side stands, whatever is picked",
    MERGE_STAGE_BACK: "only sales may pick a stage that is less far",
    MERGE_LATEST: "the latest of them",
    UNMERGE_BACK: "as it was before the merge",
    UNMERGE_CAME_BY: "it came by an address of this contact",
    UNMERGE_UNPLACED: "it is new since the merge, and could be about either",
    UNMERGE_GONE: "it was taken away since the merge",
}

# Rules of the decision tree: why an arrival had its outcome (playbook, Step 2).
BY_ADDRESS = "address"
BY_NAME = "name-and-domain"
BY_PHONE = "phone"
BY_LIKENESS = "likeness"
BY_WAITING = "waits-in-review"
NOTHING_MATCHED = "nothing-matched"
NOBODY = "could-be-nobody"
BAD_ADDRESS = "not-an-address"
DELIVERED = "delivered-before"
EMPTY_ROW = "empty"
UNSTORABLE = "unstorable"


def words(rule: str) -> str:
    """What a person reads for a verdict's rule."""
    return WORDS.get(rule, rule)
