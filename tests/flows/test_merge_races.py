"""Merges beside merges, arrivals and unmerges of other processes, on whichever database the suite runs on."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.flows.hub import Hub, finished
from tests.flows.test_races import SEND

#: Merges pairs of numbers one after the other, all beginning at one moment; prints how each ended.
MERGE = """
import json, sys, time
from django.utils import timezone
from contacts.services import merging
pairs, moment = json.loads(sys.argv[1]), float(sys.argv[2])
said = []
time.sleep(max(0, moment - time.time()))
for kept, lost in pairs:
    try:
        said.append(merging.merge(kept, [lost], user=None, at=timezone.now())[0].pk)
    except merging.MergeRefused as error:
        said.append(str(error))
print(json.dumps(said))
"""
#: The same for taking merges back.
UNMERGE = """
import json, sys, time
from django.utils import timezone
from contacts.services import merging
numbers, moment = json.loads(sys.argv[1]), float(sys.argv[2])
time.sleep(max(0, moment - time.time()))
for number in numbers:
    merging.unmerge(number, user=None, at=timezone.now())
print(len(numbers))
"""
PAIRS = 12


def people(hub: Hub, number: int) -> list[int]:
    """So many contacts; their numbers."""
    records = [{"email": f"p{n}@gmail.com", "first_name": f"Ann{n}"} for n in range(number)]
    finished(hub.start(SEND, json.dumps(records), 0))
    return [ident for (ident,) in hub.rows("SELECT id FROM contacts_contact ORDER BY id")]


def all_at_once(hub: Hub, *works: tuple[str, Any]) -> list[Any]:
    """Each work in a process of its own, all beginning together; none of them may fail."""
    moment = time.time() + 1.5
    running = [hub.start(code, json.dumps(given), moment) for code, given in works]
    return [json.loads(finished(process)) for process in running]


def test_two_who_merge_the_same_pair_at_once_one_succeeds_and_the_other_is_told(hub: Hub) -> None:
    """B7: whichever of the two each of them wants to keep."""
    ids = people(hub, 2 * PAIRS)
    pairs = list(zip(ids[::2], ids[1::2], strict=True))
    turned = [(b, a) if n % 2 else (a, b) for n, (a, b) in enumerate(pairs)]
    for answers in zip(*all_at_once(hub, (MERGE, pairs), (MERGE, turned), (MERGE, pairs)), strict=True):
        assert sorted(isinstance(said, int) for said in answers) == [False, False, True]
        assert all("was merged into" in said for said in answers if isinstance(said, str))
    assert hub.one("SELECT count(*) FROM contacts_merge") == PAIRS
    assert hub.one("SELECT count(*) FROM contacts_contact") == PAIRS
    assert hub.rows("SELECT contact_id, count(*) FROM contacts_address GROUP BY 1 HAVING count(*) <> 2") == []


def test_arrivals_while_contacts_are_merged_and_parted_make_no_second_contact(hub: Hub) -> None:
    """B12: an address leads to one contact at every moment, whoever has it just then."""
    ids = people(hub, 2 * PAIRS)
    pairs = list(zip(ids[::2], ids[1::2], strict=True))
    records = [{"email": f"P{n}@gmail.com", "job_title": "Buyer"} for n in range(2 * PAIRS)]
    merges, *_ = all_at_once(hub, (MERGE, pairs), (SEND, records), (SEND, records[::-1]))
    assert [isinstance(m, int) for m in merges] == [True] * PAIRS
    check_addresses_and_arrivals(hub, PAIRS)
    all_at_once(hub, (UNMERGE, merges), (SEND, records), (SEND, records[::-1]))
    check_addresses_and_arrivals(hub, 2 * PAIRS)
    assert hub.one("SELECT count(*) FROM contacts_arrival") == 5 * 2 * PAIRS


def check_addresses_and_arrivals(hub: Hub, contacts: int) -> None:
    assert hub.one("SELECT count(*) FROM contacts_contact") == contacts
    strays = hub.rows(
        "SELECT a.id FROM contacts_arrival a JOIN contacts_address x ON x.key = a.email_key "
        "WHERE a.contact_id IS NULL OR a.contact_id <> x.contact_id"
    )
    assert strays == []
