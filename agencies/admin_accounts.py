"""Accounts and roles in the administration."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from agencies import services
from agencies.actors import actor_of
from agencies.admin_memberships import MembershipInline
from agencies.exchange import ExchangeMixin
from agencies.models import Membership, Role, User
from agencies.permissions import ACCOUNT_ROLES, READER_ROLES, may_manage_account
from agencies.resources import AccountResource
from agencies.views import link_maker
from parindex.admin_site import RoleModelAdmin
from parindex.ui import formats


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
