"""``manage.py seed``: roles, stages and lead sources; with ``--demo`` people and invented records too."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from contacts.services import seed


class Command(BaseCommand):
    help = "Seed what a new hub starts with. Running it again changes nothing that is there."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="Also demo sign-ins and invented records.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["demo"] and not settings.DEBUG:
            raise CommandError("Demo sign-ins are refused when DEBUG is off: their password is public.", returncode=2)
        seed.seed_rules()
        if options["demo"]:
            seed.seed_demo(timezone.now())
        self.stdout.write("Seeded.")
