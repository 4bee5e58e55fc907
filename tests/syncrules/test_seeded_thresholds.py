"""The thresholds that the sandbox starts with: who of its seeded records is a lead, and who is told of at all."""

from __future__ import annotations

import csv

import pytest

from contacts.models import Stage
from syncrules import seeds
from syncrules.domain import threshold
from syncrules.sandbox.seeding import CONTACTS
from syncrules.services.hub_fields import hub_fields
from syncrules.services.seed import seed_connections
from tests import factories

pytestmark = pytest.mark.django_db


def test_the_seeded_thresholds_can_be_judged_as_they_are(seeded: None) -> None:
    made = seed_connections(factories.AT)
    assert [threshold.compile(tree, hub_fields()).problems for tree in (made.takes_part, made.qualifies)] == [(), ()]


def test_every_stage_but_disqualified_takes_part(seeded: None) -> None:
    passes = threshold.compile(seeds.TAKES_PART, hub_fields()).passes
    refused = {slug for slug in Stage.objects.values_list("slug", flat=True) if not passes({"lifecycle_stage": slug})}
    assert refused == {"disqualified"}
    assert not passes({"lifecycle_stage": None})


def test_some_of_the_sandboxs_records_are_leads_and_some_known_people(seeded: None) -> None:
    lets_in = threshold.compile(seeds.QUALIFIES, hub_fields()).lets_in
    sources, stages = dict(seeds.SOURCES), {there: stage for stage, there, _ in reversed(seeds.STAGE_NAMES)}
    with CONTACTS.open(encoding="utf-8", newline="") as file:
        records = list(csv.DictReader(file))
    leads = [
        lets_in(
            {
                "lifecycle_stage": "unsubscribed" if r["unsubscribed"] else stages[r["lifecyclestage"]],
                "source": sources.get(r["hs_analytics_source"]),
            }
        )
        for r in records
    ]
    assert len(records) / 4 < sum(leads) < 3 * len(records) / 4
