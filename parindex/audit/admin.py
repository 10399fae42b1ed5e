"""The record in the administration: to read and to search, nothing else."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseNotAllowed
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from parindex.admin_site import ReadOnlyModelAdmin
from parindex.audit.access import READERS, visible_entries
from parindex.audit.actions import ACTIONS, OBJECTS, action_label
from parindex.audit.models import AuditEntry
from parindex.audit.reading import changes_of
from parindex.ui import formats


class ActionFilter(admin.SimpleListFilter):
    title = _("act")
    parameter_name = "act"
    template = "admin/audit/select_filter.html"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return sorted(((code, action_label(code)) for code in ACTIONS), key=lambda pair: pair[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        return queryset.filter(action=self.value()) if self.value() else queryset


class AreaFilter(admin.SimpleListFilter):
    title = _("part of the portal")
    parameter_name = "area"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(OBJECTS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        return queryset.filter(object_type__startswith=f"{self.value()}.") if self.value() else queryset


class DayFilter(admin.SimpleListFilter):
    """From one day on, or up to another: typed, because the days that matter are known from letters."""

    template = "admin/audit/day_filter.html"
    up_to = False

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("", "")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        if not self.value():
            return queryset
        try:
            day = date.fromisoformat(str(self.value()))
        except ValueError as error:
            raise IncorrectLookupParameters from error
        if self.up_to:
            return queryset.filter(at__lt=_start(day + timedelta(days=1)))
        return queryset.filter(at__gte=_start(day))

    def choices(self, changelist: Any) -> Any:
        others = [
            (name, value)
            for name, values in changelist.filter_params.items()
            if name not in (self.parameter_name, "p")
            for value in (values if isinstance(values, list) else [values])
        ]
        if changelist.query:
            others.append(("q", changelist.query))
        yield {"others": others, "value": self.value() or "", "name": self.parameter_name}


def _start(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


class FromFilter(DayFilter):
    title = _("from the day")
    parameter_name = "from"


class UpToFilter(DayFilter):
    title = _("up to the day")
    parameter_name = "to"
    up_to = True


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyModelAdmin):
    view_roles = READERS
    list_display = ["seq", "when", "who", "what", "about", "summary"]
    list_display_links = ["seq", "when"]
    list_filter = [ActionFilter, AreaFilter, FromFilter, UpToFilter]
    search_fields = ["actor_name", "object_label", "object_id"]
    ordering = ["-seq"]
    fields = ["seq", "when", "who", "what", "about", "changes", "object_key", "link_before", "link"]
    readonly_fields = ["seq", "when", "who", "what", "about", "changes", "object_key", "link_before", "link"]
    sortable_by = ["seq"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        return visible_entries(request.actor).order_by("-seq")  # type: ignore[attr-defined]

    @admin.display(description=_("time"))
    def when(self, entry: AuditEntry) -> str:
        return formats.format_datetime(entry.at, zone=False)

    @admin.display(description=_("who"))
    def who(self, entry: AuditEntry) -> Any:
        return entry.actor_name or _("the portal")

    @admin.display(description=_("act"))
    def what(self, entry: AuditEntry) -> str:
        return action_label(entry.action)

    @admin.display(description=_("about"))
    def about(self, entry: AuditEntry) -> str:
        return entry.object_label

    @admin.display(description=_("object"))
    def object_key(self, entry: AuditEntry) -> str:
        return f"{entry.object_type} {entry.object_id}".strip() or "—"

    @admin.display(description=_("hash of the entry before"))
    def link_before(self, entry: AuditEntry) -> str:
        return entry.prev

    @admin.display(description=_("hash"))
    def link(self, entry: AuditEntry) -> str:
        return entry.hash

    @admin.display(description=_("change"))
    def summary(self, entry: AuditEntry) -> str:
        found = changes_of(entry)
        text = "; ".join(
            f"{one.name}: {one.before} → {one.after or '—'}" if one.before else f"{one.name}: {one.after}"
            for one in found
        )
        return format_html(
            '<span class="audit-summary">{}</span>', text if len(text) <= 160 else f"{text[:157]}…"
        )

    @admin.display(description=_("change"))
    def changes(self, entry: AuditEntry) -> str:
        return render_to_string("audit/changes.html", {"changes": changes_of(entry)})

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """An entry's history is itself."""
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        return self.change_view(request, object_id)
