"""The embedded broker: whole messages, each taken once."""

import threading
import uuid
from queue import Empty

import pytest
from kombu import Connection

from crmhub import broker


@pytest.fixture
def connect(tmp_path):
    """Opens a channel on a broker in a folder of its own."""
    for name in ("queue", "control", "taken"):
        (tmp_path / name).mkdir()
    broker.register()
    return lambda: Connection("filesystem://localhost", transport_options=broker.options(tmp_path)).channel()


def test_messages_come_in_the_order_sent(connect):
    channel = connect()
    for number in range(50):
        channel._put("celery", {"n": number})
    assert [channel._get("celery")["n"] for _ in range(50)] == list(range(50))


def test_a_half_written_message_is_not_there(connect, tmp_path):
    (tmp_path / "queue" / f"0_{uuid.uuid4().hex}.celery.msg.part").write_text("{")
    with pytest.raises(Empty):
        connect()._get("celery")


def test_writers_and_takers_at_once_lose_nothing_and_double_nothing(connect):
    got, done = [], threading.Event()

    def take():
        channel = connect()
        while True:
            last = done.is_set()
            try:
                got.append(channel._get("celery")["n"])
            except Empty:
                if last:
                    return

    def put(start):
        channel = connect()
        for number in range(start, start + 200):
            channel._put("celery", {"n": number})

    takers = [threading.Thread(target=take) for _ in range(3)]
    writers = [threading.Thread(target=put, args=(n * 200,)) for n in range(3)]
    for thread in (*takers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in takers:
        thread.join()
    assert sorted(got) == list(range(600))


def test_many_processes_may_bind_a_new_exchange_at_once(connect):
    def bind(number):
        connect()._queue_bind("events", "", "", f"queue{number}")

    threads = [threading.Thread(target=bind, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(connect().get_table("events")) == 20
