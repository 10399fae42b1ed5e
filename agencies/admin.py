"""Blocks, agencies, divisions, successions, accounts and roles in the administration."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from agencies import services
from agencies.actors import actor_of
from agencies.exchange import ExchangeMixin
from agencies.models import Agency, Block, Division, Membership, Role, Succession, User
from agencies.permissions import ACCOUNT_ROLES, READER_ROLES, STRUCTURE_ROLES, may_manage_account
from agencies.resources import AccountResource, AgencyResource
from agencies.views import link_maker
from parindex.admin_site import RoleInline, RoleModelAdmin
from parindex.ui import formats
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


# people -----------------------------------------------------------------------------------------


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


class NewAccountForm(forms.ModelForm):
    """A new account, and how its owner comes to a password."""

    first_password = forms.ChoiceField(
        label=gettext_lazy("First password"),
        choices=[
            ("invitation", gettext_lazy("mail a link for setting it")),
            ("one_time", gettext_lazy("show a one-time password, to hand over in person")),
            ("later", gettext_lazy("later")),
        ],
        widget=forms.RadioSelect,
        initial="invitation",
    )

    class Meta:
        model = User
        fields = ["username", "full_name", "email"]
        labels = {"username": gettext_lazy("Account name"), "email": gettext_lazy("E-mail")}
        help_texts = {
            "username": gettext_lazy("At least 3 letters a–z, digits, dots or hyphens; it never changes.")
        }

    def clean(self) -> Any:
        given = super().clean() or self.cleaned_data
        if given.get("first_password") == "invitation" and not given.get("email"):
            self.add_error("email", _("An invitation needs an address."))
        return given

    def _post_clean(self) -> None:
        """The service checks the name: small letters, no accents, free."""


class RoleFilter(admin.SimpleListFilter):
    title = gettext_lazy("role in force")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [*Role.choices, ("none", _("no role"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        today = timezone.localdate()
        held = Membership.objects.filter(
            Q(ends_on__isnull=True) | Q(ends_on__gte=today), starts_on__lte=today
        )
        if self.value() == "none":
            return queryset.exclude(pk__in=held.values("user_id"))
        return queryset.filter(pk__in=held.filter(role=self.value()).values("user_id"))


ACTS = {
    "invite": (
        gettext_lazy("Mail an invitation"),
        gettext_lazy("A link for setting the password goes to the address."),
    ),
    "one_time_password": (
        gettext_lazy("Give a one-time password"),
        gettext_lazy(
            "It is shown once, on the next page. The old password stops working, and the account is signed out."
        ),
    ),
    "unlock": (
        gettext_lazy("Unlock"),
        gettext_lazy("Failed sign-ins are forgotten: the account may try again at once."),
    ),
    "close": (
        gettext_lazy("Close the account"),
        gettext_lazy(
            "From its next request on nobody can use it. What it did stays in the record; it can be opened again."
        ),
    ),
    "reopen": (
        gettext_lazy("Open the account again"),
        gettext_lazy("Roles that are still in force count again."),
    ),
}


@admin.register(User)
class AccountAdmin(ExchangeMixin, RoleModelAdmin):
    resource_class = AccountResource
    view_roles = READER_ROLES
    add_roles = change_roles = ACCOUNT_ROLES
    list_display = ["full_name", "username", "roles", "last_seen", "is_active"]
    list_display_links = ["full_name", "username"]
    list_filter = ["is_active", RoleFilter]
    search_fields = ["name_folded", "memberships__agency__name_folded"]
    ordering = ["username"]
    inlines = [MembershipInline]
    actions = ["invite_selected"]
    change_form_template = "admin/agencies/user/change_form.html"

    # lists

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        held = Membership.objects.select_related("agency", "division").order_by("-starts_on", "pk")
        return super().get_queryset(request).prefetch_related(Prefetch("memberships", queryset=held))

    @admin.display(description=gettext_lazy("roles in force"))
    def roles(self, account: User) -> str:
        today = timezone.localdate()
        held = [
            row
            for row in account.memberships.all()
            if row.starts_on <= today and (row.ends_on is None or row.ends_on >= today)
        ]
        return "; ".join(
            row.get_role_display() + (f" · {row.agency.short_name or row.agency}" if row.agency else "")
            for row in held
        )

    def lines_out(self, request: HttpRequest, resource: Any) -> list[Any]:
        return resource.lines(self.get_queryset(request).order_by("username"))

    # one account

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = NewAccountForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ["username", "full_name", "email", "first_password"]
        return ["account_name", "full_name", "email", "standing", "last_seen", "since"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is None:
            return []
        return ["account_name", "standing", "last_seen", "since"]

    @admin.display(description=gettext_lazy("account name"))
    def account_name(self, account: User) -> str:
        return account.username

    @admin.display(description=gettext_lazy("state"))
    def standing(self, account: User) -> str:
        if not account.is_active:
            return _("closed")
        if account.must_change_password:
            return _("open, with a one-time password that must be changed")
        return _("open") if account.has_usable_password() else _("open, no password set yet")

    @admin.display(description=gettext_lazy("last sign-in"), ordering="last_login")
    def last_seen(self, account: User) -> str:
        return formats.format_datetime(account.last_login, zone=False)

    @admin.display(description=gettext_lazy("made"))
    def since(self, account: User) -> str:
        return formats.format_datetime(account.date_joined, zone=False)

    def write(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        given, actor = form.cleaned_data, actor_of(request)
        if change:
            services.update_account(
                actor=actor, account=obj, full_name=given["full_name"], email=given["email"]
            )
            return
        saved = services.create_account(
            actor=actor, username=given["username"], full_name=given["full_name"], email=given["email"]
        )
        obj.pk, obj.username = saved.pk, saved.username
        if given["first_password"] == "invitation":
            services.send_invitations(actor=actor, accounts=[saved], link=link_maker(request))
        elif given["first_password"] == "one_time":
            obj.shown_once = services.issue_one_time_password(actor=actor, account=saved)

    def write_rows(self, request: HttpRequest, obj: Any, given: dict[str, Any], row: Any) -> None:
        services.save_membership(
            actor=actor_of(request),
            account=User.objects.get(pk=obj.pk),
            membership=row if row.pk else None,
            **{name: given[name] for name in ("role", "agency", "division", "starts_on", "ends_on")},
        )

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        if getattr(obj, "shown_once", ""):
            return _one_time_page(request, obj, obj.shown_once)
        return super().response_add(request, obj, post_url_continue)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        return super().change_view(
            request, object_id, form_url, {**(extra_context or {}), "acts": self._acts(request)}
        )

    def _acts(self, request: HttpRequest) -> dict[str, Any]:
        return (
            {name: label for name, (label, _text) in ACTS.items()}
            if self.has_change_permission(request)
            else {}
        )

    # acts on accounts, each with its page that says what it does

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(
                f"<path:object_id>/{name.replace('_', '-')}/",
                self.admin_site.admin_view(self.act_view),
                {"act": name},
                name=f"agencies_user_{name}",
            )
            for name in ACTS
        ]
        return own + super().get_urls()

    def act_view(self, request: HttpRequest, object_id: str, act: str) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        account = self.get_object(request, object_id)
        if account is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        if not may_manage_account(actor_of(request), account) and act != "invite":
            raise PermissionDenied(
                _(
                    "Nobody changes the roles or the access of his or her own account: ask another administrator."
                )
            )
        back = reverse("admin:agencies_user_change", args=[account.pk])
        if request.method != "POST":
            label, text = ACTS[act]
            context = {
                "title": label,
                "text": text,
                "account": account,
                "back": back,
                "danger": act == "close",
            }
            return render(request, "admin/agencies/user/act.html", context)
        if act == "one_time_password":
            return _one_time_page(
                request, account, services.issue_one_time_password(actor=actor_of(request), account=account)
            )
        self._carry_out(request, account, act)
        return HttpResponseRedirect(back)

    def _carry_out(self, request: HttpRequest, account: User, act: str) -> None:
        if act == "invite":
            self._invite(request, [account])
        elif act == "unlock":
            services.unlock_account(actor=actor_of(request), account=account)
            messages.success(request, _("The account may sign in again at once."))
        elif act == "close":
            services.deactivate_account(actor=actor_of(request), account=account)
            messages.success(request, _("The account is closed."))
        else:
            services.reactivate_account(actor=actor_of(request), account=account)
            messages.success(request, _("The account is open again."))

    @admin.action(description=gettext_lazy("Mail invitations"), permissions=["change"])
    def invite_selected(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        accounts = list(queryset.order_by("username"))
        if "confirmed" in request.POST:
            self._invite(request, accounts)
            return None
        context = {
            "title": _("Mail invitations"),
            "accounts": accounts,
            "back": reverse("admin:agencies_user_changelist"),
        }
        return render(request, "admin/agencies/user/invite.html", context)

    def _invite(self, request: HttpRequest, accounts: list[User]) -> None:
        left = services.send_invitations(actor=actor_of(request), accounts=accounts, link=link_maker(request))
        sent = len(accounts) - len(left)
        if sent:
            text = ngettext("%(n)s invitation has been mailed.", "%(n)s invitations have been mailed.", sent)
            messages.success(request, text % {"n": sent})
        if left:
            names = ", ".join(account.username for account in left)
            messages.warning(request, _("Without an address, or closed: %(names)s.") % {"names": names})


def _one_time_page(request: HttpRequest, account: User, password: str) -> HttpResponse:
    context = {
        "title": _("One-time password"),
        "account": account,
        "password": password,
        "back": reverse("admin:agencies_user_change", args=[account.pk]),
    }
    response = render(request, "admin/agencies/user/one_time_password.html", context)
    response.headers["Cache-Control"] = "no-store"
    return response
