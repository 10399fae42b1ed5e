"""Sheets, answers, marks, adjustments and imports in the administration: for reading and searching alone.

Whoever judges never sees rows of an own house here either; answers and marks show once the sheet was submitted.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from parindex.admin_site import ReadOnlyModelAdmin
from parindex.ui.formats import format_points
from scoring import engine
from scoring.assessment.appraisal_permissions import OVERSEER_ROLES, barred_houses
from scoring.assessment.forms.answer import inputs_in_words
from scoring.assessment.models import Adjustment, Answer, ImportBatch, Mark, Scoresheet
from scoring.assessment.permissions import SUBMITTED_STATES
from scoring.assessment.queries.appraisal import shown_expression
from scoring.criteria.models import Criterion
from scoring.criteria.wording import trace_in_words


class ScopedAdmin(ReadOnlyModelAdmin):
    """Read-only, scoped by the path from a row to its sheet."""

    view_roles = frozenset(OVERSEER_ROLES)
    sheet_path = ""
    with_drafts = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        barred = barred_houses(request.actor)  # type: ignore[attr-defined]
        if barred:
            rows = rows.exclude(**{f"{self.sheet_path}participation__agency__in": barred})
        if not self.with_drafts:
            rows = rows.filter(**{f"{self.sheet_path}state__in": SUBMITTED_STATES})
        return rows

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        if not super().has_view_permission(request, obj):
            return False
        return obj is None or self.get_queryset(request).filter(pk=obj.pk).exists()


def shown(points: Decimal | None) -> str:
    """Points with a decimal comma."""
    return format_points(points, 6)


class FiguresAdmin(ScopedAdmin):
    """Rows that carry inputs and a trace: told in words, not as stored."""

    readonly_fields = ("told_inputs", "told_trace")

    def criterion_of(self, row: Any) -> Criterion:
        raise NotImplementedError

    @admin.display(description=_("inputs"))
    def told_inputs(self, row: Any) -> str:
        leaf = self.criterion_of(row)
        rule = engine.parse_rule(leaf.rule or {}, max_points=leaf.max_points)
        return "; ".join(f"{label}: {value}" for label, value in inputs_in_words(rule, row.inputs)) or "—"

    @admin.display(description=_("trace"))
    def told_trace(self, row: Any) -> str:
        return (
            " · ".join(part for part in (shown_expression(row.trace), trace_in_words(row.trace)) if part)
            or "—"
        )


@admin.register(Scoresheet)
class ScoresheetAdmin(ScopedAdmin):
    with_drafts = True
    list_display = ("agency", "block", "state", "submitted_at", "days_late")
    list_filter = ("state", "participation__cycle_block__cycle", "participation__cycle_block__block")
    search_fields = ("participation__agency__name", "participation__agency__name_folded")
    list_select_related = (
        "participation__agency",
        "participation__cycle_block__cycle",
        "participation__cycle_block__block",
    )
    fields = (
        "participation",
        "criteria_set",
        "state",
        "version",
        "submitted_at",
        "days_late",
        "created_at",
    )

    @admin.display(description=_("agency"), ordering="participation__agency__sort_key")
    def agency(self, sheet: Scoresheet) -> str:
        return sheet.participation.agency.name

    @admin.display(description=_("block of the cycle"))
    def block(self, sheet: Scoresheet) -> str:
        return str(sheet.participation.cycle_block)


@admin.register(Answer)
class AnswerAdmin(FiguresAdmin):
    sheet_path = "scoresheet__"
    list_display = ("agency", "code", "title", "points", "applicability", "answered_at")
    list_filter = (
        "applicability",
        "scoresheet__participation__cycle_block__cycle",
        "scoresheet__participation__cycle_block__block",
    )
    search_fields = ("scoresheet__participation__agency__name_folded", "=criterion__code")
    list_select_related = ("criterion", "scoresheet__participation__agency")
    fields = (
        "scoresheet",
        "criterion",
        "told_inputs",
        "self_points",
        "applicable_max",
        "told_trace",
        "note",
        "applicability",
        "version",
        "answered_by",
        "answered_at",
    )

    def criterion_of(self, row: Answer) -> Criterion:
        return row.criterion

    @admin.display(description=_("agency"), ordering="scoresheet__participation__agency__sort_key")
    def agency(self, answer: Answer) -> str:
        return answer.scoresheet.participation.agency.name

    @admin.display(description=_("code"), ordering="criterion__sort_key")
    def code(self, answer: Answer) -> str:
        return answer.criterion.code

    @admin.display(description=_("title"))
    def title(self, answer: Answer) -> str:
        return answer.criterion.title

    @admin.display(description=_("self-assessed points"), ordering="self_points")
    def points(self, answer: Answer) -> str:
        return shown(answer.self_points)


@admin.register(Mark)
class MarkAdmin(FiguresAdmin):
    sheet_path = "answer__scoresheet__"
    list_display = ("at", "agency", "code", "round", "given", "maximum", "by", "in_bulk", "reason")
    list_filter = (
        "round",
        "in_bulk",
        "answer__scoresheet__participation__cycle_block__cycle",
        "answer__scoresheet__participation__cycle_block__block",
    )
    search_fields = (
        "answer__scoresheet__participation__agency__name_folded",
        "=answer__criterion__code",
        "reason",
    )
    list_select_related = ("by", "answer__criterion", "answer__scoresheet__participation__agency")
    ordering = ("-at", "-pk")
    fields = (
        "answer",
        "round",
        "by",
        "told_inputs",
        "points",
        "applicable_max",
        "told_trace",
        "reason",
        "in_bulk",
        "at",
    )

    def criterion_of(self, row: Mark) -> Criterion:
        return row.answer.criterion

    @admin.display(description=_("agency"))
    def agency(self, mark: Mark) -> str:
        return mark.answer.scoresheet.participation.agency.name

    @admin.display(description=_("code"), ordering="answer__criterion__sort_key")
    def code(self, mark: Mark) -> str:
        return mark.answer.criterion.code

    @admin.display(description=_("points"), ordering="points")
    def given(self, mark: Mark) -> str:
        return shown(mark.points)

    @admin.display(description=_("maximum"))
    def maximum(self, mark: Mark) -> str:
        return shown(mark.applicable_max)


@admin.register(Adjustment)
class AdjustmentAdmin(ScopedAdmin):
    sheet_path = "scoresheet__"
    list_display = ("at", "agency", "kind", "given", "reason", "by", "voided_at")
    list_filter = ("kind", "scoresheet__participation__cycle_block__cycle")
    search_fields = ("scoresheet__participation__agency__name_folded", "reason")
    list_select_related = ("by", "scoresheet__participation__agency")
    fields = ("scoresheet", "kind", "points", "reason", "by", "at", "voided_by", "voided_at", "void_reason")

    @admin.display(description=_("agency"))
    def agency(self, adjustment: Adjustment) -> str:
        return adjustment.scoresheet.participation.agency.name

    @admin.display(description=_("points"), ordering="points")
    def given(self, adjustment: Adjustment) -> str:
        return shown(adjustment.points)


@admin.register(ImportBatch)
class ImportBatchAdmin(ReadOnlyModelAdmin):
    """An import is of a whole block: its list names no agency."""

    view_roles = frozenset(OVERSEER_ROLES)
    list_display = ("at", "cycle_block", "source", "file_name", "rows", "by")
    list_filter = ("source", "cycle_block__cycle", "cycle_block__block")
    search_fields = ("file_name", "sha256")
    list_select_related = ("by", "cycle_block__cycle", "cycle_block__block")
    fields = ("cycle_block", "source", "file_name", "sha256", "rows", "by", "at")
