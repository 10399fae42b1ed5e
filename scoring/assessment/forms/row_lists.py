"""Lists of rows inside a form: counted by a hidden field, changed by buttons that post the page back.

A row list is forms of one class with the prefixes ``PREFIX-0``, ``PREFIX-1``, …, counted by
``PREFIX-TOTAL_FORMS``. ``reshaped`` carries out a button: it gives the same data with a row more, a row less or
two rows changed about, so that the page can be shown again with everything that was typed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _

__all__ = ["RowList", "asks_for_rows", "reshaped"]

F = TypeVar("F", bound=forms.Form)
#: Rows that a list may hold; the engine takes no more either.
MOST = 20
ACTIONS = ("add", "remove", "up", "down", "preview")
_LIST = re.compile(r"[a-z]+(?:_\d+)?(?:-\d+-[a-z]+)?")
_ROW = re.compile(r"(?P<list>[a-z]+(?:_\d+)?(?:-\d+-[a-z]+)?):(?P<row>\d{1,2})")


class RowList(Generic[F]):
    """The forms of one list. ``rows``: what is stored; ``extra``: empty rows to begin with.

    ``counted``: data without the count of this list are refused; otherwise they hold no row of it.
    """

    def __init__(
        self,
        form_class: type[F],
        data: Any,
        *,
        prefix: str,
        rows: Sequence[Mapping[str, Any]] = (),
        extra: int = 0,
        counted: bool = False,
        **more: Any,
    ) -> None:
        self.prefix = prefix
        self.faults: list[str] = []
        if data is None:
            total = min(len(rows) + extra, MOST)
        else:
            number = _count(data, prefix)
            total = number or 0
            if counted and number is None:
                self.faults.append(_("Part of the form did not arrive. Open the page again."))
        self.forms: list[F] = [
            form_class(
                data,
                prefix=f"{prefix}-{at}",
                initial=dict(rows[at]) if at < len(rows) else {},
                **more,
            )
            for at in range(total)
        ]

    def __iter__(self) -> Any:
        return iter(self.forms)

    @property
    def counter(self) -> str:
        """The name of the hidden field that counts the rows."""
        return f"{self.prefix}-TOTAL_FORMS"

    @property
    def is_full(self) -> bool:
        return len(self.forms) >= MOST

    def is_valid(self) -> bool:
        """Whether every row is; every row is asked."""
        return not self.faults and not sum(not form.is_valid() for form in self.forms)


def asks_for_rows(data: Mapping[str, Any]) -> bool:
    """Whether a button of the lists was pressed: nothing is to be saved."""
    return any(name in data for name in ACTIONS)


def reshaped(data: QueryDict) -> QueryDict:
    """The data after the button that was pressed; what the button names but is not there changes nothing."""
    changed = data.copy()
    if _LIST.fullmatch(prefix := changed.get("add", "")):
        number = _count(changed, prefix) or 0
        changed[f"{prefix}-TOTAL_FORMS"] = str(min(number + 1, MOST))
    for action in ("remove", "up", "down"):
        if place := _ROW.fullmatch(changed.get(action, "")):
            _move(changed, place["list"], int(place["row"]), action)
    return changed


def _move(data: QueryDict, prefix: str, row: int, action: str) -> None:
    total = _count(data, prefix) or 0
    if row >= total:
        return
    if action == "remove" and prefix.startswith("grades") and not prefix.endswith("gates"):
        _put(data, f"{prefix}-{row}-", {})  # other grades name this row: it stays, empty
        return
    order = list(range(total))
    if action == "remove":
        order.remove(row)
        data[f"{prefix}-TOTAL_FORMS"] = str(total - 1)
    else:
        other = row - 1 if action == "up" else row + 1
        if not 0 <= other < total:
            return
        order[row], order[other] = order[other], order[row]
    held = [_of(data, f"{prefix}-{at}-") for at in range(total)]
    for at in range(total):
        _put(data, f"{prefix}-{at}-", held[order[at]] if at < len(order) else {})


def _of(data: QueryDict, start: str) -> dict[str, list[str]]:
    return {name.removeprefix(start): data.getlist(name) for name in data if name.startswith(start)}


def _put(data: QueryDict, start: str, values: Mapping[str, list[str]]) -> None:
    for name in [name for name in data if name.startswith(start)]:
        del data[name]
    for name, texts in values.items():
        data.setlist(start + name, list(texts))


def _count(data: Mapping[str, Any], prefix: str) -> int | None:
    text = data.get(f"{prefix}-TOTAL_FORMS", "")
    return min(int(text), MOST) if re.fullmatch(r"[0-9]{1,3}", text) else None
