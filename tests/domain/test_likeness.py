"""Which contacts look like one person, and which only seem to."""

from __future__ import annotations

import pytest

from contacts.domain.likeness import FurtherField, Profile, scan
from tests.domain.likenesses import contact, crowd, found, search

ACME = {"company": "Acme Tooling, Inc.", "domain": "acme-tooling.example"}
OTHER = {"company": "Bright Foods", "domain": "bright-foods.example"}


def person(first: str, last: str, *more: dict[str, object], **known: object) -> dict[str, object]:
    values: dict[str, object] = {"first_name": first, "last_name": last}
    for some in more:
        values |= some
    return values | known


ONE_PERSON = {
    "the same name at the same company": (person("Sean", "O’Brien", ACME), person("SEAN", "OBrien", ACME)),
    "a common name at the same company": (person("John", "Smith", ACME), person("John", "Smith", ACME)),
    "a nickname": (person("Robert", "Kowalska", ACME), person("Bob", "Kowalska", ACME)),
    "two nicknames of one name": (person("Bill", "Kowalska", ACME), person("Will", "Kowalska", ACME)),
    "a nickname in another language": (person("Francisco", "Vidal", ACME), person("Paco", "Vidal", ACME)),
    "a short form that no table has": (person("Thorbjorn", "Vidal", ACME), person("Thor", "Vidal", ACME)),
    "a slip in the last name": (person("Priya", "Raghunathan", ACME), person("Priya", "Ragunathan", ACME)),
    "two letters that changed places": (person("Priya", "Raghunathan", ACME), person("Pirya", "Raghunathan", ACME)),
    "another spelling of the same sound": (person("Steven", "Vidal", ACME), person("Stephen", "Vidal", ACME)),
    "first and last name swapped": (person("Ingrid", "Eriksen", ACME), person("Eriksen", "Ingrid", ACME)),
    "an initial": (person("J.", "Virtanen", ACME), person("Jari", "Virtanen", ACME)),
    "a middle name": (person("Jean Luc", "Moreau", ACME), person("Jean", "Moreau", ACME)),
    "half of a double name": (person("Ana", "Garcia Lopez", ACME), person("Ana", "Garcia", ACME)),
    "both names in one field": (person("Jane Kowalska", "", ACME), person("Jane", "Kowalska", ACME)),
    "another legal form and no domain": (
        person("Olu", "Adebayo", ACME),
        person("Olu", "Adebayo", company="ACME TOOLING GmbH & Co. KG"),
    ),
    "a shorter company name": (
        person("Olu", "Adebayo", company="Acme"),
        person("Olu", "Adebayo", company="Acme Tooling"),
    ),
    "a company by its initials": (
        person("Olu", "Adebayo", company="International Bolt Makers"),
        person("Olu", "Adebayo", company="IBM"),
    ),
    "a company that only the address tells": (
        person("Olu", "Adebayo", company="Acme Tooling"),
        person("Olu", "Adebayo", addresses=("olu@acme-tooling.example",)),
    ),
    "moved, but the old address is known": (
        person("Maria", "Lopez", OTHER, addresses=("maria@bright-foods.example", "mlopez@acme-tooling.example")),
        person("Maria", "Lopez", ACME),
    ),
    "moved, with a rare name": (
        person("Zofia", "Brzeczyszczykiewicz", ACME),
        person("Zofia", "Brzeczyszczykiewicz", OTHER),
    ),
    "moved, with the same phone": (
        person("John", "Smith", ACME, phone="+14155550123"),
        person("John", "Smith", OTHER, phone="+14155550123"),
    ),
    "the same phone and a nickname": (
        person("Robert", "Smith", phone="+14155550123"),
        person("Bob", "Smith", phone="+14155550123"),
    ),
    "the same phone, and no name on one side": (
        person("", "", phone="+14155550123"),
        person("Ann", "Lee", phone="+14155550123"),
    ),
    "one mailbox with a tag": (
        person("Ann", "Lee", addresses=("ann.lee@mail.example",)),
        person("", "", addresses=("ann.lee+webinar@mail.example",)),
    ),
    "one mailbox at Google": (
        person("Ann", "Lee", addresses=("ann.lee@gmail.com",)),
        person("A", "Lee", addresses=("annlee@googlemail.com",)),
    ),
    "a name that only the address tells": (
        person("Chidi", "Okonkwo", ACME),
        person("", "", ACME, addresses=("chidi.okonkwo@acme-tooling.example",)),
    ),
    "the same date of birth beside a new name": (
        person("Zofia", "Virtanen", ACME, further={"born": "1980-04-01"}),
        person("Zofia", "Sato", ACME, further={"born": "1980-04-01"}),
    ),
}  # fmt: skip

TWO_PEOPLE = {
    "namesakes at two companies": (person("John", "Smith", ACME), person("John", "Smith", OTHER)),
    "namesakes of whom nothing else is known": (person("Maria", "Garcia"), person("Maria", "Garcia")),
    "father and son at one company": (person("Heinz", "Kowalska", ACME), person("Juergen", "Kowalska", ACME)),
    "Jr. and Sr. at one company": (person("John", "Kowalska Sr.", ACME), person("John", "Kowalska Jr.", ACME)),
    "one of them Jr.": (person("John", "Kowalska", ACME), person("John", "Kowalska, Jr", ACME)),
    "two well-known names one letter apart": (person("Maria", "Lopez", ACME), person("Marta", "Lopez", ACME)),
    "colleagues at one front desk": (
        person("Olu", "Adebayo", ACME, phone="+14155550123"),
        person("Greta", "Vidal", ACME, phone="+14155550123"),
    ),
    "a couple with one phone": (
        person("Olu", "Adebayo", phone="+14155550123"),
        person("Amara", "Adebayo", phone="+14155550123"),
    ),
    "twins with other dates of birth": (
        person("Paula", "Virtanen", ACME, phone="+14155550123", further={"born": "1980-04-01"}),
        person("Petra", "Virtanen", ACME, phone="+14155550123", further={"born": "1980-04-02"}),
    ),
    "another initial": (person("J.", "Virtanen", ACME), person("Mikko", "Virtanen", ACME)),
    "colleagues with one first name": (person("Greta", "Vidal", ACME), person("Greta", "Sato", ACME)),
    "an office's address at two companies": (
        person("Ann", "Lee", ACME, addresses=("info@acme-tooling.example",)),
        person("Bo", "Sato", OTHER, addresses=("info@bright-foods.example",)),
    ),
    "numbered mailboxes": (
        person("Ann", "Lee", addresses=("team1@mail.example",)),
        person("Bo", "Sato", addresses=("team2@mail.example",)),
    ),
    "two who share a last name and a private mail provider": (
        person("Ann", "Kowalska", addresses=("ann@gmail.com",)),
        person("Piotr", "Kowalska", addresses=("piotr@gmail.com",)),
    ),
    "two of whom nothing is known but the company": (person("", "", ACME), person("", "", ACME)),
}  # fmt: skip


@pytest.mark.parametrize("why", ONE_PERSON)
def test_suggested(why: str) -> None:
    assert found(*ONE_PERSON[why]) is not None


@pytest.mark.parametrize("why", TWO_PEOPLE)
def test_not_suggested(why: str) -> None:
    assert found(*TWO_PEOPLE[why]) is None


def test_a_phone_that_many_share_is_no_evidence() -> None:
    desk = [contact(n, "", "", phone="+14155550100", addresses=(f"q{n}x@mail{n}.example",)) for n in range(1, 5)]
    assert not len(search([*desk, *crowd()]))
    assert len(search([*desk[:3], *crowd()])) == 3


def test_pairs_that_are_known_to_be_two_people_are_left_out() -> None:
    people = [contact(5, "John", "Smith", **ACME), contact(3, "John", "Smith", **ACME), *crowd()]
    assert [pair[:2] for pair in search(people)] == [(3, 5)]
    assert not len(search(people, different={(3, 5)}))


def test_a_score_is_higher_where_more_is_the_same() -> None:
    plain = found(person("Robert", "Smith", ACME), person("Bob", "Smith", ACME))
    with_phone = found(
        person("Robert", "Smith", ACME, phone="+14155550123"), person("Bob", "Smith", ACME, phone="+14155550123")
    )
    other_phone = found(
        person("Robert", "Smith", ACME, phone="+14155550123"), person("Bob", "Smith", ACME, phone="+14155559876")
    )
    ordered = [pair.score for pair in (with_phone, plain, other_phone) if pair is not None]
    assert len(ordered) == 3
    assert ordered == sorted(ordered, reverse=True)


def test_another_date_of_birth_costs_even_where_name_and_company_are_the_same() -> None:
    jan = person("Jan", "Sato", ACME, further={"born": "1951-04-01"})
    days = ("1951-04-01", "1951-04-10", "1980-11-23")
    pairs = [found(jan, jan | {"further": {"born": day}}) for day in days]
    same, slip, other = [pair.evidence[-1].bits if pair else -99 for pair in pairs]
    assert same > slip > 0 > -3 > other


def test_the_evidence_is_words_field_by_field() -> None:
    pair = found(
        person("Robert", "Smith", ACME, phone="+14155550123", further={"born": "1980-04-01"}),
        person("Bob", "Smyth", ACME, phone="+14155559876", further={"born": "1980-04-01"}),
    )
    assert pair is not None
    assert list(map(str, pair.evidence)) == [
        "first name: Bob is short for Robert",
        "last name: Smith and Smyth sound alike",
        "company: both at acme-tooling.example",
        "phone: different numbers",
        "Date of birth: both 1980-04-01",
    ]
    weights = {evidence.field: evidence.bits for evidence in pair.evidence}
    assert weights["phone"] < 0 < weights["first name"] < weights["company"]


def test_a_field_that_differs_in_every_double_costs_nothing() -> None:
    """Nobody says which custom field is steady: the pairs that are sure without it do."""
    steady = [one for n in range(1, 120, 2) for one in born(n, "1970-01-01", "1970-01-01")]
    restless = [one for n in range(1, 120, 2) for one in born(n, "1970-01-01", f"19{n % 90 + 10}-03-07")]
    asked = [contact(901, "Robert", "Smith", **ACME, further={"born": "1961-12-05"}),
             contact(902, "Bob", "Smith", **ACME, further={"born": "1989-07-30"})]  # fmt: skip
    assert (901, 902) not in set(search([*steady, *asked]).ids())
    assert (901, 902) in set(search([*restless, *asked]).ids())


def born(n: int, one: str, two: str) -> list[Profile]:
    """Two who are one without a doubt: the same name, company and phone."""
    known = {"company": f"Firm {n}", "domain": f"firm{n}.example", "phone": f"+1415555{n:04d}"}
    name = (f"Vor{n}name", f"Nach{n}name")
    return [
        contact(n, *name, **known, further={"born": one[:8] + f"{n % 28 + 1:02d}"}),
        contact(n + 1, *name, **known, further={"born": two if two != one else one[:8] + f"{n % 28 + 1:02d}"}),
    ]


def test_two_lines_of_an_address_the_other_way_round_are_the_same() -> None:
    fields = (FurtherField("line1", "Line 1"), FurtherField("line2", "Line 2"))
    lines = [("12 Rosman Circuit", "Willow Park Estate"), ("Willow Park Estate", "12 Rosman Circuit")]
    people = [
        Profile(n, "Zofia", last, further={"line1": one, "line2": two})
        for n, (last, (one, two)) in enumerate(zip(("Virtanen", "Virtannen"), lines, strict=True), 1)
    ]
    pair = scan([*people, *crowd()], fields, phone_limit=3)[0]
    assert "Line 1: the same, in another field" in map(str, pair.evidence)
