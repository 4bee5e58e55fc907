"""B7 and C1 for the review queue: reviewers in processes of their own, and work that is killed."""

from __future__ import annotations

import json
import time

from tests.flows.hub import PATIENCE, Hub, finished

SET_UP = """
import json, sys
from tests import factories
from contacts.services.seed import seed_people
seed_people()
count = int(sys.argv[1])
for n in range(count):
    name = {"first_name": "Dana", "last_name": f"Li{n}", "domain": f"firm{n}.com"}
    factories.one(email=f"dana@firm{n}.com", company=f"Firm {n}", **name)
    factories.one(email=f"d@firm{n}.com", country="Ireland", **name)
from contacts.models import Review
print(json.dumps(list(Review.objects.order_by("pk").values_list("pk", "candidates__contact_id"))))
"""
#: Each reviewer waits for the same moment, then goes through all cases as fast as it can.
DECIDE = """
import json, sys, time
from django.contrib.auth.models import User
from django.utils import timezone
from contacts.services import review
cases, name, act, moment = json.loads(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4])
user, told = User.objects.get(username=name), []
time.sleep(max(0, moment - time.time()))
for case, contact in cases:
    try:
        if act == "same":
            review.decide_same(case, contact, user=user, at=timezone.now())
        else:
            review.decide_different(case, user=user, at=timezone.now())
        told.append("decided")
    except review.AlreadyDecided as error:
        told.append(str(error))
print(json.dumps(told))
"""
ASK = """
import json, sys
from django.contrib.auth.models import User
from django.utils import timezone
from contacts.services.review import many
cases = [case for case, _ in json.loads(sys.argv[1])]
bulk = many.start("same", cases, which="all", user=User.objects.get(username="reviewer"), at=timezone.now())
many.work(bulk.pk)
many.queue(bulk)
"""
WORK = """
from contacts.models import BulkDecision
from contacts.services.review import many
many.DECIDED = 1
many.work(BulkDecision.objects.get().pk)
"""


def ready(hub: Hub, count: int) -> list[tuple[int, int]]:
    return json.loads(hub.python(SET_UP, count))


def test_each_case_is_decided_by_exactly_one_of_two_reviewers_and_the_other_is_told_by_whom(hub: Hub) -> None:
    cases = ready(hub, 30)
    moment = time.time() + 2
    names = {"reviewer": "Tomasz Zieliński", "ops": "Priya Raman"}
    running = {
        name: hub.start(DECIDE, json.dumps(cases), name, act, moment)
        for name, act in (("reviewer", "same"), ("ops", "different"))
    }
    told = {name: json.loads(finished(process)) for name, process in running.items()}
    for mine, theirs in zip(told["reviewer"], told["ops"], strict=True):
        assert (mine == "decided") != (theirs == "decided")
        assert ("Priya Raman decided case" in mine) or ("Tomasz Zieliński decided case" in theirs)
    by = dict(hub.rows("SELECT decided_by_name, count(*) FROM contacts_review GROUP BY decided_by_name"))
    assert by == {names[name]: count for name in names if (count := told[name].count("decided"))}
    # No half decisions: one person has both addresses, or each of two has one.
    assert hub.one("SELECT count(*) FROM contacts_address") == 60
    assert hub.one("SELECT count(*) FROM contacts_contact") == 30 + told["ops"].count("decided")
    assert hub.one("SELECT count(*) FROM contacts_arrival WHERE contact_id IS NULL") == 0
    assert hub.one("SELECT count(*) FROM contacts_reviewstep") == 30


def test_a_bulk_decision_whose_worker_is_killed_is_finished_by_the_next_and_decides_nothing_twice(hub: Hub) -> None:
    cases = ready(hub, 25)
    hub.python(ASK, json.dumps(cases))
    kills = 0
    for after in (1, 6, 15):
        process = hub.start(WORK)
        deadline = time.monotonic() + PATIENCE
        while hub.one("SELECT done FROM contacts_bulkdecision") < after and process.poll() is None:
            assert time.monotonic() < deadline
        kills += process.poll() is None
        process.kill()
        process.communicate()
    hub.python(WORK)
    assert kills
    assert hub.rows("SELECT status, done, decided FROM contacts_bulkdecision") == [("done", 25, 25)]
    assert hub.rows("SELECT status, count(*) FROM contacts_review GROUP BY status") == [("same", 25)]
    assert hub.one("SELECT count(*) FROM contacts_reviewstep") == 25
    assert hub.one("SELECT count(*) FROM contacts_contact WHERE country = 'Ireland'") == 25
    assert hub.one("SELECT count(*) FROM contacts_historicalcontact WHERE history_type = '~'") == 25
