"""Login, logout, passwords, the account's own page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_cool_off
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from agencies import services
from agencies.actors import actor_of
from agencies.forms import ChangePasswordForm, LoginForm, NewPasswordForm, ResetForm, keep, kept_form
from agencies.models import User
from agencies.queries import memberships_of
from parindex.middleware import client_address
from parindex.ui import nav

WORKSPACE = "/workspace/"


def own_account(request: HttpRequest) -> User:
    """The account of a request that the middleware let through."""
    assert isinstance(request.user, User)
    return request.user


def home_of(request: HttpRequest) -> str:
    """Where a person's work begins: agencies in the workspace, the others at their own page of the administration."""
    actor = actor_of(request)
    if actor.own_agency_ids:
        return WORKSPACE
    if not actor.works_in_admin:
        return reverse("accounts:account")
    return nav.start("admin", request) or reverse("admin:index")


class Login(auth.LoginView):
    """The portal's one sign-in page."""

    form_class = LoginForm
    template_name = "accounts/login.html"
    redirect_authenticated_user = True

    def get_default_redirect_url(self) -> str:
        return home_of(self.request)

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        services.note_login(account=form.get_user(), address=client_address(self.request))
        kept = kept_form(form.cleaned_data["kept"]) if form.cleaned_data.get("kept") else None
        if kept:
            return render(self.request, "accounts/again.html", {"kept": kept})
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        if getattr(self.request, "axes_failures_since_start", None):
            services.note_failed_login(
                username=form.cleaned_data.get("username", ""),
                address=client_address(self.request),
                locked=bool(getattr(self.request, "axes_locked_out", False)),
            )
        return super().form_invalid(form)


class Logout(auth.LogoutView):
    """By POST alone, so that no link or picture can log anybody out."""

    template_name = "accounts/logged_out.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            services.note_logout(account=own_account(request))
        return super().post(request, *args, **kwargs)


@method_decorator([sensitive_post_parameters(), never_cache], name="dispatch")
class PasswordChange(auth.PasswordChangeView):
    """A new password for one's own account."""

    form_class = ChangePasswordForm
    template_name = "accounts/password_change.html"

    def form_valid(self, form: Any) -> HttpResponse:
        account = services.change_password(
            account=own_account(self.request), password=form.cleaned_data["new_password1"]
        )
        update_session_auth_hash(self.request, account)
        messages.success(
            self.request, _("The password has been changed. Other devices have been signed out.")
        )
        return HttpResponseRedirect(home_of(self.request))


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def password_reset(request: HttpRequest) -> HttpResponse:
    """Ask for a link; the answer is the same whether or not there is such an account."""
    form = ResetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.request_password_reset(email=form.cleaned_data["email"], link=link_maker(request))
        return HttpResponseRedirect(reverse("accounts:password_reset_sent"))
    return render(request, "accounts/password_reset.html", {"form": form})


@login_not_required
@require_safe
def password_reset_sent(request: HttpRequest) -> HttpResponse:
    """What happens now."""
    return render(
        request, "accounts/password_reset_sent.html", {"hours": settings.PASSWORD_RESET_TIMEOUT // 3600}
    )


class SetPassword(auth.PasswordResetConfirmView):
    """Choose a password through a mailed link: after an invitation or a reset."""

    form_class = NewPasswordForm
    template_name = "accounts/set_password.html"

    def get_user(self, uidb64: str) -> Any:
        account = super().get_user(uidb64)
        return account if account is not None and account.is_active else None

    def form_valid(self, form: Any) -> HttpResponse:
        services.change_password(account=self.user, password=form.cleaned_data["new_password1"], by_link=True)
        self.request.session.pop(auth.INTERNAL_RESET_SESSION_TOKEN, None)
        messages.success(self.request, _("The password has been set. Sign in with it now."))
        return HttpResponseRedirect(reverse("accounts:login"))


@require_safe
@never_cache
def account(request: HttpRequest) -> HttpResponse:
    """One's own account: roles, agencies, since when."""
    rows = memberships_of(own_account(request))
    today = timezone.localdate()
    context = {
        "current": [row for row in rows if row.ends_on is None or row.ends_on >= today],
        "past": [row for row in rows if row.ends_on is not None and row.ends_on < today],
        "today": today,
        "home": home_of(request),
    }
    return render(request, "accounts/account.html", context)


# what middleware and the throttle answer ------------------------------------------------------------


def session_ended(request: HttpRequest) -> HttpResponse:
    """What a visitor without a login gets: the sign-in page, and with it what he or she had typed."""
    login = reverse("accounts:login")
    if getattr(request, "htmx", False) or "X-Upload" in request.headers:
        text = _(
            "The sign-in has ended; nothing was saved. Sign in again in a new tab, come back and save again."
        )
        return JsonResponse({"errors": [text]}, status=401)
    if request.method != "POST":
        return HttpResponseRedirect(f"{login}?{urlencode({'next': request.get_full_path()})}")
    context = {
        "form": LoginForm(request, initial={"kept": keep(request)}),
        "files": bool(request.FILES),
        "form_action": login,
    }
    return render(request, "accounts/session_ended.html", context, status=401)


def first_password(request: HttpRequest) -> HttpResponse:
    """A password that somebody else knows is changed before anything else."""
    target = reverse("accounts:password_change")
    if getattr(request, "htmx", False):
        return HttpResponse(status=204, headers={"HX-Redirect": target})
    return HttpResponseRedirect(target)


def locked_out(
    request: HttpRequest, response: HttpResponse | None, credentials: dict[str, Any] | None
) -> HttpResponse:
    """Too many failed sign-ins of this account from this address: how long it lasts and whom to ask."""
    cool_off = get_cool_off(request) or timedelta()
    last = None
    for attempts in AxesProxyHandler.get_implementation().get_user_attempts(request, credentials):
        last = max(filter(None, [last, *attempts.values_list("attempt_time", flat=True)]), default=None)
    until = (last or timezone.now()) + cool_off
    minutes = max(1, -(-int((until - timezone.now()).total_seconds()) // 60))
    answer = render(request, "accounts/locked_out.html", {"until": until, "minutes": minutes}, status=429)
    answer.headers["Retry-After"] = str(minutes * 60)
    return answer


def link_maker(request: HttpRequest) -> services.LinkMaker:
    """Makes the full addresses of the page that sets a password."""

    def make(uid: str, token: str) -> str:
        return request.build_absolute_uri(reverse("accounts:set_password", args=[uid, token]))

    return make
