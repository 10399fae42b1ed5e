"""Log lines that carry ids: no drafts, no tokens, no contents of files.

A traceback shows where something failed. The message of the exception may quote what a person typed (a value
that is no number, a row that broke a constraint), so it is shown only for kinds that never do.
"""

from __future__ import annotations

import logging
import traceback
from types import TracebackType

from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError
from django.template import TemplateDoesNotExist
from django.urls import NoReverseMatch

SPEAKING = (
    AttributeError,
    ConnectionError,
    ImportError,
    ImproperlyConfigured,
    NameError,
    NoReverseMatch,
    OperationalError,
    TemplateDoesNotExist,
    TimeoutError,
)

ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class LineFormatter(logging.Formatter):
    """Time, level, logger, message; exceptions as their kind and the places they passed."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S%z")

    def formatException(self, ei: ExceptionInfo) -> str:
        """Frames and kind for the exception and what caused it."""
        lines: list[str] = []
        error, seen = ei[1], set[int]()
        while error is not None and id(error) not in seen:
            seen.add(id(error))
            text = f": {error}" if isinstance(error, SPEAKING) else ""
            lines.append(f"{type(error).__module__}.{type(error).__qualname__}{text}")
            for frame in traceback.extract_tb(error.__traceback__):
                lines.append(f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}')
            error = error.__cause__ or error.__context__
        return "\n".join(lines)


class NoAddresses(logging.Filter):
    """Django names the path in its records; a path may hold a token, so the view's name stands instead."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record's message; always keep the record."""
        request = getattr(record, "request", None)
        if request is not None:
            match = getattr(request, "resolver_match", None)
            record.msg, record.args = "failed: view=%s", (match.view_name if match else "-",)
        elif record.name.startswith("django.security"):
            record.msg, record.args = "refused", ()
        return True
