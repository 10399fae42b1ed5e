"""Forms of the sign-in pages."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, SetPasswordForm
from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from agencies.services.accounts import tidy_username
from parindex.ui.forms import PortalForm, PortalHelper

NEVER_KEPT = ("csrfmiddlewaretoken", "password")


class LoginForm(AuthenticationForm):
    """Name and password; `kept` carries what somebody had typed when the session ended."""

    kept = forms.CharField(required=False, widget=forms.HiddenInput)
    error_messages = {
        "invalid_login": _(
            "The account name or the password is wrong. Check the typing tool and capital letters."
        ),
        "inactive": _("This account is closed."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("Account name")
        self.fields["username"].widget.attrs.update(
            {"autocapitalize": "none", "spellcheck": "false", "autocomplete": "username"}
        )
        self.helper = PortalHelper(self)

    def clean_username(self) -> str:
        return tidy_username(self.cleaned_data["username"])


class NewPasswordForm(SetPasswordForm):
    """A password chosen through a link that was mailed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _reword(self)


class ChangePasswordForm(PasswordChangeForm):
    """The old password and a new one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _reword(self)


def _reword(form: forms.Form) -> None:
    form.fields["new_password1"].help_text = _(
        "At least 12 characters, not the account's name, no well-known password. A sentence is easy to remember."
    )
    form.fields["new_password2"].help_text = ""


class ResetForm(PortalForm):
    """The address that a link goes to."""

    email = forms.EmailField(
        label=_("E-mail address of the account"),
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "email", "autofocus": True}),
    )


def keep(request: HttpRequest) -> str:
    """What a form had sent, as text for the sign-in page's hidden field."""
    fields = [
        [name, value]
        for name, values in request.POST.lists()
        if not any(word in name for word in NEVER_KEPT)
        for value in values
    ]
    return json.dumps({"path": request.get_full_path(), "fields": fields}, ensure_ascii=False)


def kept_form(text: str) -> dict[str, Any] | None:
    """What `keep` kept: ``path`` and ``fields`` (name, value); None when it is not of our own making."""
    try:
        kept = json.loads(text)
        path, fields = str(kept["path"]), [(str(name), str(value)) for name, value in kept["fields"]]
    except (ValueError, TypeError, KeyError):
        return None
    if not path.startswith("/") or not url_has_allowed_host_and_scheme(path, allowed_hosts=None):
        return None
    try:
        resolve(path.partition("?")[0])
    except Resolver404:
        return None
    return {"path": path, "fields": fields}


class ImportForm(PortalForm):
    """A list to bring in."""

    file = forms.FileField(
        label=_("File (XLSX or CSV)"),
        widget=forms.ClearableFileInput({"accept": ".xlsx,.csv"}),
        allow_empty_file=False,
    )
