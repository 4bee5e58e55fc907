"""What may happen to one contact: found, shown, created, changed, archived, merged.

Every function that writes checks first and writes after, inside the request's transaction, so an
input that is refused leaves nothing behind. ``now`` is the request's time: all contacts of one
batch carry the same stamp, as they do at HubSpot, where thousands share one.
"""

from __future__ import annotations

from typing import Any

from . import consent, events
from .clock import iso
from .errors import ApiError, conflict, not_found
from .properties import BY_NAME, DEFAULTS, STAGE_RANK, UNIQUE, clean
from .storage import Row, Store


def find(store: Store, ref: Any, id_property: str | None = None, *, archived: bool = False) -> Row:
    """The contact that ``ref`` names, by id or by a unique property; additional addresses count."""
    ref = str(ref)
    contact_id = _as_id(ref)
    if id_property not in (None, "", "hs_object_id"):
        if id_property not in UNIQUE:
            raise ApiError(400, f"Unable to look up a contact by non-unique 0-1 property {id_property}")
        contact_id = store.owner(id_property, ref.strip().lower() if id_property == "email" else ref)
    row = store.load(contact_id) if contact_id is not None else None
    if row is None or (row.archived_ms is not None) != archived:
        raise not_found(ids=[ref])
    return row


def _as_id(ref: str) -> int | None:
    return int(ref) if ref.isascii() and ref.isdecimal() and len(ref) <= 18 else None


def show(row: Row, names: list[str] | None = None) -> dict[str, Any]:
    """A contact as the API answers it: asked-for properties that are not set are null."""
    values: dict[str, str | None] = {name: row.properties.get(name) for name in (names or DEFAULTS) if name in BY_NAME}
    values |= {
        "hs_object_id": str(row.id),
        "createdate": iso(row.created_ms),
        "lastmodifieddate": iso(row.modified_ms),
    }
    shown = {
        "id": str(row.id),
        "properties": values,
        "createdAt": iso(row.created_ms),
        "updatedAt": iso(row.modified_ms),
        "archived": row.archived_ms is not None,
    }
    return shown if row.archived_ms is None else shown | {"archivedAt": iso(row.archived_ms)}


def show_written(row: Row) -> dict[str, Any]:
    """A contact after a write: everything that is set."""
    return show(row, sorted(set(DEFAULTS) | set(row.properties)))


def create(store: Store, values: Any, now: int) -> Row:
    """A new contact; an address that someone has already is a conflict."""
    cleaned = clean(values)
    _refuse_taken(store, cleaned, None)
    row = Row(0, now, now)
    row.id = store.insert(row)
    events.happened(store, "contact.creation", row.id, now)
    return _apply(store, row, cleaned, now)


def update(store: Store, row: Row, values: Any, now: int) -> Row:
    """Change a contact. Any write moves lastmodifieddate, also one that changes no value.

    That is the harsher reading of HubSpot, chosen so that a caller that writes needlessly sees it.
    """
    cleaned = clean(values)
    _refuse_taken(store, cleaned, row.id)
    return _apply(store, row, cleaned, now)


def archive(store: Store, row: Row, now: int) -> None:
    """Delete as HubSpot's DELETE does: out of sight, and the address is free again."""
    row.archived_ms = row.modified_ms = now
    store.execute("DELETE FROM keys WHERE contact_id = ?", (row.id,))
    store.save(row)
    events.happened(store, "contact.deletion", row.id, now)


def erase(store: Store, row: Row, now: int) -> None:
    """Delete for good, as HubSpot's gdpr-delete does: nothing is left but the fact that mail is not wanted."""
    for address in filter(
        None, [row.properties.get("email"), *row.properties.get("hs_additional_emails", "").split(";")]
    ):
        consent.unsubscribe_all(store, address, now)
    store.execute("DELETE FROM keys WHERE contact_id = ?", (row.id,))
    store.execute("DELETE FROM merged WHERE kept_id = ?", (row.id,))
    store.execute("DELETE FROM contacts WHERE id = ?", (row.id,))
    events.happened(store, "contact.privacyDeletion", row.id, now)


def merge(store: Store, primary: Row, other: Row, now: int) -> Row:
    """Merge ``other`` into ``primary``; there is no way back, as at HubSpot.

    The primary's values win, its gaps are filled, the later stage and the older creation date stay.
    The other's id leads to the survivor from now on, and its addresses belong to the survivor.
    """
    if primary.id == other.id:
        raise ApiError(400, "A contact cannot be merged with itself.")
    stages = [r.properties["lifecyclestage"] for r in (primary, other) if "lifecyclestage" in r.properties]
    lost = [other.id] + [int(i) for i in other.properties.get("hs_merged_object_ids", "").split(";") if i]
    merged_before = primary.properties.get("hs_merged_object_ids", "")
    primary.properties = other.properties | primary.properties
    primary.properties["hs_merged_object_ids"] = ";".join(filter(None, [merged_before, *map(str, lost)]))
    if stages:
        primary.properties["lifecyclestage"] = max(stages, key=STAGE_RANK.__getitem__)
    primary.created_ms = min(primary.created_ms, other.created_ms)
    _hand_over(store, primary, other)
    told = {"primaryObjectId": primary.id, "mergedObjectIds": [other.id], "newObjectId": primary.id}
    events.happened(store, "contact.merge", primary.id, now, **told)
    return _finish(store, primary, now)


def _hand_over(store: Store, primary: Row, other: Row) -> None:
    """Addresses and pointers of the losing contact now belong to the survivor."""
    store.execute("UPDATE keys SET contact_id = ? WHERE contact_id = ?", (primary.id, other.id))
    store.execute("UPDATE merged SET kept_id = ? WHERE kept_id = ?", (primary.id, other.id))
    store.execute("INSERT INTO merged (lost_id, kept_id) VALUES (?, ?)", (other.id, primary.id))
    store.execute("DELETE FROM contacts WHERE id = ?", (other.id,))


def _refuse_taken(store: Store, values: dict[str, str], own_id: int | None) -> None:
    for name in UNIQUE:
        owner = store.owner(name, values[name]) if values.get(name) else None
        if owner is not None and owner != own_id:
            raise conflict(owner)


def _apply(store: Store, row: Row, values: dict[str, str], now: int) -> Row:
    _keep_stage_forward(row, values)
    for name in UNIQUE:
        if name in values:
            _move_key(store, row, name, values[name])
    row.properties |= values
    row.properties = {name: value for name, value in row.properties.items() if value}
    return _finish(store, row, now)


def _keep_stage_forward(row: Row, values: dict[str, str]) -> None:
    """HubSpot drops a stage that would go backwards, silently; clearing it first is the way."""
    old, new = row.properties.get("lifecyclestage"), values.get("lifecyclestage")
    if old and new and STAGE_RANK[new] < STAGE_RANK[old]:
        del values["lifecyclestage"]


def _move_key(store: Store, row: Row, name: str, value: str) -> None:
    store.execute("DELETE FROM keys WHERE name = ? AND value = ?", (name, row.properties.get(name)))
    if value:
        store.execute("INSERT OR REPLACE INTO keys VALUES (?, ?, ?)", (name, value, row.id))


def _finish(store: Store, row: Row, now: int) -> Row:
    """Bring what HubSpot derives up to date, and store."""
    email = row.properties.get("email", "")
    addresses = store.query(
        "SELECT value FROM keys WHERE contact_id = ? AND name = 'email' AND value != ?", (row.id, email)
    )
    derived = {
        "hs_email_domain": email.rpartition("@")[2],
        "hs_additional_emails": ";".join(address for (address,) in addresses),
        **consent.opt_outs(store, email),
    }
    row.properties = {k: v for k, v in (row.properties | derived).items() if v}
    row.modified_ms = now
    events.changed(store, row, now)
    store.save(row)
    return row


def refresh_consent(store: Store, address: str, now: int) -> None:
    """A subscription changed: show it on the contact whose primary address it is."""
    owner = store.owner("email", address)
    row = store.load(owner) if owner is not None else None
    if row is not None and row.properties.get("email") == address:
        _finish(store, row, now)
