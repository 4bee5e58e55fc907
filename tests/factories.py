"""What tests need to stand on: the seeded rules, people by role, records at the door, and files."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Group, User

from contacts.domain.changes import Plan, Policy, Received
from contacts.models import CustomField, Source
from contacts.queries import policy_for
from contacts.roles import ROLES
from contacts.services import seed
from contacts.services.intake import take
from contacts.services.write import Entrance

#: Seeded sources by the kind of actor that they are; ``MAP`` is made by ``map_source``.
FORM = "website-contact-form"
PAID = "paid-search-landing-page"
SALES = "outbound-prospecting"
MAP = "sandbox-map"
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def rules() -> None:
    """Roles, stages and lead sources, as a new hub has them."""
    seed.seed_rules()


def map_source(slug: str = MAP) -> Source:
    """A source that is a MAP."""
    stage = Source.objects.get(slug=FORM).entry_stage
    made, _ = Source.objects.get_or_create(
        slug=slug, defaults={"name": "Sandbox MAP", "kind": "map", "entry_stage": stage, "region": "US"}
    )
    return made


def custom_field(slug: str = "product_interest", **given: Any) -> CustomField:
    """A field that ops define; a text unless told otherwise."""
    return CustomField.objects.create(slug=slug, label=given.pop("label", slug.replace("_", " ").title()), **given)


def user(role: str, **given: Any) -> User:
    """A member of staff with one role."""
    name = given.pop("username", role)
    made = User.objects.create_user(name, password=seed.DEMO_PASSWORD, is_staff=True, first_name=name.title(), **given)
    made.groups.set(Group.objects.filter(name=role))
    return made


def users() -> dict[str, User]:
    """One user of each role, by role."""
    return {role: user(role) for role in ROLES}


def policy(slug: str = FORM) -> Policy:
    """What ops decided about a source."""
    return policy_for(Source.objects.get(slug=slug))


def entrance(slug: str = FORM, *, door: str = "api", at: datetime = AT, actor: str = "", **given: Any) -> Entrance:
    """How the records of a source come in."""
    source = Source.objects.get(slug=slug)
    return Entrance(source.pk, door, actor or source.name, at, **given)


def record(key: str | None = None, **values: str) -> Received:
    """A record at the door; ``key`` is its delivery key."""
    return Received(values=values, raw=dict(values), delivery_key=key)


def arrive(*records: Mapping[str, str] | Received, source: str = FORM, at: datetime = AT, **given: Any) -> list[Plan]:
    """Records through the one door, in one batch."""
    taken = [r if isinstance(r, Received) else record(**r) for r in records]
    return take(taken, policy(source), entrance(source, at=at, **given))


def one(source: str = FORM, **values: str) -> Plan:
    """One record through the one door."""
    return arrive(values, source=source)[0]


def csv_file(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]], *, encoding: str = "utf-8") -> Path:
    """A CSV file."""
    with path.open("w", encoding=encoding, newline="") as out:
        writer = csv.writer(out)
        writer.writerow(header)
        writer.writerows(rows)
    return path
