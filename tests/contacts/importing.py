"""Kit of the tests of the import pages."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from contacts.models import ImportBatch
from tests.contacts.deciding import person

SOURCE = "trade-show-scan"
BADGES = """Vorname;Nachname;Firma;E-Mail;Telefon;Land;Notiz
Jürgen;Müßig;Brücke & Söhne GmbH;j.muessig@bruecke-soehne.example;030 901820-11;DE;"möchte Angebot; dringend"
Anaïs;Lefèvre;Kestrel Optics;anais.lefevre@kestrel-optics.example;01 99 00 12 34;FR;
Anaïs;Lefèvre;Kestrel Optics;ANAIS.LEFEVRE@kestrel-optics.example;;FR;noch einmal
;;;kein-email;;DE;"=HYPERLINK(""http://x.example"")"
"""


def signed_in(name: str) -> Client:
    client = Client()
    client.force_login(person(name))
    return client


def upload(client: Client, text: str | bytes = BADGES, name: str = "badges.csv", slug: str = SOURCE) -> Any:
    content = text.encode("cp1252") if isinstance(text, str) else text
    file = SimpleUploadedFile(name, content)
    return client.post(reverse("hub:import_new"), {"source": slug, "file": file})


def newest() -> ImportBatch:
    return ImportBatch.objects.order_by("-pk")[0]


def at(name: str, batch: ImportBatch) -> str:
    return reverse(f"hub:{name}", args=[batch.pk])


def matching(batch: ImportBatch, **changes: str) -> dict[str, str]:
    """The form of the columns as it is shown, with some of them changed, by their name."""
    chosen = batch.mapping | changes
    return {f"f{n}": chosen.get(name, "") for n, name in enumerate(batch.columns)}


def checked(client: Client, *args: Any, **kwargs: Any) -> ImportBatch:
    upload(client, *args, **kwargs)
    batch = newest()
    assert client.post(at("import_match", batch), matching(batch)).url == at("import_check", batch)
    return newest()


def imported(client: Client, *args: Any, **kwargs: Any) -> ImportBatch:
    batch = checked(client, *args, **kwargs)
    assert client.post(at("import", batch)).status_code == 302
    return newest()


def text_of(response: Any) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return content.decode("utf-8-sig")
