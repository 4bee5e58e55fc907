"""Uploads straight to disk, with a cap that holds before, and while, the bytes come in."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import UploadedFile
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
        with self._nothing_left_behind():
            self._refuse_above_cap(self.received)
            return super().receive_data_chunk(raw_data, start)

    def file_complete(self, file_size: int) -> UploadedFile | None:
        with self._nothing_left_behind():  # what is still in memory is written here
            return super().file_complete(file_size)

    @contextmanager
    def _nothing_left_behind(self) -> Iterator[None]:
        """Without this, a file that broke off stays on the disk, which may be full, until Python collects it."""
        try:
            yield
        except BaseException:
            with suppress(OSError):
                self.file.close()  # which deletes it
            raise

    @staticmethod
    def _refuse_above_cap(size: int) -> None:
        if size > settings.MAX_UPLOAD_BYTES:
            raise RequestDataTooBig(f"The upload is larger than {settings.MAX_UPLOAD_BYTES:,} bytes.")
