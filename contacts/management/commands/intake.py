"""``manage.py intake FILE --source SLUG``: a file through the decision tree, in this process, to the end."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from contacts.domain.fields import ALIASES
from contacts.models import ImportBatch, Outcome, Source
from contacts.readers import UnreadableFile
from contacts.services import imports, leases, uploads
from contacts.services.consent import purposes
from contacts.services.consent.imported import ASKED, answer_from, recorded
from contacts.services.dry_run import dry_run
from contacts.services.outcomes import write_outcomes

BY = "the command line"
Status = ImportBatch.Status


class Command(BaseCommand):
    help = "Take in a CSV or XLSX file for a registered source."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="CSV or XLSX.")
        parser.add_argument("--source", required=True, metavar="SLUG", help="A registered source.")
        parser.add_argument(
            "--map", action="append", default=[], metavar="COLUMN=FIELD",
            help="Match a column to a field; an empty field keeps it unmapped. May be given often.",
        )  # fmt: skip
        parser.add_argument("--sheet", metavar="NAME", help="The sheet of a workbook; else the first that isn't empty.")
        parser.add_argument("--agreed-words", default="", metavar="TEXT", help="What the people on the file agreed to.")
        parser.add_argument("--agreed-at", default="", metavar="WHEN", help="When they agreed, such as 2026-03-01.")
        parser.add_argument("--agreed-purpose", default="", metavar="SLUG", help="What for; product-news if absent.")
        parser.add_argument("--agreed-how", default="", metavar="TEXT", help="How or where, such as a form's name.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would happen; write nothing.")
        parser.add_argument("--outcomes", metavar="OUT.csv", help="Write the outcome of each row there.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        batch = self._batch(options)
        try:
            if options["dry_run"]:
                found = dry_run(batch, timezone.now())
                result = self._result(None, batch, found["counts"], found["rows"])
            else:
                self._run(batch, quiet=options["json"])
                result = self._result(batch.pk, batch, batch.counts, batch.done)
        finally:
            if options["dry_run"]:
                self._forget(batch)
        result["seconds"] = round(time.monotonic() - started, 3)
        if options["outcomes"] and not options["dry_run"]:
            self._write_outcomes(batch, options["outcomes"])
        self._print(result, options["json"])

    def _batch(self, options: dict[str, Any]) -> ImportBatch:
        source = Source.objects.filter(slug=options["source"]).exclude(status=Source.Status.RETIRED).first()
        if source is None:
            known = ", ".join(Source.objects.exclude(status="retired").order_by("slug").values_list("slug", flat=True))
            raise _impossible(f"There is no source “{options['source']}”. Registered sources: {known or 'none'}.")
        path = Path(options["file"])
        if options["outcomes"] and not Path(options["outcomes"]).resolve().parent.is_dir():
            raise _impossible(f"The folder of {options['outcomes']} does not exist.")
        try:
            with path.open("rb") as content:
                now, sheet = timezone.now(), options["sheet"]
                batch, _ = uploads.open_batch(content, path.name, source, at=now, by=BY, sheet=sheet)
        except uploads.NoRoom as error:
            raise _impossible(str(error)) from None
        except OSError as error:
            raise _impossible(f"{path} can't be read: {error.strerror or error}.") from None
        except UnreadableFile as error:
            raise _impossible(f"{path.name}: {error}") from None
        try:
            self._map(batch, options["map"])
            batch.agreed = self._agreed(options)
        except CommandError:
            self._forget(batch)
            raise
        return batch if options["dry_run"] else self._unfinished(batch) or batch

    def _agreed(self, options: dict[str, Any]) -> dict[str, str]:
        try:
            return answer_from(*(options[f"agreed_{name}"] for name in ASKED), purpose=self._purpose(options))
        except ValueError as error:
            raise _impossible(f"--agreed-at: {error}") from None

    def _purpose(self, options: dict[str, Any]) -> str:
        asked = options["agreed_purpose"]
        if asked and asked not in purposes.names():
            raise _impossible(
                f"--agreed-purpose: there is no purpose “{asked}”; there are {', '.join(purposes.names())}."
            )
        return asked

    def _map(self, batch: ImportBatch, pairs: list[str]) -> None:
        wanted: dict[str, str] = {}
        for pair in pairs:
            column, equals, field = pair.rpartition("=")
            if not equals:
                raise _impossible(f"--map takes COLUMN=FIELD, not “{pair}”.")
            wanted[column] = ALIASES.get(field.strip(), field.strip())
        taken = {field for field in wanted.values() if field}
        kept = {c: f for c, f in batch.mapping.items() if c not in wanted and f not in taken}
        batch.mapping = kept | wanted
        problems = uploads.check_mapping(batch.columns, batch.mapping)
        if problems:
            raise _impossible(" ".join(problems))
        batch.mapping = uploads.one_name(batch.mapping)

    def _unfinished(self, batch: ImportBatch) -> ImportBatch | None:
        """The same file under the same matching, begun by a process that is no more: go on with that."""
        same = ImportBatch.objects.filter(
            sha256=batch.sha256, source=batch.source, status=Status.RUNNING, created_by=None
        ).exclude(pk=batch.pk)
        begun = [earlier for earlier in same.order_by("pk") if _read_alike(earlier, batch)]
        free = (
            set(leases.unfinished(timezone.now())) if begun else ()
        )  # after: one that just began has its lease by now
        for earlier in begun:
            if earlier.pk in free:
                self._forget(batch)
                return earlier
        return None

    def _run(self, batch: ImportBatch, *, quiet: bool) -> None:
        if batch.status != Status.RUNNING:
            imports.queue(batch)
        if not imports.run(batch.pk, tell=lambda b: None if quiet else self._progress(b)):
            raise _impossible(f"Another process is working on import {batch.pk} already.")
        batch.refresh_from_db()
        if batch.status == Status.FAILED:
            raise _impossible(f"{batch.filename}: {batch.problem} {batch.done} rows were taken before; they stay.")

    def _progress(self, batch: ImportBatch) -> None:
        self.stderr.write(f"{batch.done:,} of {batch.rows:,} rows", ending="\r")
        self.stderr.flush()

    def _forget(self, batch: ImportBatch) -> None:
        uploads.discard_file(batch)
        if batch.pk:
            batch.delete()

    def _result(self, number: int | None, batch: ImportBatch, counts: dict[str, int], rows: int) -> dict[str, Any]:
        found = Counter(counts)
        outcomes = {outcome: found[outcome] for outcome in Outcome.values}
        unknown = [c for c in batch.columns if not batch.mapping.get(c)]
        told = {"consent": recorded(batch)} if number else {}
        return {"batch": number, "rows": rows, **outcomes, "unknown_columns": unknown, **told}

    def _write_outcomes(self, batch: ImportBatch, target: str) -> None:
        try:
            with open(target, "w", encoding="utf-8", newline="") as out:
                write_outcomes(batch, out)
        except OSError as error:
            raise _impossible(
                f"Import {batch.pk} is done, but {target} can't be written: {error.strerror or error}."
            ) from None

    def _print(self, result: dict[str, Any], as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(result, ensure_ascii=False))
            return
        counts = ", ".join(f"{result[o]:,} {o}" for o in Outcome.values)
        head = f"Import {result['batch']}" if result["batch"] else "Dry run, nothing written"
        self.stdout.write(f"{head}: {result['rows']:,} rows in {result['seconds']} s: {counts}.")
        if "consent" in result:
            self.stdout.write(result["consent"]["said"])
        if result["unknown_columns"]:
            self.stdout.write(f"Kept with the arrivals, not mapped: {', '.join(result['unknown_columns'])}.")


def _read_alike(one: ImportBatch, other: ImportBatch) -> bool:
    """Whether two imports of a file take the same rows of it, with the same meaning."""
    parts = [(b.mapping, b.agreed, b.layout.get("sheet", ""), b.layout.get("section", "")) for b in (one, other)]
    return parts[0] == parts[1]


def _impossible(sentence: str) -> CommandError:
    return CommandError(sentence, returncode=2)
