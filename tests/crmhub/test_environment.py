"""What the hub makes of its environment: defaults that work, and one sentence for nonsense."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from crmhub import environment
from crmhub.environment import BASE_DIR, Nonsense

KEY = "k3y-" + "abcdefghij" * 5


def read(tmp_path, **values):
    return environment.read({"CRMHUB_VAR": str(tmp_path / "var"), **values})


def run(command, tmp_path, **values):
    names = {"PATH": os.environ["PATH"], "CRMHUB_VAR": str(tmp_path / "var"), **values}
    return subprocess.run(command, cwd=BASE_DIR, env=names, capture_output=True, text=True, timeout=60)


def test_nothing_set_is_enough(tmp_path):
    env = read(tmp_path)
    assert env.debug
    assert env.database["NAME"] == str(tmp_path / "var/crmhub.sqlite3")
    assert env.embedded_broker
    assert (tmp_path / "var/broker/queue").is_dir()
    assert (env.port, env.sandbox_port) == (8000, 8001)
    assert env.allowed_hosts == ("localhost", "127.0.0.1", "[::1]")


def test_the_key_is_made_once_and_kept_private(tmp_path):
    first, second = read(tmp_path).secret_key, read(tmp_path).secret_key
    file = tmp_path / "var/secret_key"
    assert first == second == file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.glob("secret_key*")] == ["secret_key"]


def test_an_empty_value_counts_as_not_given(tmp_path):
    env = read(tmp_path, DATABASE_URL="", CELERY_BROKER_URL=" ", PORT="", DEBUG="", ALLOWED_HOSTS="")
    assert env.uses_sqlite
    assert env.embedded_broker
    assert env.port == 8000


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgres://ann:p%40ss@db:5433/hub", ("hub", "ann", "p@ss", "db", "5433")),
        ("postgresql://ann@db/hub", ("hub", "ann", "", "db", "")),
        ("postgres:///hub?host=/run/pg", ("hub", "", "", "/run/pg", "")),
    ],
)
def test_postgres_urls(tmp_path, url, expected):
    database = read(tmp_path, DATABASE_URL=url).database
    assert tuple(database[k] for k in ("NAME", "USER", "PASSWORD", "HOST", "PORT")) == expected


def test_sqlite_with_four_slashes_is_absolute(tmp_path):
    assert read(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/a b.db").database["NAME"] == f"{tmp_path}/a b.db"


def test_redis_is_taken_as_given(tmp_path):
    assert not read(tmp_path, CELERY_BROKER_URL="redis://:pw@cache:6379/3").embedded_broker


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"DATABASE_URL": "mysql://db/x"}, "DATABASE_URL must start"),
        ({"DATABASE_URL": "hub.sqlite3"}, "DATABASE_URL must start"),
        ({"DATABASE_URL": "sqlite://"}, "must name a file"),
        ({"DATABASE_URL": "sqlite:///:memory:"}, "must name a file"),
        ({"DATABASE_URL": "sqlite:///no/such/folder/x.db"}, "four slashes"),
        ({"DATABASE_URL": "postgres://db"}, "names no database"),
        ({"DATABASE_URL": "postgres://db:port/x"}, "host or port makes no sense"),
        ({"CELERY_BROKER_URL": "amqp://x"}, "CELERY_BROKER_URL must start"),
        ({"CELERY_BROKER_URL": "redis://"}, "must look like"),
        ({"CELERY_BROKER_URL": "redis://h:6379/zero"}, "must look like"),
        ({"CELERY_BROKER_URL": "redis://h:70000/0"}, "host or port makes no sense"),
        ({"PORT": "eighty"}, "PORT is 'eighty'"),
        ({"PORT": "0"}, "PORT is '0'"),
        ({"SANDBOX_PORT": "65536"}, "SANDBOX_PORT is '65536'"),
        ({"PORT": "9" * 5000}, "whole number"),
        ({"PORT": "٨٠٠٠"}, "whole number"),
        ({"PORT": "8001"}, "both 8001"),
        ({"DEBUG": "perhaps"}, "DEBUG is 'perhaps'"),
        ({"DEBUG": "off"}, "SECRET_KEY is missing"),
        ({"DEBUG": "0", "SECRET_KEY": "short"}, "too easy to guess"),
        ({"DEBUG": "0", "SECRET_KEY": "a" * 80}, "too easy to guess"),
        ({"ALLOWED_HOSTS": "https://hub.example.com"}, "ALLOWED_HOSTS contains"),
        ({"ALLOWED_HOSTS": "hub.example.com, a b"}, "ALLOWED_HOSTS contains"),
        ({"SECRET_KEY": "with\nline"}, "control characters"),
    ],
)
def test_nonsense_is_one_sentence(tmp_path, values, words):
    with pytest.raises(Nonsense) as caught:
        read(tmp_path, **values)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_message_never_repeats_a_password(tmp_path):
    for url in ("postgres://u:geheim@h:port/x", "mysql://u:geheim@h/x", "postgres://u:geheim@h"):
        with pytest.raises(Nonsense) as caught:
            read(tmp_path, DATABASE_URL=url)
        assert "geheim" not in str(caught.value)


def test_a_data_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "var").write_text("in the way")
    with pytest.raises(Nonsense, match="cannot be made"):
        read(tmp_path)


def test_production_values_are_accepted(tmp_path):
    env = read(tmp_path, DEBUG="0", SECRET_KEY=KEY, ALLOWED_HOSTS="hub.example.com,.example.org,[::1],*")
    assert not env.debug
    assert env.secret_key == KEY
    assert not Path(tmp_path / "var/secret_key").exists()


@pytest.mark.parametrize(
    "command",
    [
        [sys.executable, "manage.py", "check"],
        [sys.executable, "-m", "celery", "-A", "crmhub", "worker"],
        [sys.executable, "-m", "gunicorn", "crmhub.wsgi"],
    ],
    ids=["manage.py", "celery", "gunicorn"],
)
def test_every_program_says_it_in_one_line_and_ends_with_2(command, tmp_path):
    done = run(command, tmp_path, DATABASE_URL="nonsense")
    assert done.returncode == 2
    assert done.stderr == "CRM Hub cannot start: DATABASE_URL must start with sqlite:/// or postgres://.\n"
    assert done.stdout == ""


def test_a_database_that_is_away_is_one_line_too(tmp_path):
    done = run([sys.executable, "manage.py", "migrate"], tmp_path, DATABASE_URL="postgres://u@127.0.0.1:1/x")
    assert done.returncode == 2
    assert done.stderr.startswith("The database cannot be used now:")
    assert done.stderr.count("\n") == 1
