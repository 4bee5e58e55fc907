"""Cases of each kind for the tests of the review queue, and its pages as a reviewer uses them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.test import Client
from django.urls import reverse

from contacts.domain import rules
from contacts.models import BulkDecision, Contact, Review, ReviewCandidate
from contacts.services import review
from contacts.services.review import many, page, table
from tests.contacts.deciding import NOW, person, send

LATER = NOW + timedelta(hours=1)


def known(name: str = "Ann Lee", firm: str = "firm.com", **values: str) -> Contact:
    """A contact that came in by the website's form."""
    first, last = name.split(" ")
    values = {"email": f"{first}@{firm}".lower(), "first_name": first, "last_name": last, "domain": firm} | values
    return send(**values).contact


def look_alike(name: str = "Ann Lee", firm: str = "firm.com", *, at: datetime = NOW, **values: str) -> Review:
    """Somebody of the same name and firm, with another address: held."""
    first, last = name.split(" ")
    given = {"email": f"{first}.{last}@{firm}".lower(), "first_name": first, "last_name": last, "domain": firm}
    return send("trade-show-scan", at=at, **(given | values)).review


def case(**values: Any) -> Review:
    """A bare open case, for what looks at the row alone."""
    number = Review.objects.count()
    given = {"waiting_key": f"a:{number}@x.com", "rule": rules.BY_NAME, "who": f"Case {number}", "opened_at": NOW}
    return Review.objects.create(**(given | values))


def pair(*contacts: Contact, score: int = 93, at: datetime = NOW) -> Review:
    """Contacts that a search found alike."""
    key = "d:" + "-".join(str(c.pk) for c in sorted(contacts, key=lambda c: c.pk))
    evidence = [{"field": "First name", "words": "First name: Bob is short for Robert.", "bits": 2.0}]
    made = Review.objects.create(
        kind=Review.Kind.PAIR, waiting_key=key, rule="likeness", reason="They look like one person.",
        who=str(contacts[0]), score=score, evidence=evidence, opened_at=at,
    )  # fmt: skip
    ReviewCandidate.objects.bulk_create(ReviewCandidate(review=made, contact=c) for c in contacts)
    return made


def two_alike() -> tuple[Contact, Contact, Review]:
    """Robert and Bob, who differ in their title and their phone."""
    robert = known("Robert Kowalska", "kestrel.com", job_title="Analyst", country="Poland")
    bob = known("Bob Kowalska", "kestrel.com", job_title="Senior Analyst", phone="+48 22 555 01 66")
    return robert, bob, pair(robert, bob)


def seen(found: Review, by: str = "reviewer") -> table.Comparison:
    """The case as this person's page shows it."""
    return page.compare(Review.objects.get(pk=found.pk), None, person(by), LATER)


def row(shown: table.Comparison, label: str) -> table.Row:
    return next(r for r in shown.rows if r.label == label)


def effect(shown: table.Comparison, label: str) -> table.Effect:
    """What would become of a field as things stand."""
    found = row(shown, label)
    return next(e for e in found.effects if e.place == max(found.checked, 0))


def decide_same(found: Review, contact: Contact, by: str = "reviewer", **given: Any) -> Review:
    return review.decide_same(found.pk, contact.pk, user=person(by), at=LATER, **given)


def signed_in(name: str = "reviewer") -> Client:
    client = Client()
    client.force_login(person(name), "django.contrib.auth.backends.ModelBackend")
    return client


def opened(client: Client, found: Review, **params: Any) -> Any:
    return client.get(reverse("hub:review", args=[found.pk]), params)


def post(client: Client, found: Review, act: str, **data: Any) -> Any:
    """A decision as the page of a case sends it; ``data`` may hold what an older page would have sent."""
    context = opened(client, found).context
    sent = {"act": act, "basis": context["table"].basis}
    chosen = context["table"].chosen
    sent |= {"candidate": chosen.contact.pk} if chosen else {}
    return client.post(reverse("hub:review_decide", args=[found.pk]), sent | data)


def values(contact: Contact) -> dict[str, Any]:
    """A contact's row but for what every write moves on."""
    kept = Contact.objects.filter(pk=contact.pk).values().get()
    return {name: value for name, value in kept.items() if name not in ("version", "updated_at")}


def clock() -> datetime:
    return LATER


def some(count: int = 3, **values: str) -> list[Review]:
    """Cases without any conflict: each fills a gap of a contact of its own."""
    made = []
    for n in range(count):
        known(f"Ann L{n}a", f"firm{n}.com", company=f"Firm {n}")
        made.append(look_alike(f"Ann L{n}a", f"firm{n}.com", **({"country": "Ireland"} | values)))
    return made


def asked(act: str, cases: list[Review], by: str = "reviewer", **given: Any) -> BulkDecision:
    """A bulk decision that was worked out and waits for a word."""
    made = many.start(act, [c.pk for c in cases], which="some", user=person(by), at=LATER, **given)
    assert many.work(made.pk, clock=clock)
    made.refresh_from_db()
    return made


def done(bulk: BulkDecision) -> BulkDecision:
    many.queue(bulk)
    assert many.work(bulk.pk, clock=clock)
    bulk.refresh_from_db()
    return bulk
