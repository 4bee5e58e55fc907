"""What a newcomer sees after ``make run``: a real two-way sync with the sandbox, in real processes, within seconds."""

from __future__ import annotations

import re
import signal
import sqlite3
from contextlib import closing

import httpx
import pytest

from tests.crmhub.serving import Hub, leave_nothing, new_hub, processes_of, wait_for

pytestmark = pytest.mark.slow


@pytest.fixture
def hub(tmp_path):
    made = new_hub(tmp_path)
    yield made
    leave_nothing(made)


OF_THE_LAST_RELEASE = """
    UPDATE syncrules_connection SET kind = 'hubspot', state = 'draft', state_at = NULL, cursor = '60';
    DELETE FROM syncrules_syncrun;
    INSERT INTO syncrules_link (connection_id, contact_id, record_id, agreed, seen, version, state, "into", stamp)
        SELECT k.id, min(c.id), '7', '{}', '{}', 0, 'linked', '', '' FROM syncrules_connection k, contacts_contact c;
"""


def ask(hub: Hub, sql: str, *values: str) -> list[tuple]:
    """What the hub's own database says."""
    with closing(sqlite3.connect(f"file:{hub.var}/crmhub.sqlite3?mode=ro", uri=True, timeout=20)) as file:
        return file.execute(sql, values).fetchall()


def stage(hub: Hub, address: str) -> str:
    sql = "SELECT lifecycle_stage_id FROM contacts_contact WHERE email = ?"
    return (ask(hub, sql, address) or [("",)])[0][0]


def there(hub: Hub, address: str) -> dict[str, str]:
    """What the sandbox holds of an address."""
    url = f"http://127.0.0.1:{hub.sandbox_port}/crm/v3/objects/contacts/{address}"
    query = {"idProperty": "email", "properties": "firstname,lifecyclestage"}
    answer = httpx.get(url, params=query, headers={"Authorization": "Bearer sandbox-token"}, trust_env=False)
    return answer.json()["properties"] | {"id": answer.json()["id"]} if answer.status_code == 200 else {}


def edit_there(hub: Hub, record: str, **values: str) -> None:
    """As a person does on the sandbox's own page."""
    with httpx.Client(base_url=f"http://127.0.0.1:{hub.sandbox_port}", trust_env=False) as page:
        key = re.findall('name="key" value="([^"]+)"', page.get("/").text)[0]
        assert page.post(f"/contacts/{record}", data={"key": key, **values}).status_code == 303


def first_sync_is_over(hub: Hub) -> bool:
    return ask(hub, "SELECT status FROM syncrules_syncrun") == [("done",)]


def test_a_change_here_is_there_and_one_there_is_here(hub, tmp_path):
    assert hub.manage("seed", "--demo").returncode == 0
    hub.start()
    assert wait_for(lambda: first_sync_is_over(hub))
    people = ask(hub, "SELECT count(*) FROM contacts_contact WHERE email <> ''")[0][0]
    assert ask(hub, "SELECT count(DISTINCT contact_id) FROM syncrules_link")[0][0] >= people * 0.95

    new = tmp_path / "new.csv"
    new.write_text("Email,First Name\nwei.newcomer@kestrel.example,Wei\n")
    assert hub.manage("intake", str(new), "--source", "website-contact-form").returncode == 0
    assert wait_for(lambda: there(hub, "wei.newcomer@kestrel.example").get("firstname") == "Wei")

    record = there(hub, "wei.newcomer@kestrel.example")["id"]
    edit_there(hub, record, lifecyclestage="marketingqualifiedlead")
    assert wait_for(lambda: stage(hub, "wei.newcomer@kestrel.example") == "mql")
    happened = ask(hub, "SELECT happening FROM syncrules_hook WHERE record_id = ?", record)
    assert ("changed",) in happened  # told by webhook, not found by a poll

    hub.end(signal.SIGTERM)
    assert processes_of(hub.var) == []


def test_the_command_needs_no_worker(hub, tmp_path):
    assert hub.manage("seed", "--demo").returncode == 0
    done = hub.manage("sync", "sandbox", "--json")
    assert done.returncode == 2  # nobody is there yet
    assert "could not be called" in done.stderr
    assert done.stdout == ""


def test_a_hub_of_the_last_release_keeps_working(hub):
    assert hub.manage("seed", "--demo").returncode == 0
    with closing(sqlite3.connect(hub.var / "crmhub.sqlite3")) as file:
        file.executescript(OF_THE_LAST_RELEASE)
        file.commit()
    assert hub.manage("seed", "--demo").returncode == 0
    assert ask(hub, "SELECT kind, state, cursor FROM syncrules_connection") == [("sandbox", "live", "")]
    assert ask(hub, "SELECT status FROM syncrules_syncrun") == [("queued",)]
    assert ask(hub, "SELECT count(*) FROM syncrules_link") == [(0,)]
    assert hub.manage("seed", "--demo").returncode == 0
    assert ask(hub, "SELECT count(*) FROM syncrules_syncrun") == [(1,)]


def test_what_ops_turned_off_stays_off(hub):
    assert hub.manage("seed", "--demo").returncode == 0
    with closing(sqlite3.connect(hub.var / "crmhub.sqlite3")) as file:
        file.execute("UPDATE syncrules_connection SET state = 'paused'")
        file.commit()
    assert hub.manage("seed", "--demo").returncode == 0
    assert ask(hub, "SELECT state FROM syncrules_connection") == [("paused",)]


def test_outside_a_demo_the_sandbox_is_a_draft(hub):
    assert hub.manage("seed").returncode == 0
    assert ask(hub, "SELECT kind, state FROM syncrules_connection") == [("sandbox", "draft")]
    assert ask(hub, "SELECT count(*) FROM syncrules_syncrun") == [(0,)]
