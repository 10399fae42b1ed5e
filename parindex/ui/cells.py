"""Cells of tables that leave the portal as CSV or XLSX: none may start a formula in a spreadsheet."""

from __future__ import annotations

import re

_RISKY = re.compile(r"\s*[=+\-@\t\r]")
_SHIELDED = re.compile(r"'(?=\s*[=+\-@])")


def neutral(value: object) -> object:
    """The value for a cell; text that a spreadsheet would take for a formula gets an apostrophe before it.

    Numbers and dates stay what they are: they can't be formulas.
    """
    return f"'{value}" if isinstance(value, str) and _RISKY.match(value) else value


def restored(text: str) -> str:
    """The text that `neutral` was given: so that what went out comes back unchanged."""
    return _SHIELDED.sub("", text, count=1) if text.startswith("'") else text
