"""A duplicate audit through HubSpot's connector: read, decided, merged in the sandbox MAP, opt-out first."""

from __future__ import annotations

import pytest
from django.utils import timezone

from contacts.models import Source
from syncrules.domain.catalogue import as_json
from syncrules.models import Connection
from syncrules.services import audit
from tests import factories

from .benches import SandboxBench

pytestmark = pytest.mark.django_db


def test_namesakes_are_found_decided_and_merged_with_the_strictest_opt_in(seeded, hubspot_bench: SandboxBench):
    bench, now = hubspot_bench, timezone.now()
    full = bench.create(email="ann@acme.example", first="Ann", last="Lee", jobtitle="CTO", phone="+14155550100")
    bare = bench.create(email="a.lee@acme.example", first="ann", last="LEE", country="Ireland")
    bench.create(email="else@acme.example", first="Else", last="Berg")
    bench.unsubscribe("a.lee@acme.example")
    source = Source.objects.get(pk=factories.map_source().pk)
    fields = as_json(bench.connector.properties())
    made = Connection.objects.create(
        slug="s", name="S", kind="hubspot", source=source, catalogue=fields, created_at=now
    )

    started = audit.start(made, "Priya", now)
    audit.work(started.pk, connect=lambda connection: bench.connector)
    started.refresh_from_db()
    assert (started.status, started.contacts, started.duplicates) == ("ready", 3, 1)
    group = started.found.get()
    assert (group.master, group.others, group.state) == (full, [bare], "ask")
    assert (group.consent["state"], group.consent["right"]) == ("opted out", False)

    audit.decide(group.pk, full, "Tomasz", now)
    audit.go_on(started.pk, "Priya", now)
    audit.work(started.pk, connect=lambda connection: bench.connector)
    started.refresh_from_db()
    assert (started.status, started.gone, bench.count()) == ("merged", 1, 2)
    left = bench.connector.read([full, bare])
    assert left[full].id == left[bare].id == started.found.get().left_over
    values = left[full].values
    assert (values["jobtitle"], values["country"], values["phone"]) == ("CTO", "Ireland", "+14155550100")
    assert bench.connector.subscriptions(["ann@acme.example"])["ann@acme.example"].opted_out
    assert [s.act for s in started.found.get().steps.all()] == ["decide", "opt-out", "merge"]
