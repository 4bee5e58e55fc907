"""The tests' own world: a data folder of its own, and Chromium where there is one.

The environment is set before Django is, because settings read it once. DATABASE_URL and CELERY_BROKER_URL
stay as given: with them set, the suite runs against those.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

VAR = Path(tempfile.mkdtemp(prefix="crmhub-tests-"))
atexit.register(shutil.rmtree, VAR, ignore_errors=True)
os.environ["CRMHUB_VAR"] = str(VAR)
os.environ["DJANGO_SETTINGS_MODULE"] = "crmhub.settings"
os.environ["DEBUG"] = "1"
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright's loop runs in the thread that uses the ORM

import django  # noqa: E402
import pytest  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.backends.base.operations import BaseDatabaseOperations  # noqa: E402

from contacts import append_only  # noqa: E402

CHROMIUM = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


_flush = BaseDatabaseOperations.execute_sql_flush


def _flush_all(operations: BaseDatabaseOperations, statements: list[str]) -> None:
    """Empty the tables between tests, those too that refuse it: their triggers stand aside for that moment."""
    with connection.cursor() as cursor:
        for table in append_only.GUARDED:
            append_only.unguard(table, cursor)
        _flush(operations, statements)
        for table in append_only.GUARDED:
            append_only.guard(table, cursor)


BaseDatabaseOperations.execute_sql_flush = _flush_all


def pytest_configure(config: pytest.Config) -> None:
    """Cheap password hashes: the real ones cost a third of a second for each account made."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip, with the reason, what this machine or database cannot run."""
    on_postgres = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
    for item in items:
        if item.get_closest_marker("browser") and CHROMIUM is None:
            item.add_marker(pytest.mark.skip(reason="no Chromium here (apt-get install chromium)"))
        if item.get_closest_marker("postgres") and not on_postgres:
            item.add_marker(pytest.mark.skip(reason="needs DATABASE_URL=postgres://..."))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    """Debian's Chromium instead of a download, and nothing that calls home."""
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": CHROMIUM_ARGS}
