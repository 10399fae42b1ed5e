"""The administration frame: one site, whose doors open by role and never by Django's permission rows."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect

from parindex.audit.queries import history_of
from parindex.audit.reading import told
from parindex.errors import NotVisible, Refusal
from parindex.ui.collation import fold


class PortalAdminSite(admin.AdminSite):
    """Open to everyone who holds a role with business here; what each may do there is each model's matter."""

    site_title = _("Administration")
    site_header = _("Administration")
    index_title = _("Administration")
    enable_nav_sidebar = False
    final_catch_all_view = False

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Only what takes its rights from roles: Django's own groups, for one, stay out."""
        if admin_class is not None and issubclass(admin_class, RoleModelAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def get_urls(self) -> list[Any]:
        """Without the redirect to any object's public page: it would answer for objects of any kind."""
        return [one for one in super().get_urls() if getattr(one, "name", "") != "view_on_site"]

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.actor.works_in_admin)  # type: ignore[attr-defined]

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The portal has one login page."""
        if self.has_permission(request):
            return HttpResponseRedirect(reverse("admin:index"))
        if request.user.is_authenticated:
            raise PermissionDenied
        own = request.path == reverse("admin:login")
        target = reverse("admin:index") if own else request.get_full_path()
        return HttpResponseRedirect(f"{reverse('accounts:login')}?{urlencode({'next': target})}")

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return HttpResponseRedirect(reverse("accounts:logout"))

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return HttpResponseRedirect(reverse("accounts:password_change"))

    def password_change_done(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return HttpResponseRedirect(reverse("accounts:password_change"))

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        """Anonymous visitors log in; people without business here are told so, whatever the address."""

        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not self.has_permission(request):
                if not request.user.is_authenticated:
                    return self.login(request)
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded: Callable[..., Any] = inner if cacheable else never_cache(inner)
        if not getattr(view, "csrf_exempt", False):
            guarded = csrf_protect(guarded)
        return update_wrapper(guarded, view)


class RoleModelAdmin(admin.ModelAdmin):
    """Permissions from roles, writes through services, nothing deleted.

    A subclass names the roles (no role, no access), scopes ``get_queryset`` where a role sees only part, and
    carries out ``write`` by a service. What the service refuses is shown beside its field.
    """

    view_roles: frozenset[str] = frozenset()
    add_roles: frozenset[str] = frozenset()
    change_roles: frozenset[str] = frozenset()
    delete_roles: frozenset[str] = frozenset()
    list_per_page = 50

    class Media:
        css = {"all": ("parindex/people.css",)}

    show_full_result_count = False
    save_on_top = False

    def get_urls(self) -> list[Any]:
        """Named addresses only: each has its row in the table of permissions."""
        return [one for one in super().get_urls() if getattr(one, "name", None)]

    # permissions

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return _holds(request, self.view_roles | self.change_roles)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return _holds(request, self.add_roles)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return _holds(request, self.change_roles)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return _holds(request, self.delete_roles)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) or self.has_add_permission(request)

    # writes

    def write(self, request: HttpRequest, obj: Any, form: forms.ModelForm, change: bool) -> None:
        """Carry out the act by a service, as ``request.actor``, and set the ``pk`` of a new ``obj``."""
        raise NotImplementedError(f"{type(self).__name__} has no service to write by")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        self.write(request, obj, form, change)

    def write_rows(self, request: HttpRequest, obj: Any, given: dict[str, Any], row: Any) -> None:
        """Carry out the act of one row beneath the object: ``given`` is cleaned, ``row`` has a ``pk`` if it stood."""
        raise NotImplementedError(f"{type(self).__name__} has no service to write rows by")

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The rows of inlines, by services too."""
        for formset in formsets:
            for row_form in formset.forms:
                if row_form.has_changed():
                    self.write_rows(request, form.instance, row_form.cleaned_data, row_form.instance)

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        return []  # the service has said it better

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        raise PermissionDenied

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        raise PermissionDenied

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """As Django's; a service's refusal comes back on the form, with all that was typed."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except NotVisible:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        except Refusal as refusal:
            request.refusal = refusal  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Named after what is listed, not after what one might do with it."""
        title = capfirst(self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return _unwrapped(super().formfield_for_dbfield(db_field, request, **kwargs))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        refusal: Refusal | None = getattr(request, "refusal", None)
        return form if refusal is None else _refused(form, refusal)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Words in any order; columns that end in ``_folded`` are searched without case, accents and đ."""
        names = self.get_search_fields(request)
        for word in search_term.split():
            wanted = models.Q()
            for name in names:
                folded = name.endswith("_folded")
                wanted |= models.Q(
                    **{
                        f"{name}__contains" if folded else f"{name}__icontains": fold(word)
                        if folded
                        else word
                    }
                )
            queryset = queryset.filter(wanted)
        return queryset, any("__" in name for name in names)

    def get_actions(self, request: HttpRequest) -> Any:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    # the record stands in the audit log; Django's own log of the admin is not kept beside it

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        return None

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What the record says of this object."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        obj = self.get_object(request, object_id)
        if obj is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        context = {
            **self.admin_site.each_context(request),
            "title": _("History: %s") % obj,
            "object": obj,
            "opts": self.opts,
            "entries": told(history_of(obj)[:500]),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "audit/object_history.html", context)


class ReadOnlyModelAdmin(RoleModelAdmin):
    """For what is only ever written elsewhere: marks, answers, runs, the record."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class RoleInline(admin.TabularInline):
    """Rows beneath an object: seen and written by the roles of the page that they stand on."""

    extra = 0
    view_roles: frozenset[str] = frozenset()
    change_roles: frozenset[str] = frozenset()
    can_delete = False

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return _unwrapped(super().formfield_for_dbfield(db_field, request, **kwargs))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _holds(request, self.view_roles | self.change_roles)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _holds(request, self.change_roles)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _holds(request, self.change_roles)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _unwrapped(field: Any) -> Any:
    """Without the buttons that open other objects in small windows: they want a script."""
    if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
        field.widget = field.widget.widget
    return field


def _holds(request: HttpRequest, roles: frozenset[str]) -> bool:
    return bool(roles) and bool(request.actor.has(*roles))  # type: ignore[attr-defined]


def _refused(form: Any, refusal: Refusal) -> Any:
    class Refused(form):  # type: ignore[misc]
        def full_clean(self) -> None:
            super().full_clean()
            if not self.is_bound:
                return
            for name, texts in refusal.fields.items():
                self.add_error(name if name in self.fields else None, list(texts))

    return Refused
