"""The contract of ``manage.py intake``: its statuses, its one object, its file of outcomes, and nasty files."""

from __future__ import annotations

import csv
import io
import json
import os
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from contacts.models import Address, Arrival, Contact, ImportBatch
from contacts.services import ahead
from tests import factories
from tests.flows.hub import Hub
from tests.flows.states import state

KEYS = {
    "batch", "rows", "created", "filled", "unchanged", "held", "rejected", "repeated", "unknown_columns", "consent",
    "seconds",
}  # fmt: skip
SAMPLES = {
    "people.csv": b"Email,First name,Last name,Shoe size\ndana@harborworks.com,Dana,Li,39\ncy@gmail.com,Cy,,\n",
    "bad rows.csv": b"Email;Telefon\nno address;\n;12\n;;\nok@gmail.com;+12025550101;too;many\n\n",
    "nul.csv": b"Em\x00ail,First\x00 name\nda\x00na@harborworks.com,D\x00ana\n\x00,\x00\n",
    "windows.csv": "E-Mail;Vorname;Firma\nj.m@gmail.com;Jürgen;Müller & Söhne\n".encode("cp1252"),
    "utf16.csv": "Email\tFirst name\na@gmail.com\tŁukasz\n".encode("utf-16"),
    "formula.csv": b"Email,Company\n=1+1@gmail.com,=HYPERLINK(1)\nb@gmail.com,\"=cmd|' /C calc'!A0\"\n",
    "quotes.csv": b'Email,Job title\n"a@gmail.com","Head of\nLines, and ""quotes"""\n',
    "huge numbers.csv": b"Email,Lead score,Phone\na@gmail.com,1e999999999,1e999999999\nb@gmail.com,NaN,+1\n",
    "long names.csv": "Email,First name,Last name,Company\na@gmail.com,{0},{0},{0}\n".format("ß" * 200).encode(),
}
UNREADABLE = {
    "empty.csv": b"",
    "no header.csv": b"1,2,3\n4,5,6\n",
    "picture.csv": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20,
    "fake.xlsx": b"this is no workbook",
    "unclosed.csv": b'Email,First name\na@gmail.com,"Dana\nb@gmail.com,Cy\n',
}


def told(result: dict[str, Any]) -> dict[str, Any]:
    """What a dry run and the real run say alike."""
    return {k: v for k, v in result.items() if k not in ("batch", "seconds", "consent")}


def run(path: Path, *more: Any, source: str = factories.FORM) -> dict[str, Any]:
    """The command in this process: exactly one object on standard output."""
    out = io.StringIO()
    with redirect_stdout(out):
        call_command("intake", str(path), "--source", source, "--json", *map(str, more), stdout=out)
    lines = out.getvalue().splitlines()
    assert len(lines) == 1
    return json.loads(lines[0])


def refuses(path: Path, *more: Any, source: str = factories.FORM) -> str:
    """The one line of a run that can't be done: status 2, and nothing is written or kept."""
    with pytest.raises(CommandError) as raised:
        run(path, *more, source=source)
    assert raised.value.returncode == 2
    sentence = str(raised.value)
    assert "\n" not in sentence
    assert not any(model.objects.exists() for model in (Contact, Arrival, Address, ImportBatch))
    return sentence


def file_of(folder: Path, name: str, content: bytes) -> Path:
    (folder / name).write_bytes(content)
    return folder / name


@pytest.mark.parametrize("name", SAMPLES)
def test_each_row_of_a_nasty_file_has_one_outcome_and_the_dry_run_says_the_same(
    name: str, seeded: None, tmp_path: Path
) -> None:
    path, out = file_of(tmp_path, name, SAMPLES[name]), tmp_path / "out.csv"
    foreseen = run(path, "--dry-run")
    assert not Arrival.objects.exists()
    assert not ImportBatch.objects.exists()
    result = run(path, "--outcomes", out)
    assert result.keys() == KEYS
    assert told(foreseen) == told(result)
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [list(row) for row in rows[:1]] in ([], [["row", "outcome", "contact", "review", "reason"]])
    assert [int(row["row"]) for row in rows] == list(range(1, result["rows"] + 1))
    outcomes = [row["outcome"] for row in rows]
    assert {o: outcomes.count(o) for o in set(outcomes)} == {o: n for o in KEYS & set(outcomes) if (n := result[o])}
    assert all(row["reason"] for row in rows)


def test_values_come_through_as_they_are_meant(seeded: None, tmp_path: Path) -> None:
    for name, content in SAMPLES.items():
        run(file_of(tmp_path, name, content))
    found = dict(Contact.objects.values_list("email", "company"))
    assert found["j.m@gmail.com"] == "Müller & Söhne"
    assert found["b@gmail.com"].startswith("=cmd")
    assert Contact.objects.get(email="dana@harborworks.com").first_name == "Dana"


def test_unknown_columns_are_named_and_kept_with_the_arrival(seeded: None, tmp_path: Path) -> None:
    result = run(file_of(tmp_path, "people.csv", SAMPLES["people.csv"]))
    assert result["unknown_columns"] == ["Shoe size"]
    arrival = Arrival.objects.order_by("id")[0]
    assert ("Shoe size", "39") in arrival.raw_items()


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_cannot_be_read_is_one_clear_line_and_nothing_is_kept(
    name: str, seeded: None, tmp_path: Path, settings: Any
) -> None:
    settings.UPLOAD_ROOT = tmp_path / "uploads"
    sentence = refuses(file_of(tmp_path, name, UNREADABLE[name]))
    assert len(sentence) > 20
    assert sentence.count(name) == 1
    assert not [p for p in settings.UPLOAD_ROOT.rglob("*") if p.is_file()]


def test_what_cannot_be_done_is_said_with_what_can(seeded: None, tmp_path: Path) -> None:
    good = file_of(tmp_path, "people.csv", SAMPLES["people.csv"])
    assert factories.SALES in refuses(good, source="unheard-of")
    assert "missing.csv" in refuses(tmp_path / "missing.csv")
    assert str(tmp_path) in refuses(tmp_path)
    assert "COLUMN=FIELD" in refuses(good, "--map", "Email")
    assert "“Mail”" in refuses(good, "--map", "Mail=email")
    assert "“shoe”" in refuses(good, "--map", "Shoe size=shoe")
    assert "choose one" in refuses(good, "--map", "Email=email", "--map", "First name=email")
    assert "does not exist" in refuses(good, "--outcomes", tmp_path / "nowhere" / "out.csv")
    nothing = file_of(tmp_path, "shoes.csv", b"Shoe size,Hat size\n39,57\n40,58\n")
    assert "Shoe size" in refuses(nothing)


def test_a_retired_source_takes_nothing(seeded: None, tmp_path: Path) -> None:
    from contacts.models import Source

    Source.objects.filter(slug=factories.FORM).update(status="retired")
    assert factories.FORM in refuses(file_of(tmp_path, "people.csv", SAMPLES["people.csv"]))


def test_a_column_can_be_matched_by_hand_or_left_alone(seeded: None, tmp_path: Path) -> None:
    path = file_of(tmp_path, "odd.csv", b"A=B,Email,First name\nDana,a@gmail.com,Nick\n")
    result = run(path, "--map", "A=B=first_name", "--map", "Email=email")
    assert result["unknown_columns"] == ["First name"]
    assert Contact.objects.get().first_name == "Dana"


def test_a_file_under_another_matching_is_no_repeat(seeded: None, tmp_path: Path) -> None:
    """The rows are the same bytes but say something else."""
    path = file_of(tmp_path, "list.csv", b"Email,Note\ndana@harborworks.com,CTO\n")
    assert run(path)["created"] == 1
    assert run(path)["repeated"] == 1
    assert run(path, "--map", "Note=job_title")["filled"] == 1
    assert Contact.objects.get().job_title == "CTO"


@pytest.mark.skipif(os.name == "nt", reason="names on disk are text there")
def test_a_file_whose_name_is_no_text_is_taken(seeded: None, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"liste_\xff\xe9.csv")
    path.write_bytes(SAMPLES["people.csv"])
    assert run(path)["created"] == 2


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_dry_run_counts_what_the_real_run_makes(
    size: int, seeded: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C8, with chunks of every size on both sides."""
    from tests.flows.test_sequence import CASES

    header = ["Email", "First name", "Last name", "Company", "Domain", "Phone", "Job title"]
    fields = ["email", "first_name", "last_name", "company", "domain", "phone", "job_title"]
    for before, values, _ in CASES.values():
        factories.arrive(*before)
        path = factories.csv_file(tmp_path / "list.csv", header, [[v.get(f, "") for f in fields] for v in values])
        monkeypatch.setattr(ahead, "CHUNK", size)
        foreseen, result = run(path, "--dry-run"), run(path)
        assert told(foreseen) == told(result)


def test_the_statuses_and_streams_of_the_real_command(hub: Hub, tmp_path: Path) -> None:
    good = file_of(tmp_path, "people.csv", SAMPLES["people.csv"])
    fine = hub.start_intake(good, "--source", factories.FORM, "--json", checks=True)
    out, err = fine.communicate(timeout=60)
    assert (fine.returncode, err) == (0, "")
    assert json.loads(out).keys() == KEYS
    bad = hub.start_intake(good, "--source", "unheard-of", "--json")
    out, err = bad.communicate(timeout=60)
    assert (bad.returncode, out, err.count("\n")) == (2, "", 1)
    assert "Traceback" not in err
    assert len(state(hub.rows)["contacts"]) == 2
