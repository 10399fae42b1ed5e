"""Agencies and accounts as rows of a file, out and in, on django-import-export.

A resource reads what exists once, compares in memory, and writes by the services: a rehearsal is the same run
with its transaction undone.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override
from import_export import resources
from import_export.fields import Field
from import_export.instance_loaders import BaseInstanceLoader
from import_export.widgets import Widget

from agencies.actors import NOBODY, Actor
from agencies.services.structure import tidy
from parindex.errors import Refusal
from parindex.ui import formats
from parindex.ui.cells import neutral, restored
from parindex.ui.collation import fold


@dataclass(frozen=True)
class Ref:
    """A row of another table, compared by its key and shown by its name."""

    pk: Any
    label: str = field(compare=False)

    def __str__(self) -> str:
        return self.label


class Text(Widget):
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return tidy(restored("" if value is None else str(value).strip()))

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else str(value)


class YesNo(Text):
    """có / không; empty means the default."""

    YES, NO = {"co", "x", "yes", "true", "1", "dung"}, {"khong", "no", "false", "0", "sai"}

    def __init__(self, default: bool) -> None:
        super().__init__()
        self.default = default

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> bool:
        text = fold(super().clean(value))
        if text in self.YES or text in self.NO or not text:
            return self.default if not text else text in self.YES
        raise ValueError(_("Write “có” or “không”."))

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return str(_("yes") if value else _("no"))


class Day(Text):
    """A date: a date cell, dd/mm/yyyy or yyyy-mm-dd."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> date | None:
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        text = super().clean(value)
        for style in ("%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y"):
            try:
                return datetime.strptime(text, style).date() if text else None  # noqa: DTZ007
            except ValueError:
                continue
        raise ValueError(_("Write the date as dd/mm/yyyy."))

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return formats.format_date(value) if value else ""


class Lookup(Text):
    """Another row by its name, whatever the case and the accents; all names are read once."""

    def __init__(self, missing: Any, ambiguous: Any = "") -> None:
        super().__init__()
        self.missing, self.ambiguous = missing, ambiguous
        self.known: dict[str, set[Ref]] = {}

    def learn(self, ref: Ref, *names: str) -> None:
        for name in filter(None, map(fold, names)):
            self.known.setdefault(name, set()).add(ref)

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Ref | None:
        text = super().clean(value)
        if not text:
            return None
        found = self.known.get(fold(text), set())
        if len(found) == 1:
            return next(iter(found))
        raise ValueError(str(self.ambiguous if found else self.missing) % {"name": text})


class LineResource(resources.Resource):
    """What both resources share: headings in two languages, outcomes by row, writes by services."""

    headings: dict[str, Any] = {}
    needed: tuple[str, ...] = ()

    class Meta:
        using_db = "default"
        instance_loader_class = BaseInstanceLoader
        skip_unchanged = True
        report_skipped = True
        store_instance = True
        skip_html_diff = True
        use_transactions = True
        import_id_fields: tuple[str, ...] = ()

    def __init__(self, actor: Actor = NOBODY) -> None:
        super().__init__()
        self.actor = actor

    # headings

    def heading(self, name: str) -> str:
        return str(self.headings[name])

    def columns(self, headers: Iterable[Any]) -> tuple[dict[int, str], list[str]]:
        """Which column holds which field, and what is wrong with the headings."""
        names: dict[str, str] = {}
        for name, label in self.headings.items():
            names[fold(name)] = name
            for language in ("vi", "en"):
                with override(language):
                    names[fold(str(label))] = name
        found: dict[int, str] = {}
        faults = []
        for place, header in enumerate(headers):
            text = tidy("" if header is None else str(header))
            name = names.get(fold(text), "")
            if text and not name:
                faults.append(_("The portal does not know the column “%(name)s”.") % {"name": text})
            elif name and name in found.values():
                faults.append(_("The column “%(name)s” is there twice.") % {"name": text})
            elif name:
                found[place] = name
        lacking = [one for one in self.needed if one not in found.values()]
        faults += [_("The column “%(name)s” is missing.") % {"name": self.heading(one)} for one in lacking]
        return found, faults

    def get_export_headers(self, selected_fields: Any = None) -> list[str]:
        return [self.heading(name) for name in self.get_export_order()]

    def export_field(self, field: Any, instance: Any, **kwargs: Any) -> Any:
        return neutral(super().export_field(field, instance, **kwargs))

    # one row

    def get_or_init_instance(self, instance_loader: Any, row: Any) -> tuple[Any, bool]:
        found = self.find(row)
        return (self.blank(row), True) if found is None else (deepcopy(found), False)

    def find(self, row: Any) -> Any:
        raise NotImplementedError

    def blank(self, row: Any) -> Any:
        raise NotImplementedError

    def write(self, line: Any, is_new: bool) -> None:
        raise NotImplementedError

    def skip_row(self, instance: Any, original: Any, row: Any, import_validation_errors: Any = None) -> bool:
        return not import_validation_errors and instance == original

    def validate_instance(
        self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        if import_validation_errors:
            raise ValidationError(import_validation_errors)

    def do_instance_save(self, instance: Any, is_create: bool) -> None:
        try:
            with transaction.atomic():
                self.write(instance, is_create)
        except Refusal as refusal:
            raise ValidationError(
                {name or NON_FIELD_ERRORS: texts for name, texts in refusal.fields.items()}
            ) from refusal

    def import_field(self, field: Any, instance: Any, row: Any, is_m2m: bool = False, **kwargs: Any) -> None:
        if field.column_name in row:  # a column that the file lacks leaves what is there
            field.save(instance, row, is_m2m, **kwargs)


def column(attribute: str, widget: Widget) -> Field:
    return Field(attribute=attribute, column_name=attribute, widget=widget)
