"""The demo's review queue: held arrivals that differ from what the hub knows, and contacts that look like one."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import User

from contacts.domain.changes import Received
from contacts.models import Contact, Review, Source
from contacts.queries import policy_for
from contacts.services import duplicates, review
from contacts.services.intake import take
from contacts.services.people import edit_contact
from contacts.services.write import Entrance

Record = dict[str, str]
#: How long ago the demo's reviewer last had an empty queue.
CLEARED = timedelta(days=6)

#: Hours before now, source, record: people the hub knows, then records that may be about them.
RECORDS: list[tuple[float, str, Record]] = [
    (1608, "website-contact-form", {
        "email": "sean.obrien@acme-tooling.example", "first_name": "Sean", "last_name": "O’Brien",
        "company": "Acme Tooling", "domain": "acme-tooling.example"}),
    (1200, "webinar-registration", {
        "email": "siobhan@acme-tooling.example", "first_name": "Siobhán", "last_name": "O’Brien",
        "company": "Acme Tooling", "domain": "acme-tooling.example", "job_title": "Buyer, EMEA",
        "phone": "+353 1 555 0199", "country": "Ireland", "product_interest": "Milling"}),
    (900, "partner-referral", {
        "email": "marta.nunez@northwind-logistics.example", "first_name": "Marta", "last_name": "Núñez",
        "company": "Northwind Logistics", "domain": "northwind-logistics.example", "job_title": "Head of Operations",
        "country": "Spain", "lead_score": "86"}),
    (700, "outbound-prospecting", {
        "email": "j.muessig@bruecke-soehne.example", "first_name": "Jürgen", "last_name": "Müßig",
        "company": "Brücke & Söhne GmbH", "domain": "bruecke-soehne.example", "phone": "+49 30 5550123",
        "job_title": "Einkauf", "country": "Germany"}),
    (500, "webinar-registration", {
        "email": "chloe.moreau@tulip-systems.example", "first_name": "Chloé", "last_name": "Moreau",
        "company": "Tulip Systems", "domain": "tulip-systems.example", "country": "France"}),
    (52, "trade-show-scan", {
        "email": "marta@northwind-logistics.example", "first_name": "Marta", "last_name": "Nunez",
        "company": "Northwind Logistics SA", "domain": "northwind-logistics.example", "job_title": "Head of Ops",
        "phone": "+34 91 555 0147"}),
    (31, "trade-show-scan", {
        "email": "s.obrien@acme-tooling.example", "first_name": "Sean", "last_name": "O’Brien",
        "company": "Acme Tooling Ltd", "domain": "acme-tooling.example", "job_title": "vp eng",
        "phone": "+353 1 555 0199", "country": "IE", "product_interest": "5-axis", "opt_in": "yes"}),
    (26, "website-contact-form", {
        "email": "juergen.muessig@gmail.com", "first_name": "Juergen", "last_name": "Muessig",
        "phone": "030 555 0123", "country": "Germany", "job_title": "Leiter Einkauf"}),
    (20, "website-contact-form", {
        "email": "s.obrien@acme-tooling.example", "first_name": "Sean", "last_name": "O’Brien",
        "job_title": "VP Engineering", "lead_score": "40"}),
    (6, "paid-search-landing-page", {
        "email": "c.moreau@tulip-systems.example", "first_name": "Chloé", "last_name": "Moreau",
        "company": "Tulip Systems", "domain": "tulip-systems.example", "job_title": "CTO"}),
    # Contacts that look like one: nothing that the tree goes by is the same, so nobody was asked when they came.
    (480, "partner-referral", {
        "email": "robert.kowalska@kestrel-optics.example", "first_name": "Robert", "last_name": "Kowalska",
        "company": "Kestrel Optics", "domain": "kestrel-optics.example", "job_title": "Analyst",
        "country": "Poland"}),
    (200, "webinar-registration", {
        "email": "bob.kowalska@kestrel-optics.example", "first_name": "Bob", "last_name": "Kowalska",
        "company": "Kestrel Optics Ltd", "domain": "kestrel-optics.example", "job_title": "Senior Analyst",
        "phone": "+48 22 555 0166"}),
    (400, "outbound-prospecting", {
        "email": "ingrid.eriksen@harbour-analytics.example", "first_name": "Ingrid", "last_name": "Eriksen",
        "company": "Harbour Analytics", "domain": "harbour-analytics.example", "job_title": "RevOps lead",
        "country": "Norway"}),
    (150, "trade-show-scan", {
        "email": "eriksen@harbour-analytics.example", "first_name": "Eriksen", "last_name": "Ingrid",
        "company": "Harbour Analytics", "domain": "harbour-analytics.example", "phone": "+47 22 55 01 88"}),
]  # fmt: skip
#: What sales wrote in the meantime: address, hours before now, changes.
EDITS: list[tuple[str, float, Record]] = [
    ("sean.obrien@acme-tooling.example", 340, {"job_title": "VP of Engineering"}),
    ("sean.obrien@acme-tooling.example", 290, {"lifecycle_stage": "in-discovery"}),
]


def clear_queue(at: datetime) -> None:
    """What waited until then was decided: mostly the same person, now and then somebody else."""
    reviewer = User.objects.get(username="reviewer")
    held = Review.objects.filter(status=Review.Status.OPEN, kind=Review.Kind.HOLD).order_by("pk")
    for n, case in enumerate(held.prefetch_related("candidates")):
        when = at + timedelta(minutes=2 * n)
        if n % 4 < 3:
            review.decide_same(case.pk, case.candidates.all()[0].contact_id, user=reviewer, at=when)
        else:
            review.decide_different(case.pk, user=reviewer, at=when)


def seed_queue(now: datetime) -> None:
    """Records and edits in the order of time."""
    sales = User.objects.get(username="sales")
    sources = {s.slug: s for s in Source.objects.all()}
    for hours, slug, record in sorted(RECORDS, key=lambda row: -row[0]):
        _send(sources[slug], record, now - timedelta(hours=hours))
        for address, since, changes in EDITS:
            if record["email"] == address:
                _edit(address, changes, sales, now - timedelta(hours=since))


def seed_likely(now: datetime) -> None:
    """Last night's search for likely duplicates."""
    at = now - timedelta(hours=9)
    scan = duplicates.start_scan(None, at, "the nightly schedule")
    duplicates.run_scan(scan.pk, clock=lambda: at)


def _send(source: Source, record: Record, at: datetime) -> None:
    received = Received(values=dict(record), raw=dict(record), columns={f: f for f in record})
    take([received], policy_for(source), Entrance(source.pk, "api", f"{source.name} (API)", at))


def _edit(address: str, changes: Record, user: User, at: datetime) -> None:
    contact = Contact.objects.get(addresses__key=address)
    given = changes | {"owner": str(user.pk)}
    edit_contact(contact.pk, given, user=user, version=contact.version, at=at)
