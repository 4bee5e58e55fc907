"""What a new hub starts with: roles, stages, the lead source worksheet, and for a demo people and records.

Everything here may run again: rows that exist stay as ops left them.
"""

from __future__ import annotations

import csv
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from contacts.domain.changes import Received
from contacts.models import Contact, CustomField, HubSettings, Source, Stage
from contacts.queries import policy_for
from contacts.roles import ELSEWHERE, ROLES
from contacts.services.intake import take
from contacts.services.seed_queue import CLEARED, clear_queue, seed_likely, seed_queue
from contacts.services.stage_tables import make_first
from contacts.services.write import Entrance

SEEDS = Path(__file__).resolve().parent.parent / "seeds"
DEMO_PASSWORD = "crmhub-demo"
DEMO_PEOPLE = {
    "admin": ("Ada", "Okonkwo"),
    "ops": ("Priya", "Raman"),
    "reviewer": ("Tomasz", "Zieliński"),
    "marketing": ("Imani", "Okafor"),
    "sales": ("Dana", "Whitfield"),
    "auditor": ("Lars", "Holm"),
}

#: Rank and owner by stage (playbook, Step 3), and the names that HubSpot's exports use beside the worksheet's.
RANKS = {
    "New Lead": (10, "anyone", "Lead"),
    "MQL": (20, "map", "marketingqualifiedlead"),
    "SQL": (30, "sales", "Sales Qualified Lead / salesqualifiedlead"),
    "In Discovery": (40, "sales", ""),
    "In Pipeline": (50, "sales", ""),
    "Customer": (60, "sales", ""),
    "Disqualified": (70, "sales", ""),
    "Unsubscribed": (80, "anyone", ""),
}
#: What the sandbox calls the stages: read as the first that has the name, and written where it says so.
IN_SANDBOX = (
    ("New Lead", "Subscriber", True),
    ("New Lead", "New Contact", False),
    ("New Lead", "Lead", False),
    ("Event Lead", "Subscriber", True),
    ("Outbound", "Subscriber", True),
    ("Referred", "Subscriber", True),
    ("MQL", "Marketing Qualified Lead", True),
    ("SQL", "Sales Accepted Lead", True),
    ("SQL", "Sales Qualified Lead", False),
    ("In Discovery", "Working", True),
    ("In Pipeline", "Opportunity", True),
    ("Customer", "Customer", True),
    ("Disqualified", "Disqualified", True),
    ("Unsubscribed", "Unsubscribed", True),
    ("", "Evangelist", False),
    ("", "Other", False),
)
#: Entry stages of the lead source worksheet: equals of New Lead.
ENTRY = {"Event Lead": "Met at an event", "Referred": "Sent by a partner", "Outbound": "Found by a rep"}
KINDS = {
    "website-contact-form": "form",
    "paid-search-landing-page": "form",
    "webinar-registration": "event",
    "trade-show-scan": "event",
    "partner-referral": "partner",
    "outbound-prospecting": "sales",
}
CADENCES = {"manual": "ad-hoc"}
#: Phone region of the seeded sources; ops change it per source.
REGION = "US"


@transaction.atomic
def seed_rules() -> None:
    """Roles, stages, the lead sources and the hub's settings."""
    _roles()
    _stages()
    _sources()
    HubSettings.objects.get_or_create(pk=1)


def _roles() -> None:
    for name in ROLES:
        group, made = Group.objects.get_or_create(name=name)
        if made:
            group.permissions.set(_permissions(name))


def _permissions(role: str) -> list[Permission]:
    wanted = {("contacts", code) for code in ROLES[role]}
    wanted |= {tuple(right.split(".", 1)) for right in ELSEWHERE.get(role, ())}
    found = {(p.content_type.app_label, p.codename): p for p in Permission.objects.select_related("content_type")}
    return [found[key] for key in sorted(wanted)]


def _stages() -> None:
    for row in _worksheet("lifecycle_stages.csv"):
        label = row["CRM Stage"]
        rank, owner, more = RANKS[label]
        names = " / ".join(n for n in (row["MAP Equivalent"], more) if n)
        defaults = {
            "label": label,
            "rank": rank,
            "owner": owner,
            "also_called": names,
            "description": row["Description"],
        }
        Stage.objects.get_or_create(slug=slugify(label), defaults=defaults)
    for label, description in ENTRY.items():
        defaults = {"label": label, "rank": RANKS["New Lead"][0], "description": description}
        Stage.objects.get_or_create(slug=slugify(label), defaults=defaults)
    make_first(timezone.now(), {"sandbox": [[slugify(stage), *name] for stage, *name in IN_SANDBOX]})


def _sources() -> None:
    stages = {s.label: s for s in Stage.objects.all()}
    for row in _worksheet("lead_sources.csv"):
        slug = slugify(row["Source"])
        cadence = slugify(row["Frequency"])
        Source.objects.get_or_create(
            slug=slug,
            defaults={
                "name": row["Source"],
                "kind": KINDS.get(slug, "other"),
                "record_creator": row["Record Creator"],
                "data_captured": row["Data Captured"],
                "sync_method": row["Sync Method"],
                "cadence": CADENCES.get(cadence, cadence),
                "entry_stage": stages[row["Entry Stage"]],
                "region": REGION,
            },
        )


def _worksheet(name: str) -> list[dict[str, str]]:
    with (SEEDS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def seed_people() -> None:
    """The demo sign-ins, one for each role."""
    for name, (first, last) in DEMO_PEOPLE.items():
        user, made = User.objects.get_or_create(
            username=name, defaults={"first_name": first, "last_name": last, "is_staff": True}
        )
        if made:
            user.set_password(DEMO_PASSWORD)
            user.save()
            user.groups.set(Group.objects.filter(name=name))


def seed_demo(now: datetime) -> None:
    """People, a custom field, owners of the sources, and two months of invented records."""
    seed_people()
    CustomField.objects.get_or_create(
        slug="product_interest",
        defaults={"label": "Product interest", "type": "choice", "choices": ["Laser", "Milling", "5-axis"]},
    )
    if Contact.objects.exists():
        return
    owners = {"trade-show-scan": "marketing", "webinar-registration": "marketing", "website-contact-form": "ops",
              "paid-search-landing-page": "marketing", "outbound-prospecting": "sales"}  # fmt: skip
    for slug, username in owners.items():
        Source.objects.filter(slug=slug).update(owner=User.objects.get(username=username))
    cleared = False
    for day, slug, records in _demo_days(now):
        if not cleared and day > now - CLEARED:
            clear_queue(day)
            cleared = True
        source = Source.objects.get(slug=slug)
        entrance = Entrance(source.pk, "api", f"{source.name} (API)", day)
        take([_received(record) for record in records], policy_for(source), entrance)
    seed_queue(now)
    seed_likely(now)


def _received(record: dict[str, str]) -> Received:
    return Received(values=dict(record), raw=dict(record), columns={f: f for f in record})


def _demo_days(now: datetime) -> list[tuple[datetime, str, list[dict[str, str]]]]:
    """Sixty days of arrivals from a fixed seed: new people, people who come back, and look-alikes."""
    draw = random.Random(60)
    known: list[dict[str, str]] = []
    days = []
    slugs = list(KINDS)
    for back in range(60, -1, -1):
        for slug in draw.sample(slugs, 3):
            records = [_person(draw, known) for _ in range(draw.randint(1, 5))]
            days.append((now - timedelta(days=back, minutes=draw.randint(1, 500)), slug, records))
    return days


FIRST = ("Sean Marta Jürgen Anaïs Olu Wei Priya Jan Robert Lea Ingrid Tomás Chloé Yusuf Hana Mikko Zofia Elif Noah "
         "Amara Piotr Sofia Karim Freya").split()  # fmt: skip
LAST = ("O'Brien Núñez Müßig Lefèvre Adébáyò Zhang Raghunathan Berg Smith Kowalska Eriksen Vidal Moreau Demir Sato "
        "Virtanen Nowak Yilmaz Carter Diallo Rossi Haddad Larsen Keita").split()  # fmt: skip
FIRMS = {
    "Acme Tooling": "acme-tooling.example",
    "Northwind Logistics": "northwind-logistics.example",
    "Kestrel Optics": "kestrel-optics.example",
    "Tulip Systems": "tulip-systems.example",
    "Brücke & Söhne GmbH": "bruecke-soehne.example",
    "Harbour Analytics": "harbour-analytics.example",
    "Juniper Foods": "juniper-foods.example",
}
TITLES = ["VP of Engineering", "Buyer, EMEA", "Head of Operations", "Analyst", "RevOps lead", "CTO", ""]


def _person(draw: random.Random, known: list[dict[str, str]]) -> dict[str, str]:
    if known and draw.random() < 0.35:
        return _again(draw, draw.choice(known))
    first, last = draw.choice(FIRST), draw.choice(LAST)
    firm = draw.choice(list(FIRMS))
    local = f"{first[0]}.{last}".lower().encode("ascii", "ignore").decode().replace("'", "") or "someone"
    person = {
        "email": f"{local}{draw.randint(1, 99)}@{FIRMS[firm]}",
        "first_name": first,
        "last_name": last,
        "company": firm,
        "job_title": draw.choice(TITLES),
        "phone": f"+1415555{draw.randint(1000, 9999)}" if draw.random() < 0.4 else "",
        "country": draw.choice(["Ireland", "Germany", "France", "Spain", "United States", ""]),
    }
    known.append(person)
    return person


def _again(draw: random.Random, person: dict[str, str]) -> dict[str, str]:
    """The same person once more: more is known, something differs, or the address is another one."""
    again: dict[str, Any] = dict(person)
    if draw.random() < 0.15:
        again["email"] = "new." + again["email"]
    again["job_title"] = draw.choice(TITLES)
    again["phone"] = again["phone"] or f"+1415555{draw.randint(1000, 9999)}"
    return again
