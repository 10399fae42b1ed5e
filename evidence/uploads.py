"""How an upload comes in: into a temporary file on disk, never into memory, and never past the limit."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import InMemoryUploadedFile, TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler

TOO_LARGE = "too_large"
NO_SPACE = "no_space"


class LimitedUploadHandler(TemporaryFileUploadHandler):
    """Django's temporary files with a limit of MAX_UPLOAD_BYTES for each file.

    A file over the limit, or one that the disk refuses, is read to its end and thrown away, so that the
    form and the other files of the request arrive; its ``trouble`` says why, its content is empty and its
    size is what was sent. What a client says of the size is not believed.
    """

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        self.trouble = ""
        self.received = 0
        self.file: Any = None
        super(TemporaryFileUploadHandler, self).new_file(*args, **kwargs)
        try:  # a name of our own: the client's may be longer than the file system takes
            self.file = TemporaryUploadedFile(
                "upload", self.content_type, 0, self.charset, self.content_type_extra
            )
        except OSError:
            self.trouble = NO_SPACE
        else:
            self.file.name = self.file_name

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.received += len(raw_data)
        if not self.trouble and self.received > settings.MAX_UPLOAD_BYTES:
            self._drop(TOO_LARGE)
        if self.trouble:
            return
        try:
            self.file.write(raw_data)
        except OSError:
            self._drop(NO_SPACE)

    def file_complete(self, file_size: int) -> UploadedFile:
        file: Any = None
        if not self.trouble:
            try:
                file = super().file_complete(file_size)
            except OSError:
                self._drop(NO_SPACE)
        if self.trouble:
            file = InMemoryUploadedFile(
                BytesIO(), self.field_name, self.file_name, self.content_type, file_size, self.charset
            )
        file.trouble = self.trouble
        return file

    def _drop(self, trouble: str) -> None:
        self.trouble = trouble
        if self.file is not None:
            try:
                self.file.close()
            except OSError:
                pass
            self.file = None

    def upload_interrupted(self) -> None:
        if self.file is not None:
            super().upload_interrupted()


def trouble_of(upload: object) -> str:
    """Why the upload did not arrive whole: "", "too_large" or "no_space"."""
    return str(getattr(upload, "trouble", ""))
