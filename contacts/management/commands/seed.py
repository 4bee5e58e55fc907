"""``manage.py seed``: roles, stages and lead sources; with ``--demo`` people and invented records too."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from contacts.services import seed


class Command(BaseCommand):
    help = "Seed what a new hub starts with. Running it again changes nothing that is there."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="Also demo sign-ins and invented records.")

    def handle(self, *args: Any, **options: Any) -> None:
        seed.seed_rules()
        if options["demo"] and settings.DEBUG:
            seed.seed_demo(timezone.now())
        elif options["demo"]:
            self.stderr.write("No demo sign-ins: DEBUG is off, and their password is public.")
        self.stdout.write("Seeded.")
