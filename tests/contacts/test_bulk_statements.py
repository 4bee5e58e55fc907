"""Many rows at once: what the statements of a batch are made of."""

from __future__ import annotations

import pytest
from django.db import connection

from contacts.models import Stage
from contacts.services.bulk import among, among_texts, unlogged

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded")]


def test_no_statement_of_a_batch_is_kept_whatever_stands_inside_it() -> None:
    connection.force_debug_cursor = True
    try:
        before = len(connection.queries_log)
        with unlogged():
            with unlogged():
                Stage.objects.count()
            Stage.objects.count()
        assert len(connection.queries_log) == before
        Stage.objects.count()
        assert len(connection.queries_log) == before + 1
    finally:
        connection.force_debug_cursor = False


def test_any_number_of_texts_or_of_ids_is_one_parameter() -> None:
    slugs = ["mql", "it's", "sql", *(f"none-{n}" for n in range(70_000))]
    assert set(Stage.objects.filter(slug__in=among_texts(slugs)).values_list("slug", flat=True)) == {"mql", "sql"}
    assert not Stage.objects.filter(rank__in=among([])).exists()
    assert not Stage.objects.filter(slug__in=among_texts([])).exists()
    ranks = set(Stage.objects.values_list("rank", flat=True))
    assert set(Stage.objects.filter(rank__in=among([*ranks, 10**9])).values_list("rank", flat=True)) == ranks
