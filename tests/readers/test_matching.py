"""Which column is which field."""

import pytest

from contacts.domain.fields import MAPPABLE
from contacts.readers import Shape, inspect, match_columns, survey
from contacts.readers.synonyms import PERHAPS, SURE

from .samples import BADGE, HUBSPOT, ON24, SALESFORCE


def _fields(*columns, filled=None, samples=None, **choices):
    """Column -> field of the columns that are mapped."""
    values = samples or [()] * len(columns)
    found = match_columns(columns, values, filled or [1] * len(columns), **choices)
    assert [match.column for match in found] == list(columns)
    return {match.column: match.field for match in found if match.field}


def _one(column, samples=(), **choices):
    return match_columns([column], [samples], [len(samples)], **choices)[0]


def _of_file(path):
    layout = inspect(path)
    result = survey(path, layout)
    return {m.column: m for m in match_columns(layout.columns, result.samples, result.filled, shapes=result.shapes)}


def test_every_name_in_the_table_stands_for_a_field_of_the_hub():
    assert {field for field, _ in SURE.values()} | set(PERHAPS.values()) <= set(MAPPABLE)


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("E-Mail-Adresse", "email"),
        ("eMail", "email"),
        ("EMAIL ADDRESS", "email"),
        ("email_address", "email"),
        ("Correo electrónico", "email"),
        ("Adresse e-mail", "email"),
        ("Indirizzo email", "email"),
        ("E-mailadres", "email"),
        ("Endereço de e-mail", "email"),
        ("Adres e-mail", "email"),
        ("Email *", "email"),
        ("Vorname", "first_name"),
        ("Prénom", "first_name"),
        ("PRENOM", "first_name"),
        ("Imię", "first_name"),
        ("fname", "first_name"),
        ("Cognome", "last_name"),
        ("Apellidos", "last_name"),
        ("Achternaam", "last_name"),
        ("Sobrenome", "last_name"),
        ("phone_number", "phone"),
        ("Téléphone", "phone"),
        ("Company / Account", "company"),
        ("Primary Company", "company"),
        ("Société", "company"),
        ("Nazwa firmy", "company"),
        ("Website", "website"),
        ("Email Domain", "website"),
        ("Company Domain Name", "company_domain"),
        ("User Name (Original Name)", "name"),
        ("Full name", "name"),
        ("Country/Region Name", "country"),
        ("Kraj", "country"),
        ("Job Title", "job_title"),
        ("Stanowisko", "job_title"),
        ("Record ID", "external_id"),
        ("Lead ID", "external_id"),
        ("Registration Time", "occurred_at"),
        ("Erster Kontakt", "occurred_at"),
        ("registrationdate", "occurred_at"),
        ("Submitted At", "occurred_at"),
        ("Create Date", "occurred_at"),
        ("Lifecycle Stage", "lifecycle_stage"),
        ("HubSpot Score", "lead_score"),
        ("OPTIN_TIME", "opt_in_at"),
        ("Consent Text", "opt_in_text"),
    ],
)
def test_known_names_are_sure(column, field):
    match = _one(column)
    assert (match.field, match.sure) == (field, "sure")


@pytest.mark.parametrize(
    "column",
    [
        "Lead Source",
        "Original Source",
        "Contact owner",
        "State",
        "City",
        "Notiz",
        "Marketing contact status",
        "utm_source",
        "Salutation",
        "Last Activity Date",
        "What would you like to learn?",
        "Column 7",
        "",
        "😀",
    ],
)
def test_other_columns_are_kept_and_not_mapped(column):
    match = _one(column)
    assert (match.field, match.sure, match.why) == ("", "none", "kept with the arrival")


@pytest.mark.parametrize(
    "column",
    [
        "Email Opt Out",
        "Unsubscribed from all email",
        "HasOptedOutOfEmail",
        "Do not email",
        "UNSUB_TIME unsubscribed",
        "Von Newsletter abgemeldet",
    ],
)
def test_an_opt_out_is_read_as_one_and_never_as_an_opt_in(column):
    for saved in ({}, {column: "opt_in"}):
        match = _one(column, ("1", "0"), saved=saved)
        assert (match.field, match.sure, match.why) == ("opt_out", "sure", "says no to mail")


def test_a_column_that_tells_of_bounces_is_no_opt_out():
    match = _one("Hard bounced", ("1", "0"))
    assert (match.field, match.why) == ("", "tells of mail that came back")


def test_an_opt_in_is_never_more_than_likely():
    match = _one("Ja-Haken", ("x",))
    assert (match.field, match.sure, match.why) == ("opt_in", "likely", "an x or blank")


def test_the_better_of_two_columns_gets_the_field_and_the_other_says_why():
    found = match_columns(["Mobile", "Phone"], [(), ()], [3, 2])
    assert [(m.field, m.why) for m in found] == [("", "Phone is read from Phone"), ("phone", "known name")]
    assert _fields("Mobile", "Phone", filled=[3, 0]) == {"Mobile": "phone"}
    assert _fields("Join Time", "Registration Time") == {"Registration Time": "occurred_at"}
    assert _fields("Lead Status", "Lifecycle Stage") == {"Lifecycle Stage": "lifecycle_stage"}
    assert _fields("Email", "Email (2)", "E-Mail") == {"Email": "email"}
    assert _fields("Email Domain", "Website") == {"Website": "website"}


def test_a_lead_status_alone_is_a_guess():
    match = _one("Lead Status", ("Open",))
    assert (match.field, match.sure) == ("lifecycle_stage", "guess")


def test_a_full_name_is_mapped_only_without_first_and_last_name():
    both = _fields("User Name (Original Name)", "First Name", "Last Name")
    assert both == {"First Name": "first_name", "Last Name": "last_name"}
    assert _fields("User Name (Original Name)", "Email") == {
        "User Name (Original Name)": "name",
        "Email": "email",
    }


def test_a_bare_name_is_read_by_its_neighbours():
    assert _fields("Name", "Vorname") == {"Name": "last_name", "Vorname": "first_name"}
    assert _fields("Nom", "Prénom") == {"Nom": "last_name", "Prénom": "first_name"}
    assert _fields("Nome", "Cognome") == {"Nome": "first_name", "Cognome": "last_name"}
    assert _fields("Nombre", "Apellidos") == {"Nombre": "first_name", "Apellidos": "last_name"}
    assert _fields("Name") == {"Name": "name"}


def test_values_speak_where_the_name_is_unknown():
    match = _one("Kontaktpunkt", ("a@x.example", "b@x.example", "c@x.example"))
    assert (match.field, match.sure, match.why) == ("email", "likely", "100% are addresses")
    assert _one("Ziel", ("DE", "FR", "IE")).sure == "guess"
    assert _one("Durchwahl", ("+49 30 901820", "+353 1 555 0199")).field == "phone"


def test_values_that_deny_a_known_name_make_it_a_guess():
    match = _one("Email", ("yes", "no"))
    assert (match.field, match.sure, match.why) == ("email", "guess", "only 0% are addresses")
    found = match_columns(["Email", "Kontaktpunkt"], [("yes", "no"), ("a@x.example",)], [2, 1])
    assert [match.field for match in found] == ["", "email"]


def test_shapes_of_a_survey_count_more_than_samples():
    match = match_columns(["E-Mail"], [("kein-email",)], [100], shapes=[Shape(seen=100, addresses=99)])[0]
    assert (match.sure, match.why) == ("sure", "99% are addresses")


def test_a_likeness_is_only_ever_a_guess():
    found = match_columns(["Emial", "Frist Name", "Compny"], [(), (), ()], [1, 1, 1])
    assert [(m.field, m.sure, m.why) for m in found] == [
        ("email", "guess", "reads like E-mail"),
        ("first_name", "guess", "reads like First name"),
        ("company", "guess", "reads like Company"),
    ]


def test_a_likeness_gets_no_field_that_is_taken():
    assert _fields("Emial", "Email") == {"Email": "email"}


def test_what_was_used_last_time_comes_first():
    saved = {
        "Position": "interest",
        "Firma": "",
        "E-Mail": "email",
        "Gone": "phone",
        "Notiz": "no_such_field",
    }
    columns = ["position", "Firma", "E-Mail", "Notiz"]
    found = match_columns(columns, [()] * 4, [1] * 4, custom=[("interest", "Product interest")], saved=saved)
    assert [(m.field, m.why) for m in found] == [
        ("interest", "used last time"),
        ("", "kept with the arrival"),
        ("email", "used last time"),
        ("", "kept with the arrival"),
    ]


def test_custom_fields_are_matched_by_slug_or_label():
    custom = [("product_interest", "Product interest"), ("booth", "Stand")]
    found = _fields("PRODUCT-INTEREST", "stand", custom=custom)
    assert found == {"PRODUCT-INTEREST": "product_interest", "stand": "booth"}


def test_two_thousand_hostile_names_take_little_time():
    names = [f"{'a' * 900}{n}" for n in range(1_000)] + [f"Feld {n} äöü" for n in range(1_000)]
    assert _fields(*names) == {}


def test_hubspots_salesforces_on24s_and_badge_scans_columns_are_matched(write):
    hubspot = _of_file(write(HUBSPOT, "hubspot.csv"))
    assert {c: m.field for c, m in hubspot.items() if m.field} == {
        "Record ID": "external_id", "First Name": "first_name", "Last Name": "last_name", "Email": "email",
        "Phone Number": "phone", "Primary Company": "company", "Email Domain": "website",
        "Lifecycle Stage": "lifecycle_stage", "Create Date": "occurred_at", "Unsubscribed from all email": "opt_out",
    }  # fmt: skip
    salesforce = _of_file(write(SALESFORCE, "salesforce.csv", "utf-16"))
    assert {c: m.field for c, m in salesforce.items() if m.field} == {
        "Lead ID": "external_id", "First Name": "first_name", "Last Name": "last_name", "Title": "job_title",
        "Company / Account": "company", "Email": "email", "Phone": "phone", "Lead Status": "lifecycle_stage",
        "Website": "website", "Country": "country", "Email Opt Out": "opt_out",
    }  # fmt: skip
    on24 = _of_file(write(ON24, "on24.csv"))
    assert {c: m.field for c, m in on24.items() if not m.field} == {"attended": "", "partnerref": ""}
    badge = _of_file(write(BADGE, "badge.csv", "cp1252"))
    assert {c: (m.field, m.why) for c, m in badge.items()} == {
        "Erster Kontakt": ("occurred_at", "day.month.year"), "Vorname": ("first_name", "known name"),
        "Nachname": ("last_name", "known name"), "Firma": ("company", "known name"),
        "Position": ("job_title", "known name"), "E-Mail": ("email", "100% are addresses"),
        "Telefon": ("phone", "known name"), "Land": ("country", "all country codes"),
        "Ja-Haken": ("opt_in", "an x or blank"), "Notiz": ("", "kept with the arrival"),
    }  # fmt: skip
