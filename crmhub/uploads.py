"""Uploads straight to disk, with a cap that holds before, and while, the bytes come in."""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import TemporaryFileUploadHandler


class CappedUploadHandler(TemporaryFileUploadHandler):
    """Refuses what says it is too large, and stops what turns out to be."""

    received = 0

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: bytes, encoding: str | None = None
    ) -> None:
        self._refuse_above_cap(content_length)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self.received += len(raw_data)
        self._refuse_above_cap(self.received)
        return super().receive_data_chunk(raw_data, start)

    @staticmethod
    def _refuse_above_cap(size: int) -> None:
        if size > settings.MAX_UPLOAD_BYTES:
            raise RequestDataTooBig(f"The upload is larger than {settings.MAX_UPLOAD_BYTES:,} bytes.")
