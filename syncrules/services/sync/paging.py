"""The pages of a MAP's changes, read ahead: while one is judged, the next is on its way."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from django.db import connections

from syncrules.connectors.base import Connector, Page


def pages(connector: Connector, cursor: str, limit: int) -> Iterator[Page]:
    """Each page from ``cursor`` to the end, as the connector's ``changes`` gives them, with what that raises.

    One page more than the caller took may have been read when it stops in the middle.
    """
    with ThreadPoolExecutor(1) as reader:
        try:
            coming = reader.submit(connector.changes, cursor, limit)
            while True:
                page = coming.result()
                if page.more:
                    coming = reader.submit(connector.changes, page.cursor, limit)
                yield page
                if not page.more:
                    return
        finally:
            reader.submit(connections.close_all)  # the budget of calls is asked for in that thread
