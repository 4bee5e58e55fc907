"""The embedded broker: kombu's filesystem transport with the two races taken out.

kombu 5.7 creates a message file first and fills it afterwards, so a reader that lists the folder in between
takes an empty message and its worker dies on the parse; an exchange file has the same gap. It also takes a
message by moving it to the system's temporary folder, which on another file system is a copy that two workers
can both finish. Here a message appears complete (written aside, then renamed) and is taken by one rename
inside the broker's folder. Names sort by wall clock, so the order survives a restart of the machine.
"""

import os
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps, loads


class Channel(filesystem.Channel):
    """A channel whose messages are whole or not there."""

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:
        name = f"{time.time_ns():020d}_{uuid.uuid4().hex}.{queue}.msg"
        draft = Path(self.data_folder_out, f"{name}.part")
        draft.write_text(dumps(payload), encoding="utf-8")
        draft.rename(draft.with_suffix(""))

    def _get(self, queue: str) -> Any:
        ours = f"{queue}.msg"
        for name in sorted(os.listdir(self.data_folder_in)):
            if name.partition(".")[2] != ours:
                continue
            taken = Path(self.processed_folder, name)
            try:
                Path(self.data_folder_in, name).rename(taken)
            except FileNotFoundError:
                continue  # another worker was faster
            payload = taken.read_text(encoding="utf-8")
            taken.unlink()
            return loads(payload)
        raise Empty()

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        file = self._exchange_file(exchange)
        if not file.exists():
            self._make_empty(file)
        super()._queue_bind(exchange, routing_key, pattern, queue)

    @staticmethod
    def _make_empty(file: Path) -> None:
        draft = file.with_name(f"{file.name}.{uuid.uuid4().hex}.part")
        draft.write_text("[]", encoding="utf-8")
        try:
            os.link(draft, file)
        except FileExistsError:
            pass  # another process bound first
        finally:
            draft.unlink()


class Transport(filesystem.Transport):
    """What `filesystem://` means in this project."""

    Channel = Channel


def register() -> None:
    """Let `filesystem://` URLs use this transport in this process."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"


def options(folder: Path) -> dict[str, object]:
    """Transport options: one queue folder for both directions, polled ten times a second."""
    return {
        "data_folder_in": str(folder / "queue"),
        "data_folder_out": str(folder / "queue"),
        "processed_folder": str(folder / "taken"),
        "control_folder": str(folder / "control"),
        "store_processed": False,
        "polling_interval": 0.1,
    }
