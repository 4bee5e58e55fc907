"""How a page gets its work to a worker, and how one that waits for it goes on."""

from __future__ import annotations

from typing import Any

import structlog
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)


def wake(task: Any, pk: int) -> None:
    """Have a worker look at a row once what it says is stored. Without a broker the sweep finds it."""

    def send() -> None:
        try:
            task.delay(pk)
        except (OperationalError, OSError) as error:
            log.warning("no broker, left to the sweep", task=task.name, row=pk, error=str(error))

    transaction.on_commit(send)


def go_to(request: HttpRequest, address: str) -> HttpResponse:
    """Another page; to a page that polls, the word to go there."""
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(address)
    answer = HttpResponse(status=200)
    answer["HX-Redirect"] = address
    return answer
