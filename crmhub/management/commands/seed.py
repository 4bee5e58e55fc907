"""``manage.py seed``: roles, stages, lead sources and the sandbox; with ``--demo`` people and invented records too."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from contacts.services import seed
from syncrules.services import seed as rule_seed


class Command(BaseCommand):
    help = "Seed what a new hub starts with. Running it again changes nothing that is there."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="Also demo sign-ins and invented records.")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        seed.seed_rules()
        rule_seed.seed_connections(now - rule_seed.BEFORE if options["demo"] else now)
        if options["demo"] and settings.DEBUG:
            seed.seed_demo(now)
            rule_seed.seed_demo(now)
        elif options["demo"]:
            self.stderr.write("No demo sign-ins: DEBUG is off, and their password is public.")
        self.stdout.write("Seeded.")
