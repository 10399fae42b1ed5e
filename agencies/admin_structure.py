"""Blocks, agencies, divisions and successions in the administration."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy

from agencies import services
from agencies.actors import actor_of
from agencies.exchange import ExchangeMixin
from agencies.models import Agency, Block, Division, Succession
from agencies.permissions import READER_ROLES, STRUCTURE_ROLES
from agencies.resources import AgencyResource
from parindex.admin_site import RoleInline, RoleModelAdmin
from parindex.ui.forms import DateInput


class StructureAdmin(RoleModelAdmin):
    view_roles = READER_ROLES
    add_roles = change_roles = STRUCTURE_ROLES


@admin.register(Block)
class BlockAdmin(StructureAdmin):
    list_display = ["name", "order", "agency_count"]
    fields = ["name", "order"]
    search_fields = ["name_folded"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Block]:
        return (
            super()
            .get_queryset(request)
            .annotate(agency_total=Count("agencies", filter=Q(agencies__active=True)))
        )

    @admin.display(description=gettext_lazy("agencies"), ordering="agency_total")
    def agency_count(self, block: Any) -> int:
        return block.agency_total

    def write(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        given = form.cleaned_data
        saved = services.save_block(
            actor=actor_of(request),
            block=obj if change else None,
            name=given["name"],
            order=given["order"],
        )
        obj.pk, obj.slug = saved.pk, saved.slug


class DivisionInline(RoleInline):
    model = Division
    fields = ["name", "active"]
    view_roles = READER_ROLES
    change_roles = STRUCTURE_ROLES


@admin.register(Agency)
class AgencyAdmin(ExchangeMixin, StructureAdmin):
    resource_class = AgencyResource
    list_display = ["name", "short_name", "block", "account_count", "active"]
    list_filter = ["active", "block"]
    list_select_related = ["block"]
    search_fields = ["name_folded"]
    ordering = ["sort_key"]
    fields = ["name", "short_name", "block", "is_home_affairs", "active", "slug", "kin"]
    readonly_fields = ["slug", "kin"]
    inlines = [DivisionInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agency]:
        today = timezone.localdate()
        in_force = Q(memberships__starts_on__lte=today, memberships__user__is_active=True) & (
            Q(memberships__ends_on__isnull=True) | Q(memberships__ends_on__gte=today)
        )
        people = Count("memberships__user", filter=in_force, distinct=True)
        return super().get_queryset(request).annotate(account_total=people)

    @admin.display(description=gettext_lazy("accounts"), ordering="account_total")
    def account_count(self, agency: Any) -> int:
        return agency.account_total

    @admin.display(description=gettext_lazy("predecessors and successors"))
    def kin(self, agency: Agency) -> str:
        found = Succession.objects.filter(Q(predecessor=agency) | Q(successor=agency)).select_related(
            "predecessor", "successor"
        )
        return "; ".join(f"{one} ({one.on:%d/%m/%Y}, {one.get_kind_display()})" for one in found) or "—"

    def write(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        given = form.cleaned_data
        saved = services.save_agency(
            actor=actor_of(request),
            agency=obj if change else None,
            name=given["name"],
            short_name=given["short_name"],
            block=given["block"],
            is_home_affairs=given["is_home_affairs"],
            active=given["active"],
        )
        obj.pk, obj.slug = saved.pk, saved.slug

    def write_rows(self, request: HttpRequest, obj: Any, given: dict[str, Any], row: Any) -> None:
        services.save_division(
            actor=actor_of(request),
            agency=Agency.objects.get(pk=obj.pk),
            division=row if row.pk else None,
            name=given["name"],
            active=given["active"],
        )

    def lines_out(self, request: HttpRequest, resource: Any) -> list[Any]:
        return resource.lines(Agency.objects.select_related("block").order_by("block__order", "sort_key"))


@admin.register(Division)
class DivisionAdmin(StructureAdmin):
    list_display = ["name", "agency", "active"]
    list_filter = ["active"]
    list_select_related = ["agency"]
    search_fields = ["name", "agency__name_folded"]
    ordering = ["agency__sort_key", "name"]
    fields = ["agency", "name", "active"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["agency"] if obj else []

    def write(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.pk = services.save_division(
            actor=actor_of(request),
            division=obj if change else None,
            agency=obj.agency,
            name=form.cleaned_data["name"],
            active=form.cleaned_data["active"],
        ).pk


class SuccessionForm(forms.ModelForm):
    class Meta:
        model = Succession
        fields = ["predecessor", "kind", "successor", "on"]
        widgets = {"on": DateInput()}

    def _post_clean(self) -> None:
        """What the table's constraints say, the service says better."""


@admin.register(Succession)
class SuccessionAdmin(RoleModelAdmin):
    view_roles = READER_ROLES | STRUCTURE_ROLES
    add_roles = STRUCTURE_ROLES
    form = SuccessionForm
    list_display = ["predecessor", "kind", "successor", "on"]
    list_filter = ["kind"]
    list_select_related = ["predecessor", "successor"]
    search_fields = ["predecessor__name_folded", "successor__name_folded"]
    fields = ["predecessor", "kind", "successor", "on"]

    def write(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        saved = services.record_succession(actor=actor_of(request), **form.cleaned_data)
        obj.pk, obj.predecessor, obj.successor = saved.pk, saved.predecessor, saved.successor
