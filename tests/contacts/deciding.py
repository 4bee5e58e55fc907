"""A hub with its seeded rules and people, and records that come in through the real door."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User

from contacts.domain.changes import Received
from contacts.models import Arrival, Contact, Source
from contacts.queries import policy_for
from contacts.services.intake import take
from contacts.services.seed import seed_people, seed_rules
from contacts.services.write import Entrance

NOW = datetime(2026, 3, 17, 9, 40, tzinfo=UTC)


def seed() -> None:
    """Roles, stages, sources and one person for each role."""
    seed_rules()
    seed_people()


def person(name: str) -> User:
    return User.objects.get(username=name)


def source(slug: str = "website-contact-form") -> Source:
    return Source.objects.get(slug=slug)


def send(slug: str = "website-contact-form", *, at: datetime = NOW, **values: str) -> Arrival:
    """One record from a source, decided; the stored arrival."""
    where = source(slug)
    plans = take([Received(values, values)], policy_for(where), Entrance(where.pk, "api", where.name, at))
    return Arrival.objects.get(pk=plans[0].incoming.arrival_id)


def wait(slug: str, *, at: datetime = NOW, **values: str) -> Arrival:
    """One record that waits because nobody registered its source."""
    return Arrival.objects.create(
        source_slug=slug, door="api", actor=f"{slug} (API)", received_at=at, raw=values,
        delivery_key=f"{slug}:{Arrival.objects.count()}", email_key=values.get("email", ""),
    )  # fmt: skip


def held(**values: str) -> Arrival:
    """Sean O'Brien is known, and somebody like him comes with another address."""
    send(email="sean@acme-tooling.com", first_name="Sean", last_name="O'Brien", company="Acme Tooling")
    return send(
        "trade-show-scan",
        **{"email": "s.obrien@acme-tooling.com", "first_name": "Sean", "last_name": "O'Brien", **values},
        at=NOW + timedelta(minutes=5),
    )


def dump() -> dict[str, Any]:
    """Everything that a refused decision must leave as it was."""
    from contacts.models import Address, Review

    models = (Contact, Address, Arrival, Review, Contact.history.model, Source, Source.history.model)
    return {m.__name__: list(m.objects.order_by("pk").values()) for m in models}
