"""The names that people and tools give to columns, and what each means here.

From the exports of Zoom, ON24, Salesforce, HubSpot, Mailchimp, Unbounce, Zapier and badge-scan apps, in
English, German, French, Spanish, Italian, Dutch, Portuguese and Polish. Names are compared folded: without
case, accents, punctuation and spaces. Within a field the better name comes first: it wins over the others.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

#: Letters that Unicode does not take apart into a letter and an accent.
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"})

_SURE: dict[str, str] = {
    "email": """
        Email | Email Address | E-Mail-Adresse | Work Email | Business Email | Corporate Email | Company Email
        | Primary Email | Contact Email | Your Email | Mail | Mail Address | Mailadresse | Email ID
        | Email 1 | Email 1 Value | Adresse Email | Adresse e-mail | Adresse mail | Courriel
        | Adresse électronique | Correo electrónico | Correo | Dirección de correo electrónico
        | Dirección de correo | Indirizzo email | Indirizzo e-mail | Posta elettronica | E-mailadres
        | Mailadres | Endereço de email | Endereço de e-mail | Correio eletrônico | Adres email
        | Adres e-mail | Poczta elektroniczna | Geschäftliche E-Mail | Email professionnel | Subscriber Email
        | Invitee Email | Buyer Email | Personal Email | Other Email | Email 2 | Secondary Email""",
    "first_name": """
        First Name | Firstname | Given Name | Forename | Contact First Name | Fname | First | Vorname
        | Rufname | Prénom | Nombre de pila | Primer nombre | Voornaam | Nome próprio | Primeiro nome
        | Imię | Imie""",
    "last_name": """
        Last Name | Lastname | Surname | Family Name | Contact Last Name | Lname | Last | Nachname
        | Familienname | Zuname | Nom de famille | Apellidos | Apellido | Primer apellido | Cognome
        | Achternaam | Familienaam | Sobrenome | Apelido | Último nome | Nazwisko""",
    "name": """
        Full Name | Fullname | Contact Name | Your Name | Attendee Name | Lead Name | Person | Contact
        | Name | User Name (Original Name) | User Name | Display Name | Vollständiger Name
        | Vor- und Nachname | Name, Vorname | Ansprechpartner | Kontaktname | Nom complet | Nom et prénom
        | Nom Prénom | Nombre completo | Nombre y apellidos | Nome completo | Nome e cognome
        | Volledige naam | Nome e sobrenome | Imię i nazwisko | Naam | Nom | Nombre | Nome | Invitee Name
        | Buyer Name""",
    "company": """
        Company | Company Name | Company / Account | Account Name | Primary Company
        | Primary Associated Company | Associated Company | Organization | Organisation
        | Organization Name | Organisation Name | Account
        | Employer | Business Name | Business | Firm | Firma | Firmenname | Firmenbezeichnung | Unternehmen
        | Unternehmensname | Arbeitgeber | Entreprise | Société | Nom de l'entreprise | Nom de la société
        | Organisme | Empresa | Nombre de la empresa | Compañía | Organización | Azienda | Società
        | Ragione sociale | Nome azienda | Bedrijf | Bedrijfsnaam | Organisatie | Nome da empresa
        | Organização | Nazwa firmy | Przedsiębiorstwo""",
    "website": """
        Website | Website URL | Web Site | Company Website | Company Website URL | Company URL | Homepage
        | Webseite | Internetseite | Internetadresse | Site web | Site internet | Sitio web | Página web
        | Sito web | Sito internet | Site | Strona www | Strona internetowa | Web | Email Domain""",
    "company_domain": """
        Company Domain | Company Domain Name | Domain | Domain Name | Domaine | Dominio | Domein""",
    "phone": """
        Phone | Phone Number | Telephone | Telephone Number | Business Phone | Work Phone | Phone (Business)
        | Office Phone | Company Phone | Direct Phone | Contact Phone | Primary Phone | Tel | Tel. | Tel No
        | Telefon | Telefonnummer | Telefon geschäftlich | Rufnummer | Festnetz | Téléphone
        | Numéro de téléphone | Tél | Teléfono | Número de teléfono | Telefono | Numero di telefono
        | Telefoon | Telefoonnummer | Telefone | Número de telefone | Numer telefonu | Nr telefonu
        | Phone 1 Value | Mobile Phone | Mobile | Mobile Number | Mobile Phone Number | Cell | Cell Phone
        | Cellphone | Handy | Handynummer | Mobil | Mobilnummer | Mobiltelefon | Portable | Téléphone mobile
        | Móvil | Celular | Teléfono móvil | Cellulare | Mobiel | Mobiele nummer | Telemóvel
        | Telefon komórkowy | WhatsApp | Home Phone | Other Phone""",
    "job_title": """
        Job Title | Jobtitle | Title | Position | Job Position | Job | Job Role | Function | Role
        | Occupation | Designation | Berufsbezeichnung | Stellenbezeichnung | Funktion | Jobtitel | Stelle
        | Intitulé du poste | Titre du poste | Poste | Fonction | Cargo | Puesto | Puesto de trabajo
        | Qualifica | Ruolo | Posizione | Mansione | Functie | Functietitel | Função | Stanowisko""",
    "country": """
        Country | Country/Region Name | Country/Region | Country Name | Country Code | Country or Region
        | Mailing Country | Billing Country | Company Country | Land | Ländercode | Länderkennzeichen
        | Staat | Pays | Code pays | País | Paese | Nazione | Kraj""",
    "lifecycle_stage": """
        Lifecycle Stage | Lifecyclestage | Life Cycle Stage | Stage | Lead Stage | Contact Stage
        | Funnel Stage | Lebenszyklusphase | Lifecycle-Phase | Phase du cycle de vie
        | Etapa del ciclo de vida""",
    "lead_score": "Lead Score | HubSpot Score | Score | Contact Score | Engagement Score | Lead Scoring",
    "opt_in": """
        Opt In | Email Opt In | Opt-in email | Marketing Opt In | Newsletter Opt In | Consent
        | Marketing Consent | Email Consent | GDPR Consent | Consent to contact | Permission
        | Marketing Permission | Marketing Permissions | Newsletter | Subscribe | Subscribed
        | Newsletter Signup | Ja-Haken | Einwilligung | Zustimmung | Werbeeinwilligung
        | Newsletter-Einwilligung | Marketing-Einwilligung | Consentement | Consentimiento | Consenso
        | Toestemming | Consentimento | Zgoda | Zgoda marketingowa""",
    "opt_in_at": """
        Opt In At | Opt In Date | Opt In Time | OPTIN_TIME | CONFIRM_TIME | Consent Date | Consent Time
        | Consent At | Consented At | Date of Consent | Einwilligung am | Datum der Einwilligung
        | Date du consentement | Fecha de consentimiento""",
    "opt_in_text": """
        Opt In Text | Consent Text | Consent Wording | Consent Statement | Opt In Words | Opt In Wording
        | Einwilligungstext | Texte du consentement""",
    "occurred_at": """
        Occurred At | Registration Time | Registration Date | Registration Date/Time | Registered At
        | Registered On | Registered | Submitted At | Submitted On | Submission Date | Submission Time
        | Date Submitted | Time Submitted | Scanned At | Scan Time | Scan Date | Scan Date/Time | Capture Date
        | Captured At | Erster Kontakt | Erstkontakt | Scanzeit | Scandatum | Erfasst am | Zeitstempel
        | Anmeldedatum | Anmeldezeit | Registrierungszeit | Registriert am | Date d'inscription
        | Date de soumission | Horodateur | Fecha de registro | Fecha de envío | Marca temporal
        | Data di registrazione | Data di iscrizione | Registratiedatum | Inschrijfdatum | Data de registro
        | Data de inscrição | Data rejestracji | Timestamp | Date Time | Create Date | Created Date
        | Created At | Date Created | Created | Creation Date | Erstellt am | Erstellungsdatum
        | Date de création | Fecha de creación | Join Time | Date Added""",
    "external_id": """
        External ID | Record ID | Lead ID | Contact ID | Registrant ID | Attendee ID | Person ID | User ID
        | Salesforce ID | Badge ID | Badge Number | Barcode | Response ID | Submission ID | LEID | EUID | ID
        | Datensatz-ID | Kontakt-ID | Kontaktnummer""",
}  # fmt: skip

#: Names that may mean the field: matched as a guess, and only if no better column is there.
_PERHAPS: dict[str, str] = {
    "lifecycle_stage": "Lead Status | Status",
    "job_title": "Titel | Titre | Titolo | Título | Tytuł",
}

#: Names that are understood, and kept with the arrival: no field is like them. They also help to tell a
#: header from data, and must never be taken for a misspelt field ("State" for "Stage").
_KEPT = """
    Salutation | Anrede | Civilité | Contact owner | Lead Owner | Owner | Account Owner | Lead Source
    | Original Source | Source | Latest Source | Last Activity Date | Last Modified Date | Last Contacted
    | Marketing contact status | Notes | Note | Notiz | Notizen | Bemerkung | Kommentar | Comments | Comment
    | Message | Nachricht | Attended | Approval Status | Leave Time | Time in Session (minutes) | Is Guest
    | City | Stadt | Ort | Ville | Ciudad | State | State/Province | State/Region | Province | Region
    | Bundesland | Zip | Zip Code | Postal Code | Postcode | PLZ | Address | Street | Strasse | Adresse
    | Industry | Branche | Employees | Number of Employees | Revenue | Annual Revenue | Rating | Product
    | Interesse | Interest | Topic | Webinar ID | Tags | Language | Sprache | Middle Name | Suffix | Prefix
    | partnerref | utm_source | utm_medium | utm_campaign | utm_term | utm_content | page_name | page_url
    | ip_address | MEMBER_RATING | OPTIN_IP | CONFIRM_IP | LATITUDE | LONGITUDE | GMTOFF | DSTOFF | TIMEZONE
    | LAST_CHANGED | Gender | Birthday | Date of Birth | Fax | LinkedIn | LinkedIn URL | Department
    | Abteilung | Company Size | Date | Datum | Time | Type | Campaign | Event | Booth | Stand
"""


def fold(name: str) -> str:
    """A name as it is compared: "E-Mail-Adresse", "eMail Adresse" and "EMAIL_ADRESSE" are one."""
    plain = unicodedata.normalize("NFKD", name[:1000].casefold()).translate(_LETTERS)
    return "".join(letter for letter in plain if letter.isalnum())


def _split(names: str) -> list[str]:
    return [fold(name) for name in names.split("|")]


#: Folded name -> (field, rank); a lower rank is a better name.
SURE: dict[str, tuple[str, int]] = {
    key: (field, rank) for field, names in _SURE.items() for rank, key in reversed(list(enumerate(_split(names))))
}
PERHAPS: dict[str, str] = {key: field for field, names in _PERHAPS.items() for key in _split(names)}
KEPT: frozenset[str] = frozenset(_split(_KEPT))

#: "No" to mail, under its many names: the opposite of an opt-in.
_OPT_OUT = re.compile(
    "optout|optedout|unsubscri|donot(email|mail|call|contact)|nomail|noemail|suppress|abgemeldet|abmeld"
    "|austrag|widerruf|keinewerbung|desabonn|desinscri|darsedebaja|bajadecorreo|disiscri|annullaiscri"
    "|uitgeschreven|afgemeld|cancelouinscri|wypisan"
)
#: Words before a name that say whose it is.
_WHOSE = re.compile(
    "^(contact|lead|attendee|registrant|participant|visitor|person|badge|your|teilnehmer|besucher|ihre?|votre)(?=.{3})"
)
#: Names of which one language's full name is another's first or last name.
BARE_LAST = frozenset({"name", "nom", "naam"})
BARE_FIRST = frozenset({"nombre", "nome"})


def is_opt_out(name: str) -> bool:
    """Whether a column says who does NOT want mail."""
    return bool(_OPT_OUT.search(fold(name)))


def is_bounce(name: str) -> bool:
    """Whether a column tells of mail that came back."""
    return "bounce" in fold(name)


@lru_cache(maxsize=4096)
def variants(name: str) -> tuple[str, ...]:
    """The keys to look a name up by: as it is, without "(required)" or "*", without "Contact ..."."""
    whole, bare = fold(name), fold(re.sub(r"\([^()]*\)|\[[^\[\]]*\]", "", name[:1000]))
    return tuple(dict.fromkeys(key for key in (whole, bare, _WHOSE.sub("", bare)) if key))


def is_known(name: str) -> bool:
    """Whether people use this as the name of a column, mapped or not."""
    if not name or len(name) > 200:
        return False
    return any(key in SURE or key in KEPT or key in PERHAPS for key in variants(name)) or (
        len(name) < 60 and (is_opt_out(name) or is_bounce(name))
    )
