"""Old ids lead home: a contact that was merged into another is found by its old number, however often it went on."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from contacts.models import Merge
from contacts.services.bulk import keys_table

_HOME = (
    "WITH RECURSIVE way(start, id) AS ("
    " SELECT CAST(k.value AS bigint), CAST(k.value AS bigint) FROM {keys}"
    " UNION SELECT w.start, m.kept_id FROM way w"
    " JOIN contacts_merge m ON m.lost_id = w.id AND m.undone_at IS NULL)"
    " SELECT w.start, c.id FROM way w JOIN contacts_contact c ON c.id = w.id"
)
_HERE = (
    "WITH RECURSIVE here(start, id) AS ("
    " SELECT CAST(k.value AS bigint), CAST(k.value AS bigint) FROM {keys}"
    " UNION SELECT h.start, m.lost_id FROM here h"
    " JOIN contacts_merge m ON m.kept_id = h.id AND m.undone_at IS NULL)"
    " SELECT start, id FROM here ORDER BY start, id"
)
#: The greatest number that a row can have.
MOST = 2**63 - 1


def living_id(contact_id: int) -> int | None:
    """The contact that this number leads to today; None where there is none."""
    return living_ids([contact_id]).get(contact_id)


def living_ids(ids: Iterable[int]) -> dict[int, int]:
    """Each number with the contact that it leads to; one that leads nowhere is left out. One query."""
    return dict(_walk(_HOME, ids))


def lived_as(contact_id: int) -> list[int]:
    """All the numbers that lead to this contact, its own among them. One query."""
    return lived_as_each([contact_id])[contact_id]


def lived_as_each(ids: Iterable[int]) -> dict[int, list[int]]:
    """The same for several contacts, in one query."""
    found: dict[int, list[int]] = {}
    for start, ident in _walk(_HERE, ids):
        found.setdefault(start, []).append(ident)
    return found


def way_out(contact_id: int) -> Merge | None:
    """The merge by which a contact left, unless it was taken back."""
    left = Merge.objects.filter(lost_id=contact_id, undone_at=None)
    return left.defer("before", "after", "moved", "verdicts").first()


def _walk(sql: str, ids: Iterable[int]) -> list[tuple[int, int]]:
    wanted = {i for i in ids if 0 <= i <= MOST}
    if not wanted:
        return []
    item, parameter = keys_table(wanted)
    with connection.cursor() as cursor:
        cursor.execute(sql.replace("{keys}", item), [parameter])
        return cursor.fetchall()
