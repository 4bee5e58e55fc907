"""A person imports a badge file in a real browser, from the file to the rows that were not taken."""

from __future__ import annotations

import csv

import pytest

from contacts.models import Arrival, ImportBatch
from contacts.services.seed import DEMO_PASSWORD
from tests.contacts.deciding import seed

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BADGES = (
    "Vorname;Nachname;Firma;E-Mail;Land;Notiz\n"
    "Jürgen;Müßig;Brücke & Söhne GmbH;j.muessig@bruecke-soehne.example;DE;Einkauf\n"
    "Anaïs;Lefèvre;Kestrel Optics;anais@kestrel-optics.example;FR;=1+1\n"
    ";;;kein-email;DE;=2+2\n"
)


def test_a_badge_file_goes_in_step_by_step(live_server, page, tmp_path, settings):
    settings.UPLOAD_ROOT = tmp_path / "uploads"
    seed()
    file = tmp_path / "badges.csv"
    file.write_bytes(BADGES.encode("cp1252"))
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.set_viewport_size({"width": 1280, "height": 800})

    page.goto(f"{live_server.url}/admin/imports/new/")
    page.fill("[name=username]", "marketing")
    page.fill("[name=password]", DEMO_PASSWORD)
    page.press("[name=password]", "Enter")
    page.select_option("#source", "trade-show-scan")
    page.set_input_files("#file", file)
    page.click("text=Read the file and match its columns")

    page.wait_for_selector("text=Which column is what?")
    assert page.locator(".imp-found").inner_text().count("Windows-1252") == 1
    notes = page.get_by_label("Hub field for Notiz")
    notes.select_option("email")
    button = page.locator("#imp-go")
    assert button.is_disabled()
    assert "Two columns go to E-mail" in button.inner_text()
    assert page.locator("select.imp-twice").count() == 2
    notes.select_option("job_title")
    page.wait_for_selector("#imp-preview :text('Einkauf')")
    assert button.is_enabled()

    button.click()
    page.wait_for_selector("text=What would happen to 3 rows")
    assert not Arrival.objects.exists()
    page.locator("h1").click()
    page.keyboard.press("Enter")

    page.wait_for_selector("text=3 rows in, every one accounted for")
    figures = [int(text) for text in page.locator(".imp-six .imp-big").all_inner_texts()]
    assert figures == [2, 0, 0, 0, 0, 1]
    assert sum(figures) == ImportBatch.objects.get().rows
    with page.expect_download() as download:
        page.click("text=Download the 1 row not taken")
    with open(download.value.path(), encoding="utf-8-sig", newline="") as out:
        rows = list(csv.reader(out))
    assert download.value.suggested_filename == "badges-not-taken.csv"
    assert rows[1][3:6] == ["kein-email", "DE", "'=2+2"]
    assert errors == []
