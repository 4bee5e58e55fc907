"""``manage.py explain CONTACT``: where each value of a contact comes from, and what was refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from contacts.services import story
from contacts.services.explain import explain_contact, find_contact
from contacts.services.explain_words import sentence


class Command(BaseCommand):
    help = "Say of each value of a contact who wrote it, under which rule, and what was refused."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("contact", metavar="CONTACT", help="An e-mail address of the contact, or its number.")
        parser.add_argument("--field", metavar="F", help="Only this field: its name, or the slug of a custom field.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")

    def handle(self, *args: Any, **options: Any) -> None:
        contact = find_contact(options["contact"])
        if contact is None:
            raise _impossible(f"There is no contact “{options['contact']}”.")
        told = explain_contact(contact)
        if options["field"] is not None:
            if options["field"] not in told["fields"]:
                known = ", ".join(told["fields"])
                raise _impossible(f"A contact has no field “{options['field']}”. It has: {known}.")
            told["fields"] = {options["field"]: told["fields"][options["field"]]}
        if options["json"]:
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        asked = options["contact"].strip().removeprefix("#")
        if asked.isdecimal() and int(asked) != contact.pk:
            self.stdout.write(f"#{asked} was merged, and is part of #{contact.pk} now.")
        self.stdout.write("\n".join(_lines(told)))


def _lines(told: Mapping[str, Any]) -> Iterator[str]:
    contact = told["contact"]
    who = contact["name"] or contact["email"] or "Nameless"
    yield f"{who}, contact #{contact['id']}" + (f", {contact['email']}" if contact["email"] else "")
    for entry in told["fields"].values():
        value = f"“{story.as_text(entry['value'])}”" if entry["value"] is not None else "empty"
        yield f"\n{entry['label']}: {value}. {sentence(entry)}"
        for r in entry["refused"]:
            at = story.moment(datetime.fromisoformat(r["at"]))
            yield f"  Refused “{r['value']}” from {r['origin']}, {at}{_through(r)}: {r['rule']}."


def _through(refused: Mapping[str, Any]) -> str:
    """By what it came, where the log has a page for that."""
    if "merge" in refused:
        return f" (merge {refused['merge']})"
    return f" (arrival #{refused['arrival']})" if refused["arrival"] else ""


def _impossible(text: str) -> CommandError:
    return CommandError(" ".join(text.split()), returncode=2)
