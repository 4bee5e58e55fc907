"""The frame in a real browser: sign-in works under the strict policy, nothing is fetched from elsewhere."""

import pytest
from django.contrib.auth import get_user_model

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_sign_in_without_console_errors_or_outside_requests(live_server, page):
    get_user_model().objects.create_superuser("ann", password="right")
    errors, outside = [], []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "request",
        lambda request: None if request.url.startswith(live_server.url) else outside.append(request.url),
    )
    page.goto(f"{live_server.url}/admin/")
    page.fill("[name=username]", "ann")
    page.fill("[name=password]", "right")
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"{live_server.url}/admin/")
    page.wait_for_load_state("networkidle")
    assert "CRM Hub" in page.title()
    assert errors == []
    assert [url for url in outside if not url.startswith("data:")] == []
