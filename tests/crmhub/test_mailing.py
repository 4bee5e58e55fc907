"""EMAIL_URL: how mail goes out, and one clear sentence where it makes no sense."""

from __future__ import annotations

import pytest

from crmhub.environment import Nonsense
from crmhub.mailing import read


def test_without_it_nothing_is_mailed():
    assert read({}) == {"MAIL_IS_SET_UP": False, "EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}


def test_smtp_uses_starttls_unless_told_otherwise():
    found = read({"EMAIL_URL": "smtp://hub%40x.example:p%2Fw@mail.x.example?from=hub@x.example"})
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"], found["EMAIL_USE_TLS"]) == ("mail.x.example", 587, True)
    assert (found["EMAIL_HOST_USER"], found["EMAIL_HOST_PASSWORD"]) == ("hub@x.example", "p/w")
    assert found["DEFAULT_FROM_EMAIL"] == "hub@x.example"
    assert read({"EMAIL_URL": "smtp://localhost:25?tls=0"})["EMAIL_USE_TLS"] is False


def test_smtps_speaks_tls_from_the_start():
    found = read({"EMAIL_URL": "smtps://mail.x.example"})
    assert (found["EMAIL_PORT"], found["EMAIL_USE_SSL"], found["EMAIL_USE_TLS"]) == (465, True, False)


@pytest.mark.parametrize("url", ["mail.x.example", "http://mail.x.example", "smtp://", "smtp://u:secret@h:port"])
def test_nonsense_is_one_sentence_without_the_password(url):
    with pytest.raises(Nonsense, match="EMAIL_URL") as problem:
        read({"EMAIL_URL": url})
    assert "secret" not in str(problem.value)
