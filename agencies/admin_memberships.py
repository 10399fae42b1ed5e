"""Who holds which role where: a list to read, and the rows on an account's page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies import services
from agencies.models import Agency, Division, Membership
from agencies.permissions import ACCOUNT_ROLES, READER_ROLES, STRUCTURE_ROLES
from parindex.admin_site import RoleInline, RoleModelAdmin
from parindex.ui.forms import DateInput


class InForceFilter(admin.SimpleListFilter):
    title = gettext_lazy("in force")
    parameter_name = "in_force"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("today")), ("past", _("ended")), ("later", _("not yet"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        today = timezone.localdate()
        if self.value() == "past":
            return queryset.filter(ends_on__lt=today)
        if self.value() == "later":
            return queryset.filter(starts_on__gt=today)
        if self.value() == "yes":
            return queryset.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=today), starts_on__lte=today)
        return queryset


@admin.register(Membership)
class MembershipAdmin(RoleModelAdmin):
    """Who holds which role where, to read; roles are given on the account's page."""

    view_roles = READER_ROLES | STRUCTURE_ROLES
    list_display = ["user", "role", "agency", "division", "starts_on", "ends_on"]
    list_filter = ["role", InForceFilter]
    list_select_related = ["user", "agency", "division"]
    search_fields = ["user__name_folded", "agency__name_folded"]
    ordering = ["agency__sort_key", "user__username", "-starts_on"]


class MembershipForm(forms.ModelForm):
    class Meta:
        model = Membership
        fields = ["role", "agency", "division", "starts_on", "ends_on"]
        widgets = {"starts_on": DateInput(), "ends_on": DateInput()}

    def clean(self) -> Any:
        given = super().clean() or self.cleaned_data
        faults = services.membership_faults(
            account=self.instance.user if self.instance.user_id else None,
            role=given.get("role") or "",
            agency=given.get("agency"),
            division=given.get("division"),
            starts_on=given.get("starts_on"),
            ends_on=given.get("ends_on"),
            membership=self.instance,
        )
        for name, texts in faults.items():
            if name not in self.errors:
                self.add_error(name, texts)
        return given

    def _post_clean(self) -> None:
        """The service writes, and checks what the table's constraints say."""


class MembershipInline(RoleInline):
    model = Membership
    form = MembershipForm
    template = "admin/edit_inline/stacked.html"
    fields = [("role", "agency", "division"), ("starts_on", "ends_on")]
    verbose_name = gettext_lazy("role")
    verbose_name_plural = gettext_lazy("roles (from the first day to the last, both included)")
    view_roles = READER_ROLES
    change_roles = ACCOUNT_ROLES
    extra = 1

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        rows = super().get_queryset(request).select_related("agency", "division", "user")
        return rows.order_by("-starts_on", "pk")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not _is_own(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and not _is_own(request, obj)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """One query for all the rows of the page."""
        found: Any = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name in ("agency", "division"):
            found.choices = _choices(request, db_field.name)
        return found


def _is_own(request: HttpRequest, account: Any) -> bool:
    return account is not None and account.pk == request.user.pk


def _choices(request: HttpRequest, name: str) -> list[tuple[Any, str]]:
    kept = request.__dict__.setdefault("_membership_choices", {})
    if name not in kept:
        rows: list[tuple[Any, str]]
        if name == "agency":
            rows = list(Agency.objects.order_by("sort_key").values_list("pk", "name"))
        else:
            found = Division.objects.order_by("agency__sort_key", "name").values_list(
                "pk", "agency__name", "name"
            )
            rows = [(pk, f"{agency} · {text}") for pk, agency, text in found]
        kept[name] = [("", "---------"), *rows]
    return kept[name]
