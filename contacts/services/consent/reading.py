"""What stands, worked out from the ledger each time: for one address, for a page of contacts, for everybody."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter

from contacts.domain import consent
from contacts.domain.consent import EMAIL, NEWS, Entry, Standing
from contacts.models import Address, ConsentLedger
from contacts.services.bulk import read_time, rows_of
from contacts.services.consent import keys
from contacts.services.consent.ledger import scan

#: What decides, in the order of ``Entry`` after the subject; an index has all of it.
DECIDING = "subject", "act", "channel", "purpose", "method", "proof", "occurred_at", "recorded_at"
#: Times as text: they are only compared, which text of one form does, and Python reads it at half the cost.
_STREAMED = tuple(f"CAST({name} AS text)" if name.endswith("_at") else name for name in DECIDING)
#: Up to so many addresses are simply looked up.
FEW = 25
_ENTRIES = ", ".join(f"r.{name}" for name in DECIDING[1:])


def entries_of(address_keys: Iterable[str]) -> dict[str, list[Entry]]:
    """Everything recorded of each address; addresses of which nothing is recorded are left out."""
    wanted = set(address_keys)
    if not wanted or not _anything(wanted):
        return {}
    subjects = {subject: address for address, subject in keys.subjects_of(wanted).items()}
    found = rows_of(
        f"SELECT k.value, {_ENTRIES} FROM {{keys}} {{join}} contacts_consentrecord r ON r.subject = k.value",  # noqa: S608
        subjects,
    )
    told: dict[str, list[Entry]] = {}
    for subject, *row, occurred, recorded in found:
        entry = Entry(*row, read_time(occurred), read_time(recorded))
        told.setdefault(subjects[subject], []).append(entry)
    return told


def of_addresses(address_keys: Iterable[str], *, purpose: str = NEWS) -> dict[str, Standing]:
    """What stands for each address by itself, by match key."""
    wanted = list(address_keys)
    told = entries_of(wanted)
    return {a: consent.standing(told.get(a, ()), EMAIL, purpose) for a in wanted}


def of_contact(contact_id: int, *, purpose: str = NEWS) -> dict[str, Standing]:
    """What stands for each address of a contact, the primary one first: what the person said holds for all."""
    return of_contacts([contact_id], purpose=purpose).get(contact_id, {})


def of_contacts(ids: Iterable[int], *, purpose: str = NEWS) -> dict[int, dict[str, Standing]]:
    """The same for many contacts, such as a page of a list; two queries."""
    rows = Address.objects.filter(contact__in=ids).order_by("-primary", "pk").values_list("contact_id", "key")
    owners: dict[int, list[str]] = {}
    for contact, address in rows:
        owners.setdefault(contact, []).append(address)
    alone = of_addresses((a for found in owners.values() for a in found), purpose=purpose)
    return {c: consent.of_person({a: alone[a] for a in found}) for c, found in owners.items()}


def stopped(address_keys: Iterable[str]) -> dict[str, frozenset[str]]:
    """What the people behind these addresses said against all mail, as far as it stands; the others are left out."""
    told = weighty_entries(address_keys, ())
    return {address: stops for address, entries in told.items() if (stops := consent.said_no(entries))}


def weighty_entries(address_keys: Iterable[str], told: Collection[str]) -> dict[str, list[Entry]]:
    """Everything recorded of those addresses against which something was said ever, and of those in ``told``.

    The look-up of every door: for most addresses it reads an index that holds stops alone.
    """
    wanted = set(address_keys)
    if not wanted or not _anything(wanted):
        return {}
    subjects = {subject: address for address, subject in keys.subjects_of(wanted).items()}
    # Written out, not a parameter: only so the databases see that the index of stops has it.
    said = f"r.subject = k.value AND NOT (r.act = '{consent.GRANTED}')"
    sql = f"SELECT DISTINCT k.value FROM {{keys}} {{join}} contacts_consentrecord r ON {said}"  # noqa: S608
    return entries_of({subjects[s] for (s,) in rows_of(sql, subjects)} | (wanted & set(told)))


def every_standing(*, channel: str = EMAIL, purpose: str = NEWS) -> Iterator[tuple[str, Standing]]:
    """What stands for every address in the ledger, by subject, in a stream."""
    for subject, rows in groupby(scan(_STREAMED, order="subject"), itemgetter(0)):
        yield subject, consent.standing([Entry(*row[1:]) for row in rows], channel, purpose)


def _anything(wanted: set[str]) -> bool:
    """Whether the ledger has a record at all: a hub that never met consent pays one look-up by key for a batch."""
    return len(wanted) <= FEW or ConsentLedger.objects.filter(pk=1).exists()


def mailable(standings: Mapping[str, Standing]) -> list[str]:
    """The addresses of a person that may be mailed."""
    return [address for address, found in standings.items() if found.mailable]
