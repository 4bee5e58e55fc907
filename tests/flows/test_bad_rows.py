"""A row that nothing can store costs only itself."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.utils import timezone

from contacts.models import Arrival, Contact, Source
from contacts.readers import ahead_child
from contacts.services import imports, intake, uploads
from contacts.services.seed import seed_rules

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("module", "step"), [(ahead_child, "translate"), (intake, "decide")])
def test_a_row_that_breaks_a_step_is_rejected_and_the_others_are_taken(module, step, monkeypatch):
    seed_rules()
    really = getattr(module, step)

    def breaks_on_seven(record, *rest):
        if getattr(record, "received", record).row == 7:
            raise RuntimeError("unforeseen")
        return really(record, *rest)

    monkeypatch.setattr(module, step, breaks_on_seven)
    rows = "".join(f"p{n}@acme.example,Ann{n}\n" for n in range(1, 21))
    source = Source.objects.get(slug="trade-show-scan")
    content = BytesIO(f"Email,First name\n{rows}".encode())
    batch, _ = uploads.open_batch(content, "bad.csv", source, at=timezone.now(), by="a test")
    imports.queue(batch)

    assert imports.run(batch.pk)

    batch.refresh_from_db()
    assert batch.status == "done"
    assert batch.counts == {"created": 19, "rejected": 1}
    assert Contact.objects.count() == 19
    rejected = Arrival.objects.get(batch=batch, outcome="rejected")
    assert (rejected.row, rejected.raw) == (7, ["p7@acme.example", "Ann7"])
