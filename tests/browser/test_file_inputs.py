"""Pages on which a file is chosen: choosing one says nothing in the browser's console."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse

from contacts.admin import urls
from tests.contacts.deciding import person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def pages_with_a_file() -> Iterator[str]:
    """Every page of ours that one opens without naming anything and that has an input for a file."""
    client = Client()
    client.force_login(person("admin"))
    for pattern in urls.urlpatterns:
        if not pattern.pattern.converters:
            address = reverse(f"hub:{pattern.name}")
            answer = client.get(address)
            if answer.status_code == 200 and not answer.streaming and b'type="file"' in answer.content:
                yield address


def test_a_file_is_chosen_without_an_error(sign_in, hub, tmp_path):
    (tmp_path / "list.csv").write_text("Source,Entry Stage\n")
    addresses = list(pages_with_a_file())
    assert reverse("hub:sources_import") in addresses
    page = sign_in("admin", addresses[0])
    for address in addresses:
        page.goto(f"{hub}{address}", wait_until="load")
        page.set_input_files("input[type=file]", tmp_path / "list.csv")
        assert page.locator("input[type=file]").evaluate("input => input.files[0].name") == "list.csv"
        page.wait_for_timeout(50)  # an error of a listener comes a moment later
