"""``manage.py worksheet``: one JSON object and nothing else, a status that scripts can trust, one line for an error."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command

from syncrules.domain.worksheet import Direction, Rule
from syncrules.models import Connection, WorksheetVersion
from syncrules.services import editing, versions
from syncrules.services.seed import seed_demo
from tests.contacts.deciding import NOW
from tests.syncrules.test_worksheet_files import PLAYBOOK
from tests.syncrules.worksheets import JOB_TITLE, LATER, ops, pulled, row, said, seed, set_cell

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox():
    return seed()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "rules.csv"
    path.write_text(PLAYBOOK, encoding="utf-8")
    return path


@pytest.fixture
def run(capsys):
    def call(*words: str) -> tuple[int, dict]:
        status = 0
        try:
            call_command("worksheet", *map(str, words), "--json")
        except CommandError as error:
            status = error.returncode if "\n" not in str(error) else -1
        out = capsys.readouterr().out
        return status, json.loads(out) if out else {}

    return call


def test_check_reads_the_draft_before_what_is_in_force(run, sandbox):
    assert run("check", "sandbox")[0] == 0
    set_cell(sandbox, "source", "direction", Direction.TO_MAP)
    status, done = run("check", "sandbox")
    stopping = [p for p in done["problems"] if p["level"] == "stops"]
    assert status == 1
    assert (stopping[0]["row"], stopping[0]["code"]) == (3, "direction-against-rule")
    assert stopping[0]["text"]


def test_check_of_a_file_changes_nothing(run, sandbox, file):
    before = said(sandbox)
    assert run("check", "sandbox", "--file", file)[0] == 0
    file.write_text(PLAYBOOK.replace("MAP→CRM", "CRM→MAP"), encoding="utf-8")
    assert run("check", "sandbox", "--file", file)[0] == 1
    assert (said(sandbox), WorksheetVersion.objects.count()) == (before, 1)


def test_export_and_import_come_round(run, sandbox, tmp_path):
    editing.add_row(sandbox, JOB_TITLE, ops(), LATER)
    before, out = said(sandbox), tmp_path / "out.csv"
    assert run("export", "sandbox", "--out", out)[0] == 0
    status, done = run("import", "sandbox", "--file", out)
    assert (status, done["version"], said(sandbox)) == (0, 2, before)


def test_import_makes_the_draft_and_only_with_a_reason_what_is_in_force(run, sandbox, file):
    file.write_text(PLAYBOOK.replace("MAP fills if empty", "Never overwrite"), encoding="utf-8")
    assert run("import", "sandbox", "--file", file)[0] == 0
    assert row(sandbox, "first_name").rule == Rule.NEVER
    assert versions.in_force(sandbox).number == 1
    assert run("import", "sandbox", "--file", file, "--in-force", "--reason", "the vendor agreed")[0] == 0
    now = versions.in_force(sandbox)
    assert (now.reason, now.forced_by) == ("the vendor agreed", "command line")


def test_import_in_force_with_a_problem_writes_nothing(run, sandbox, file):
    file.write_text(PLAYBOOK.replace("MAP→CRM", "CRM→MAP"), encoding="utf-8")
    status, done = run("import", "sandbox", "--file", file, "--in-force", "--reason", "hurry")
    assert status == 1
    assert next(p["code"] for p in done["problems"] if p["level"] == "stops") == "direction-against-rule"
    assert list(WorksheetVersion.objects.values_list("number", "state")) == [(1, "in-force")]


def test_simulate_says_whose_values_would_differ_and_writes_nothing(run, sandbox):
    from contacts.models import Contact
    from syncrules.models import Pull
    from tests.contacts.deciding import send

    send(email="wei@kestrel.example", first_name="Wei", last_name="Zhang", job_title="Analyst")
    pulled(sandbox)
    seed_demo(NOW)
    before = (list(Contact.objects.values()), Pull.objects.count(), said(sandbox))
    status, done = run("simulate", "sandbox", "--last", 100)
    assert status == 0
    assert done["arrivals"] >= 1
    differences = {d["field"]: (d["now"], d["then"]) for d in done["differences"]}
    assert differences["job_title"] == ("Analyst", "Senior Analyst")
    assert {"contact", "field", "now", "then", "row"} <= set(done["differences"][0])
    assert (list(Contact.objects.values()), Pull.objects.count(), said(sandbox)) == before


@pytest.mark.parametrize(
    "words",
    [
        ("check", "nowhere"),
        ("check", "sandbox", "--file", "/no/such/file.csv"),
        ("import", "sandbox"),
        ("check", "sandbox", "--reason", "why"),
        ("export", "sandbox", "--out", "/no/such/folder/out.csv"),
        ("check", "sandbox", "--out", "x.csv"),
        ("simulate", "sandbox", "--last", "0"),
    ],
)
def test_what_can_not_be_done_is_one_line_and_status_two(run, sandbox, words):
    assert run(*words) == (2, {})


def test_in_force_and_its_reason_go_together(run, sandbox, file):
    assert run("import", "sandbox", "--file", file, "--in-force")[0] == 2
    assert run("import", "sandbox", "--file", file, "--reason", "why")[0] == 2
    assert WorksheetVersion.objects.count() == 1


def test_a_connection_without_a_worksheet_says_so(run, sandbox):
    WorksheetVersion.objects.all().delete()
    assert run("check", "sandbox") == (2, {})
    assert Connection.objects.exists()
