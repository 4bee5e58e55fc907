"""What the frame promises about headers, sign-in and uploads."""

from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

from crmhub.addresses import client_address

pytestmark = pytest.mark.django_db
SIGN_IN = "/admin/login/"


def test_the_policy_allows_this_site_only(client):
    policy = client.get(SIGN_IN)["Content-Security-Policy"]
    for part in ("default-src 'self'", "script-src 'self' 'unsafe-eval'", "frame-ancestors 'none'"):
        assert part in policy
    assert "http" not in policy


def test_scripts_cannot_read_the_cookies(client):
    get_user_model().objects.create_user("ann", password="right", is_staff=True)
    client.post(SIGN_IN, {"username": "ann", "password": "right"})
    for cookie in client.cookies.values():
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"


def test_ten_wrong_passwords_lock_the_name_even_for_the_right_one(client):
    get_user_model().objects.create_user("ann", password="right", is_staff=True)
    codes = [
        client.post(SIGN_IN, {"username": "ann", "password": "wrong"}, REMOTE_ADDR=f"10.0.0.{n}").status_code
        for n in range(10)
    ]
    assert codes[:9] == [200] * 9
    answer = client.post(SIGN_IN, {"username": "ann", "password": "right"}, REMOTE_ADDR="10.0.0.99")
    assert answer.status_code == 429


@pytest.mark.parametrize(
    ("peer", "forwarded", "counted"),
    [
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("127.0.0.1", "198.51.100.1, 203.0.113.5", "203.0.113.5"),
        ("127.0.0.1", None, "127.0.0.1"),
    ],
)
def test_only_a_proxy_on_this_machine_may_name_the_address(peer, forwarded, counted):
    names = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    assert client_address(RequestFactory().get("/", REMOTE_ADDR=peer, **names)) == counted


def test_an_upload_above_the_cap_is_refused_and_leaves_no_file(client, settings):
    settings.MAX_UPLOAD_BYTES = 100_000
    before = set(Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir())
    answer = client.post(SIGN_IN, {"file": SimpleUploadedFile("x.csv", b"a" * 200_000)})
    assert answer.status_code == 400
    assert set(Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir()) == before
