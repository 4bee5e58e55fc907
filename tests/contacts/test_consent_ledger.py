"""The ledger of consent: only added to, chained, sealed, and what stands is worked out from it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from contacts import append_only
from contacts.domain import consent
from contacts.domain.consent import AGREED, COMPLAINED, ERASED, NEWS, NOTHING, UNPROVEN, WITHDRAWN
from contacts.models import ConsentKey, ConsentLedger, ConsentRecord
from contacts.services.consent import Said, append, every_standing, of_addresses, stopped
from contacts.services.consent import keys as consent_keys
from contacts.services.consent.checking import verify
from contacts.services.consent.evidence import of_subject
from tests.factories import AT

TABLE = "contacts_consentrecord"
WORDS = "Yes, send me product news. I can stop it at any time."
ANN = "ann@acme.example"


def yes(address: str = ANN, **given: Any) -> Said:
    told = {"occurred_at": AT, "source": "website", "how": "Website form", "words": WORDS} | given
    return Said(address, consent.GRANTED, told.pop("method", consent.FORM), **told)


def no(address: str = ANN, act: str = WITHDRAWN, **given: Any) -> Said:
    told = {"purpose": consent.ALL, "source": "website", "method": consent.LINK} | given
    return Said(address, act, told.pop("method"), **told)


def word(address: str = ANN) -> str:
    return of_addresses([address])[address].word


@pytest.mark.django_db
@pytest.mark.parametrize(
    "sql",
    [
        f"UPDATE {TABLE} SET act = 'granted' WHERE id = 2",
        f"UPDATE {TABLE} SET arrival_id = 7",
        f"DELETE FROM {TABLE} WHERE id = 2",
        f"DELETE FROM {TABLE}",
    ],
)
def test_the_database_refuses_to_change_or_remove_a_record(sql: str) -> None:
    append([yes(), no()], AT)
    with pytest.raises(DatabaseError, match="only ever added"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    with pytest.raises(DatabaseError, match="only ever added"), transaction.atomic():
        ConsentRecord.objects.filter(pk=2).update(act="granted")
    assert ConsentRecord.objects.count() == 2
    assert verify().whole


@pytest.mark.django_db
def test_a_record_can_not_be_replaced_by_another_of_its_number() -> None:
    append([yes(), no()], AT)
    names = ", ".join(f.column for f in ConsentRecord._meta.concrete_fields)
    replace = "INSERT OR REPLACE" if connection.vendor == "sqlite" else "INSERT"
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{replace} INTO {TABLE} ({names}) SELECT {names} FROM {TABLE} WHERE id = 2")
    assert word() == WITHDRAWN


@pytest.mark.django_db
@pytest.mark.postgres
def test_the_table_can_not_be_emptied_at_once() -> None:
    append([no()], AT)
    with pytest.raises(DatabaseError, match="only ever added"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {TABLE}")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sql", "broken"),
    [
        ("UPDATE {t} SET act = 'granted' WHERE id = 2", [2]),
        ("UPDATE {t} SET occurred_at = NULL WHERE id = 3", [3]),
        ("UPDATE {t} SET sealed = (SELECT sealed FROM {t} WHERE id = 1) WHERE id = 4", [4]),
        ("DELETE FROM {t} WHERE id = 3", [3]),
        ("DELETE FROM {t} WHERE id IN (2, 3)", [2, 3]),
        ("DELETE FROM {t} WHERE id > 4", [5, 6]),
        ("UPDATE {t} SET id = CASE id WHEN 2 THEN 30 ELSE id END", [2, *range(7, 30), 30]),
        ("UPDATE {t} SET previous = hash WHERE id = 5", [5]),
    ],
)
def test_an_altered_removed_or_moved_record_is_found(sql: str, broken: list[int]) -> None:
    append([yes(), no(), yes("bo@acme.example")], AT)
    append([yes(), no(), yes("bo@acme.example")], AT + timedelta(days=1))
    assert verify().broken == []
    with connection.cursor() as cursor:
        append_only.unguard(TABLE, cursor)
        cursor.execute(sql.format(t=TABLE))
        append_only.guard(TABLE, cursor)
    assert verify().broken == broken
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("verify_consent", "--json", stdout=out)
    assert ended.value.code == 1
    assert json.loads(out.getvalue())["broken"] == broken


@pytest.mark.django_db
def test_missing_triggers_are_noticed() -> None:
    append([no()], AT)
    with connection.cursor() as cursor:
        append_only.unguard(TABLE, cursor)
        assert not verify().whole
        append_only.guard(TABLE, cursor)
    assert verify().whole


@pytest.mark.django_db
def test_the_command_says_how_many_records_and_that_none_is_broken() -> None:
    append([yes(), no()], AT)
    out = StringIO()
    call_command("verify_consent", "--json", stdout=out)
    found = json.loads(out.getvalue())
    assert (found["records"], found["broken"]) == (2, [])


@pytest.mark.django_db
def test_thousands_of_records_at_once_are_one_chain() -> None:
    append([yes(f"p{n}@acme.example") for n in range(3000)] + [no("p7@acme.example")], AT)
    found = verify()
    assert (found.records, found.whole) == (3001, True)
    standings = dict(every_standing())
    assert sum(s.mailable for s in standings.values()) == 2999


@pytest.mark.django_db
def test_nothing_of_the_person_stands_in_the_ledger_in_the_clear() -> None:
    append([yes(shown="Ann@Acme.Example", more={"ip": "203.0.113.9", "agent": "Mozilla"})], AT)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {TABLE}")
        row = cursor.fetchone()
    text = b"|".join(bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in row).lower()
    for secret in (b"ann", b"acme", b"product news. i", b"203.0.113", b"mozilla"):
        assert secret not in text
    (shown,) = of_subject(consent_keys.subject_of(ANN))
    assert shown.told["words"] == WORDS
    assert shown.told["address"] == "Ann@Acme.Example"
    assert shown.told["ip"] == "203.0.113.9"


@pytest.mark.django_db
def test_without_the_key_of_a_person_the_evidence_is_unreadable_and_the_chain_still_holds() -> None:
    append([yes(), yes("bo@acme.example")], AT)
    subject = consent_keys.subject_of(ANN)
    ConsentKey.objects.filter(pk=subject).delete()
    assert [e.told for e in of_subject(subject)] == [None]
    assert of_subject(consent_keys.subject_of("bo@acme.example"))[0].told
    assert verify().whole


@pytest.mark.django_db
def test_another_key_than_the_one_it_began_with_is_noticed_before_anything_is_written(settings: Any) -> None:
    append([no()], AT)
    settings.CONSENT_KEY = "quite another key, and long enough too"
    with pytest.raises(consent_keys.WrongKey):
        append([no("bo@acme.example")], AT)
    assert ConsentRecord.objects.count() == 1
    assert any("CONSENT_KEY" in problem for problem in verify().problems)


@pytest.mark.django_db
def test_what_stands_for_an_address() -> None:
    assert word() == NOTHING
    append([yes(words="")], AT)
    assert word() == UNPROVEN
    append([yes()], AT)
    assert word() == AGREED
    append([no()], AT + timedelta(hours=1))
    assert word() == WITHDRAWN
    append([yes(method=consent.FILE, occurred_at=AT + timedelta(days=1))], AT + timedelta(days=2))
    assert word() == WITHDRAWN
    append([yes(occurred_at=AT + timedelta(days=1))], AT + timedelta(days=2))
    assert word() == AGREED


@pytest.mark.django_db
def test_the_suppression_list_is_what_was_erased_or_complained_about() -> None:
    append([no(act=COMPLAINED), no("bo@acme.example", ERASED), no("cy@acme.example", consent.BOUNCED)], AT)
    found = stopped([ANN, "bo@acme.example", "cy@acme.example", "di@acme.example"])
    assert found == {ANN: {COMPLAINED}, "bo@acme.example": {ERASED}}


said = st.builds(
    lambda address, act, method, day, words: Said(
        f"{address}@acme.example", act, method, purpose=NEWS if act == consent.GRANTED else consent.ALL,
        occurred_at=AT + timedelta(days=day), source="s", how="h", words=words,
    ),
    st.sampled_from("ab"),
    st.sampled_from([consent.GRANTED, WITHDRAWN, consent.BOUNCED, COMPLAINED]),
    st.sampled_from([consent.FORM, consent.FILE, consent.SYNC]),
    st.integers(0, 5),
    st.sampled_from(["yes", ""]),
)  # fmt: skip


@pytest.mark.django_db(transaction=True)
@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=st.lists(said, min_size=1, max_size=8), shuffled=st.randoms())
def test_the_ledger_says_the_same_whatever_the_order_and_the_batches(told: list[Said], shuffled: Any) -> None:
    late = AT + timedelta(days=9)
    results = []
    for _ in range(2):
        with transaction.atomic():
            for one in told:
                append([one], late)
            results.append(of_addresses(["a@acme.example", "b@acme.example"]))
            assert verify().whole
            transaction.set_rollback(True)
        shuffled.shuffle(told)
    assert results[0] == results[1]
    assert not ConsentLedger.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_those_who_write_at_the_same_time_write_one_chain() -> None:
    def write(worker: int) -> None:
        try:
            for n in range(10):
                append([yes(f"w{worker}-{n}-{i}@acme.example") for i in range(5)] + [no()], AT)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    found = verify()
    assert (found.records, found.whole) == (240, True)
