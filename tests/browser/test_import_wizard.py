"""A person imports a badge file in a real browser, from the file to the rows that were not taken."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from contacts.models import Arrival, ImportBatch

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BADGES = (
    "Vorname;Nachname;Firma;E-Mail;Land;Notiz\n"
    "Jürgen;Müßig;Brücke & Söhne GmbH;j.muessig@bruecke-soehne.example;DE;Einkauf\n"
    "Anaïs;Lefèvre;Kestrel Optics;anais@kestrel-optics.example;FR;=1+1\n"
    ";;;kein-email;DE;=2+2\n"
)


def on(page: Any, heading: str) -> None:
    """The page with that heading is there, and so are its scripts: they are what the next step tries."""
    page.wait_for_selector(f"h1:has-text('{heading}')")
    page.wait_for_load_state("load")


def read_the_file(page: Any, file: Path) -> None:
    page.select_option("#source", "trade-show-scan")
    page.set_input_files("#file", file)
    page.click("text=Read the file and match its columns")
    on(page, "Which column is what?")
    assert page.locator(".imp-found").inner_text().count("Windows-1252") == 1


def job_title(page: Any) -> Any:
    """The job title in the first rows, below the person's name."""
    return page.locator("#imp-preview td:nth-child(2) .soft", has_text="Einkauf")


def match_the_columns(page: Any) -> None:
    """Two columns on one field are refused at once; the first rows follow each change."""
    notes, button = page.get_by_label("Hub field for Notiz"), page.locator("#imp-go")
    notes.select_option("email")
    expect(button).to_be_disabled()
    expect(button).to_contain_text("Two columns go to E-mail")
    expect(page.locator("select.imp-twice")).to_have_count(2)
    notes.select_option("job_title")
    expect(button).to_be_enabled()
    expect(job_title(page)).to_be_visible()
    button.click()


def import_by_the_keyboard(page: Any) -> None:
    on(page, "What would happen to 3 rows")
    assert not Arrival.objects.exists()
    page.locator("h1").click()
    page.keyboard.press("Enter")
    on(page, "3 rows in, every one accounted for")


def rows_not_taken(page: Any) -> list[list[str]]:
    with page.expect_download() as download:
        page.click("text=Download the 1 row not taken")
    assert download.value.suggested_filename == "badges-not-taken.csv"
    with open(download.value.path(), encoding="utf-8-sig", newline="") as out:
        return list(csv.reader(out))


def test_a_badge_file_goes_in_step_by_step(sign_in, tmp_path):
    file = tmp_path / "badges.csv"
    file.write_bytes(BADGES.encode("cp1252"))
    page = sign_in("marketing", "/admin/imports/new/")
    read_the_file(page, file)
    match_the_columns(page)
    import_by_the_keyboard(page)
    figures = [int(text) for text in page.locator(".imp-six .imp-big").all_inner_texts()]
    assert figures == [2, 0, 0, 0, 0, 1]
    assert sum(figures) == ImportBatch.objects.get().rows
    assert rows_not_taken(page)[1][3:6] == ["kein-email", "DE", "'=2+2"]


def test_columns_can_be_changed_faster_than_the_first_rows_follow(sign_in, tmp_path):
    """The last choice is shown in the end, and no request is broken off."""
    file = tmp_path / "badges.csv"
    file.write_text(BADGES)
    page = sign_in("marketing", "/admin/imports/new/")
    page.route("**/preview/", lambda route: (page.wait_for_timeout(300), route.continue_()))
    page.select_option("#source", "trade-show-scan")
    page.set_input_files("#file", file)
    page.click("text=Read the file and match its columns")
    on(page, "Which column is what?")
    notes = page.get_by_label("Hub field for Notiz")
    for field in ("phone", "country", "", "job_title"):
        notes.select_option(field)
    expect(job_title(page)).to_be_visible()
    page.unroute_all(behavior="wait")
