"""``manage.py audit_duplicates``: what it prints, how it ends, and the plan as a file."""

from __future__ import annotations

import csv
import json

import pytest
from django.core.management import CommandError, call_command

from contacts.models import Contact
from syncrules.models import Audit
from syncrules.services import calling
from tests import factories

from .proving import anns
from .syncing import World, connect

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(seeded) -> World:
    return connect()


@pytest.fixture
def known_to_the_command(world):
    """The command finds the MAP in memory as it finds any other."""
    calling.register("memory", lambda connection: world.map)
    yield
    calling._MAKERS.pop("memory")


class TestTheCommand:
    def run(self, *args: str, capsys) -> tuple[dict, int]:
        try:
            call_command("audit_duplicates", *args, "--json")
        except SystemExit as end:
            return json.loads(capsys.readouterr().out), int(end.code or 0)
        return json.loads(capsys.readouterr().out), 0

    def test_over_the_target_it_ends_with_one(self, world, known_to_the_command, capsys):
        anns(world)
        said, status = self.run("our-map", capsys=capsys)
        assert {k: said[k] for k in ("contacts", "groups", "duplicates", "rate")} == {
            "contacts": 2, "groups": 1, "duplicates": 1, "rate": 0.5,
        }  # fmt: skip
        assert status == 1

    def test_under_the_target_it_ends_with_zero(self, world, known_to_the_command, capsys):
        said, status = self.run("crm", capsys=capsys)
        assert (said["contacts"], said["rate"], status) == (0, 0, 0)

    def test_an_unknown_name_is_one_line_and_status_two(self, seeded):
        with pytest.raises(CommandError, match="There is no “nobody” to audit") as end:
            call_command("audit_duplicates", "nobody")
        assert end.value.returncode == 2
        assert not Audit.objects.exists()

    def test_a_map_that_can_not_be_called_is_status_two(self, world):
        with pytest.raises(CommandError, match="speaks with") as end:
            call_command("audit_duplicates", "our-map")
        assert end.value.returncode == 2

    def test_the_plan_file_says_what_becomes_of_each_record_and_holds_no_formula(
        self, world, known_to_the_command, capsys, tmp_path
    ):
        one, two = anns(world)
        world.map.edit(one, firstname="=cmd()", lastname="Lee")
        out = tmp_path / "plan.csv"
        self.run("our-map", "--plan", str(out), capsys=capsys)
        rows = list(csv.DictReader(out.open(encoding="utf-8-sig")))
        assert [(r["record"], r["act"]) for r in rows] == [(two, "keep"), (one, f"merge into #{two}")]
        assert rows[1]["name"] == "'=cmd() Lee"

    def test_the_plan_of_the_hub_names_the_contact_to_keep(self, world, capsys, tmp_path):
        first = factories.one(email="a@acme.example", first_name="Ann", last_name="Lee", company="Acme").person.id
        second = factories.one(email="b@acme.example", first_name="Bo", last_name="Lee", company="Acme").person.id
        key = Contact.objects.get(pk=first).person_key
        Contact.objects.filter(pk=second).update(first_name="Ann", person_key=key, job_title="CTO")
        out = tmp_path / "plan.csv"
        self.run("crm", "--plan", str(out), capsys=capsys)
        rows = [r for r in csv.DictReader(out.open(encoding="utf-8-sig")) if r["record"] in (str(first), str(second))]
        assert [(r["record"], r["act"]) for r in rows] == [(str(second), "keep"), (str(first), f"merge into #{second}")]

    def test_a_plan_that_can_not_be_written_is_status_two(self, seeded, tmp_path):
        with pytest.raises(CommandError, match="can't be written") as end:
            call_command("audit_duplicates", "crm", "--plan", str(tmp_path / "no" / "plan.csv"))
        assert end.value.returncode == 2
