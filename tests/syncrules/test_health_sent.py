"""Health by mail and on the command line."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core import mail as outgoing
from django.core.management import CommandError, call_command

from contacts.models import Contact, Stage
from syncrules.models import HealthReport, HealthTargets
from syncrules.services import calling, health
from syncrules.services.health import mailing

from .proving import mqls, worked
from .syncing import START, World, live

pytestmark = pytest.mark.django_db
NIGHT = START.replace(hour=2, minute=0)


@pytest.fixture
def world(seeded) -> World:
    return live()


class TestMail:
    @pytest.fixture(autouse=True)
    def _set_up(self, settings):
        settings.MAIL_IS_SET_UP = True
        HealthTargets.objects.create(pk=1, mail_to="priya@hub.example\nlars@hub.example")

    def night(self, world) -> HealthReport:
        report = health.start_nightly(NIGHT + timedelta(days=1))
        health.work(report.pk, clock=world.later, connect=lambda connection: world.map)
        report.refresh_from_db()
        return report

    def test_the_nights_report_goes_out_by_itself_without_anybodys_data(self, world):
        mqls(world, 3)
        report = self.night(world)
        (sent,) = outgoing.outbox
        assert sent.to == ["priya@hub.example", "lars@hub.example"]
        assert sent.subject.startswith("Health")
        assert "Stage consistency: 3 of 25 so far (target 100%), can't be said yet" in sent.body
        assert "acme.example" not in sent.body
        assert report.mailed_to == "priya@hub.example, lars@hub.example"

    def test_one_that_a_person_asked_for_goes_out_when_they_say_so(self, world):
        report = worked(world)
        assert outgoing.outbox == []
        assert health.mail(report) == ["priya@hub.example", "lars@hub.example"]

    def test_nothing_goes_out_where_mail_is_not_set_up(self, world, settings):
        settings.MAIL_IS_SET_UP = False
        report = self.night(world)
        assert (outgoing.outbox, report.mailed_to) == ([], "")
        with pytest.raises(mailing.NotSent, match="EMAIL_URL"):
            health.mail(report)

    def test_a_mail_server_that_refuses_costs_no_report(self, world, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
        assert self.night(world).status == "done"


class TestTheCommand:
    @pytest.fixture(autouse=True)
    def _calls_the_map(self, world):
        calling.register("memory", lambda connection: world.map)
        yield
        calling._MAKERS.pop("memory")

    def test_it_prints_the_four_figures_with_their_samples(self, world, capsys):
        mqls(world, 25)
        call_command("health", "--json", "--seed", "7")
        said = json.loads(capsys.readouterr().out)
        for name in ("duplicate_rate", "attribution", "stage_consistency", "overwrite_incidents"):
            assert set(said[name]) >= {"value", "target", "passed", "sample"}
            assert said[name]["passed"] is True
        assert len(said["stage_consistency"]["sample"]) == 25
        assert HealthReport.objects.get().seed == 7

    def test_a_figure_that_fails_is_status_one(self, world, capsys):
        ids = mqls(world, 25)
        Contact.objects.filter(links__record_id=ids[0]).update(lifecycle_stage=Stage.objects.get(slug="customer"))
        with pytest.raises(SystemExit) as end:
            call_command("health", "--json")
        assert end.value.code == 1
        assert json.loads(capsys.readouterr().out)["stage_consistency"]["value"] == 0.96

    def test_a_seed_that_is_none_is_status_two_and_nothing_is_written(self, world):
        with pytest.raises(CommandError) as end:
            call_command("health", "--seed", "-1")
        assert end.value.returncode == 2
        assert not HealthReport.objects.exists()
