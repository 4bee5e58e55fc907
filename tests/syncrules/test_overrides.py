"""Overrides: a gate is passed by two people, with a reason, for what was in force, and in everybody's sight."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from contacts.models import CustomField
from syncrules.models import Connection, Override
from syncrules.services.going_live import overriding
from tests.syncrules.draft import drafted, press, red, text
from tests.syncrules.syncing import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world() -> Iterator[World]:
    with drafted() as made:
        yield made


class TestOverrides:
    def ask(self, world: World, role: str = "ops", **data: str) -> str:
        return press(world, "override_ask", role, **{"gate": "fields", "reason": "Wait for the new field"} | data)

    @pytest.fixture
    def missing(self, world: World) -> World:
        CustomField.objects.create(slug="budget", label="Budget", type="number")
        return world

    def test_it_takes_a_second_person(self, missing: World) -> None:
        assert "Somebody else has to agree" in self.ask(missing)
        assert red(missing) == {"fields"}
        mine = Override.objects.get()
        assert "asked for it yourself" in press(missing, "override_agree", "ops", override=mine.pk)
        assert red(missing) == {"fields"}
        assert "Agreed" in press(missing, "override_agree", "reviewer", override=mine.pk)
        assert red(missing) == set()
        page = text(missing, "auditor")
        assert "Ops" in page
        assert "agreed to by Reviewer" in page
        assert "Wait for the new field" in page

    def test_the_database_wants_two_people_too(self, missing: World) -> None:
        self.ask(missing)
        with pytest.raises(IntegrityError), transaction.atomic():
            Override.objects.update(agreed_by=missing.people["ops"], agreed_at=timezone.now())

    def test_it_counts_for_what_was_in_force_and_stays_in_sight(self, missing: World) -> None:
        self.ask(missing)
        press(missing, "override_agree", "admin", override=Override.objects.get().pk)
        Connection.objects.update(api_version="2026-09")
        assert red(missing) == {"fields"}
        assert "Wait for the new field" in text(missing)

    def test_it_needs_a_reason_and_a_gate_that_is_red(self, missing: World) -> None:
        assert "Write why" in self.ask(missing, reason=" ")
        assert "stands already" in self.ask(missing, gate="consent")
        assert not Override.objects.exists()

    def test_it_can_be_withdrawn(self, missing: World) -> None:
        self.ask(missing)
        press(missing, "override_agree", "admin", override=Override.objects.get().pk)
        assert "counts again" in press(missing, "override_withdraw", "ops", override=Override.objects.get().pk)
        assert red(missing) == {"fields"}

    def test_what_changed_since_is_not_agreed_to(self, missing: World) -> None:
        self.ask(missing)
        Connection.objects.update(api_version="2026-09")
        assert "has changed since" in press(missing, "override_agree", "admin", override=Override.objects.get().pk)

    def test_only_those_with_the_right_ask_and_agree(self, missing: World) -> None:
        assert self.ask(missing, "reviewer") == "403"
        self.ask(missing)
        assert press(missing, "override_agree", "auditor", override=Override.objects.get().pk) == "403"
        with pytest.raises(overriding.PermissionDenied):
            overriding.agree(Override.objects.get(), missing.people["sales"], timezone.now())
