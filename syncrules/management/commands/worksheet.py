"""``manage.py worksheet check|export|import|simulate CONNECTION``: the worksheet of a connection, from the shell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from syncrules.domain.worksheet import Problem, Worksheet
from syncrules.models import Connection
from syncrules.services import checking, editing, simulate, versions, worksheet_files
from syncrules.services.rows import Unusable

ACTS = ("check", "export", "import", "simulate")


class Command(BaseCommand):
    help = "Check, export, import or simulate the worksheet of a connection."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=ACTS)
        parser.add_argument("connection", help="The short name of a connection, such as sandbox.")
        parser.add_argument("--file", metavar="F", help="The worksheet as CSV; else the draft, else what is in force.")
        parser.add_argument("--out", metavar="F", help="Where export writes to; else standard output.")
        parser.add_argument("--in-force", action="store_true", help="Put the imported worksheet in force.")
        parser.add_argument("--reason", default="", help="Why it is put in force.")
        parser.add_argument("--last", type=int, default=10_000, metavar="N", help="So many arrivals and pulls.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")

    def handle(self, *args: Any, **options: Any) -> None:
        connection = Connection.objects.filter(slug=options["connection"]).first()
        if connection is None:
            known = ", ".join(Connection.objects.order_by("slug").values_list("slug", flat=True)) or "none"
            raise _impossible(f"There is no connection “{options['connection']}”. There is: {known}.")
        _refuse_what_is_not_read(options)
        act = getattr(self, f"_{options['act']}")
        try:
            act(connection, options)
        except (worksheet_files.NotTaken, Unusable) as error:
            raise _impossible(str(error)) from None

    def _check(self, connection: Connection, options: dict[str, Any]) -> None:
        where = checking.around(connection)
        found = checking.check(where, _worksheet(where, options["file"]))
        self._print({"problems": _listed(found)}, options["json"], _sentences(found))
        _fail_if_stopped(found)

    def _export(self, connection: Connection, options: dict[str, Any]) -> None:
        where = checking.around(connection)
        worksheet = _worksheet(where, options["file"])
        text, out = worksheet_files.export(worksheet), options["out"]
        if out:
            try:
                Path(out).write_text(text, encoding="utf-8", newline="")
            except OSError as error:
                raise _impossible(f"{out} can't be written: {error.strerror or error}.") from None
        elif not options["json"]:
            self.stdout.write(text, ending="")
            return
        found = checking.check(where, worksheet)
        done = {"problems": _listed(found), "rows": len(worksheet.rows), "out": out or ""}
        self._print(done, options["json"], [f"{len(worksheet.rows)} rows written to {out}."])

    def _import(self, connection: Connection, options: dict[str, Any]) -> None:
        where, at = checking.around(connection), timezone.now()
        base = versions.newest(connection)
        found = worksheet_files.read_file(options["file"], checking.worksheet_of(where, base))
        problems = checking.check(where, worksheet_files.of_sheet(where, found))
        if options["in_force"] and checking.stopping(problems):
            self._print({"problems": _listed(problems)}, options["json"], _sentences(problems))
            raise CommandError("Problems stop it: nothing was written.", returncode=1)
        with transaction.atomic():
            draft = editing.import_rows(connection, worksheet_files.as_said(found), None, at)
            if options["in_force"]:
                draft = versions.put_in_force(
                    connection, None, options["reason"], at, draft.revision, checking.stops
                )  # fmt: skip
        state = "in force" if options["in_force"] else "the draft"
        done = {"problems": _listed(problems), "version": draft.number, "in_force": bool(options["in_force"])}
        words = [f"{len(found.rows)} rows read. v{draft.number} is {state}.", *_sentences(problems)]
        self._print(done, options["json"], words)
        _fail_if_stopped(problems)

    def _simulate(self, connection: Connection, options: dict[str, Any]) -> None:
        if options["last"] < 1:
            raise _impossible("--last takes a number from 1 on.")
        where = checking.around(connection)
        worksheet = _worksheet(where, options["file"])
        result = simulate.simulate(connection, worksheet, options["last"])
        done = {
            "arrivals": result.arrivals,
            "differences": [
                {
                    "contact": d.contact, "field": d.field, "now": d.now, "then": d.then, "row": d.row,
                    "name": d.name, "because": d.because,
                }
                for d in result.differences
            ],
        }  # fmt: skip
        words = [f"{result.arrivals:,} arrivals and pulls, {len(result.differences):,} values would differ."]
        words += [
            f"contact {d.contact} {d.name}, {d.field}: {_shown(d.now)} → {_shown(d.then)}, {d.because}"
            for d in result.differences
        ]
        self._print(done, options["json"], words)

    def _print(self, done: dict[str, Any], as_json: bool, words: list[str]) -> None:
        self.stdout.write(json.dumps(done, ensure_ascii=False, default=str) if as_json else "\n".join(words))


def _worksheet(where: checking.Around, file: str | None) -> Worksheet:
    """The file's, else the draft, else what is in force."""
    version = versions.newest(where.connection)
    said = checking.worksheet_of(where, version)
    if file:
        return worksheet_files.of_sheet(where, worksheet_files.read_file(file, said))
    if version is None:
        raise _impossible(f"{where.connection.name} has no worksheet yet. Give one with --file.")
    return said


def _refuse_what_is_not_read(options: dict[str, Any]) -> None:
    """An option that the act would pass over is a mistake, and better said than passed over."""
    act = options["act"]
    if act == "import" and not options["file"]:
        raise _impossible("Say which file to import, with --file.")
    if act != "import" and (options["in_force"] or options["reason"]):
        raise _impossible("--in-force and --reason belong to import.")
    if act == "import" and bool(options["in_force"]) != bool(options["reason"].strip()):
        raise _impossible("--in-force needs --reason, and the other way round: say why it is put in force.")
    if options["out"] and act != "export":
        raise _impossible("--out belongs to export.")


def _listed(problems: list[Problem]) -> list[dict[str, Any]]:
    return [
        {"row": p.row, "code": p.code, "text": p.text, "level": p.level, "column": p.column, "fix": p.fix_label,
         "example": [list(pair) for pair in p.example]}
        for p in problems
    ]  # fmt: skip


def _sentences(problems: list[Problem]) -> list[str]:
    lines = [f"{p.level}  {f'row {p.row}' if p.row else 'all rows'}  {p.code}: {p.text}" for p in problems]
    return lines or ["No problems."]


def _fail_if_stopped(problems: list[Problem]) -> None:
    if stopped := len(checking.stopping(problems)):
        raise CommandError(f"{stopped} problem{'s' * (stopped != 1)} would stop it.", returncode=1)


def _shown(value: Any) -> str:
    return "nothing" if value in (None, "") else f"“{value}”"


def _impossible(sentence: str) -> CommandError:
    return CommandError(sentence, returncode=2)
