"""Every rule a verdict or an outcome can name, with the words that people read. One place for the words."""

from __future__ import annotations

# Rules of verdicts: why one field was written, kept or refused.
CREATED = "created"
GAP = "gap"
FROM_ADDRESS = "from-address"
FROM_COMPANY = "from-company"
ENTRY_STAGE = "entry-stage"
THRESHOLD = "threshold"
BELOW_THRESHOLD = "below-threshold"
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
AGREED_ANEW = "agreed-anew"
UNREADABLE = "unreadable"
TOO_LONG = "too-long"
WITH_ARRIVAL = "with-arrival"
PERSON = "person"
RELEASED = "released"
IMPORT_UNDONE = "import-undone"
# Why a worksheet refused or kept. A rule of a worksheet has its version and row behind it: "row-fill@7.2".
ROW_NEVER = "row-never"
ROW_FILL = "row-fill"
ROW_ONCE = "row-once"
ROW_HUB = "row-hub"
ROW_PROTECTED = "row-protected"
ROW_CONFLICT = "row-conflict"
ROW_BLANK = "row-blank"
ROW_UNTRANSLATABLE = "row-untranslatable"
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
    THRESHOLD: "the record passes the connection’s threshold now, so the contact enters the pipeline",
    BELOW_THRESHOLD: "a known person, not a lead: the record is below the connection’s threshold",
    FIRST_STAGE: "the first stage, because the one asked for was refused",
    ALIAS: "a reviewer said it is the same person, so the address became an alias",
    SAME: "it has this value already",
    PRESENT: "arrivals only fill gaps",
    BLANKED: "a person left it blank on purpose",
    MAILBOX: "the names have nothing in common: a shared mailbox fills nothing that describes the person",
    STAGE_MAP: "only a MAP may set this stage",
    STAGE_SALES: "only sales may set this stage",
    STAGE_BACK: "only sales move a stage back",
    STAGE_UNKNOWN: "the hub has no such stage",
    STAGE_MAP_BACK: "a MAP only moves a stage forward, and never one that sales set",
    STAGE_UNSUBSCRIBED: "only the person can leave Unsubscribed, by agreeing anew",
    STAGE_CLOSED: "ops closed this move in the stage table",
    SAID_NO: "the person is not to be mailed, so the stage is Unsubscribed",
    AGREED_ANEW: "the person agreed anew, with evidence, so the stage is what it was before they unsubscribed",
    UNREADABLE: "it could not be read as this kind of value",
    TOO_LONG: "it is longer than the field can hold",
    WITH_ARRIVAL: "kept with the arrival",
    PERSON: "a person wrote it",
    RELEASED: "a person wrote it, and released it to the connections",
    "never": "it was empty, and the row fills empty fields",
    "fill": "it was empty, and the MAP fills empty fields",
    "once": "it was empty, and the row sets it once",
    "hub": "the row always takes the hub's value",
    "fresh": "the row lets the MAP keep its own value fresh, and nobody has touched it here",
    "stage": "the stage table lets a MAP make this move",
    "unsubscribe": "an unsubscribe on either side counts at once",
    ROW_NEVER: "the row never overwrites",
    ROW_FILL: "the MAP only fills what is empty",
    ROW_ONCE: "it is set once, and stays",
    ROW_HUB: "the row always takes the hub's value",
    ROW_PROTECTED: "a person wrote it, and has not released it",
    ROW_CONFLICT: "both sides changed it, so the hub's value wins",
    ROW_BLANK: "a blank from a MAP is no value unless the row says so",
    ROW_UNTRANSLATABLE: "the MAP's value can't be read as a value of this field",
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
# Rules by which a MAP's own doings become cases.
MERGED_THERE = "merged-there"
DELETED_THERE = "deleted-there"
NOTHING_MATCHED = "nothing-matched"
NOBODY = "could-be-nobody"
BAD_ADDRESS = "not-an-address"
DELIVERED = "delivered-before"
EMPTY_ROW = "empty"
UNSTORABLE = "unstorable"


def of_row(rule: str, version: int, row: int) -> str:
    """A rule with the worksheet's version and the row that it acted under, such as "fresh@7.5"."""
    return f"{rule}@{version}.{row}"


def split_row(rule: str) -> tuple[str, int, int]:
    """A rule without its version and row, and those; zeros where there are none."""
    code, _, place = rule.partition("@")
    version, _, row = place.partition(".")
    return (code, int(version), int(row)) if version.isdecimal() and row.isdecimal() else (rule, 0, 0)


def words(rule: str) -> str:
    """What a person reads for a verdict's rule."""
    code, version, row = split_row(rule)
    if not row:
        return WORDS.get(rule, rule)
    of = f"worksheet v{version}, row {row}" if version else f"row {row}"
    return f"{WORDS.get(code, code)} ({of})"
