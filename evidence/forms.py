"""Forms of the library: what identifies a document, and files to upload."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from evidence.description import LENGTHS, Description
from evidence.filetypes import ACCEPTED
from evidence.models import DocumentVersion
from parindex.errors import Refusal
from parindex.ui.forms import DateInput, PortalForm


class DescriptionForm(PortalForm):
    """Number and symbol, issue date, issuer, subject, signatory.

    For a version that says nothing yet, guesses from the file are filled in and marked to be checked.
    """

    number = forms.CharField(
        label=_("Number and symbol"), max_length=LENGTHS["number"], required=False, strip=True
    )
    issued_on = forms.DateField(label=_("Issue date"), required=False, widget=DateInput)
    issuer = forms.CharField(label=_("Issuing body"), max_length=LENGTHS["issuer"], required=False)
    subject = forms.CharField(
        label=_("Subject"), max_length=LENGTHS["subject"], required=False, widget=forms.Textarea({"rows": 2})
    )
    signatory = forms.CharField(label=_("Signatory"), max_length=LENGTHS["signatory"], required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, data: Any = None, *, of: DocumentVersion, **kwargs: Any) -> None:
        now = Description.of(of)
        guesses = {name: text for name, text in (of.guesses or {}).items() if not getattr(of, name, None)}
        initial = now.as_dict() | guesses | {"version": of.version}
        super().__init__(data, initial=initial, **kwargs)
        self.guessed = set(guesses)
        self.fields["number"].widget.attrs["placeholder"] = "45/KH-UBND"
        for name in guesses:
            self.fields[name].help_text = _("Guessed from the file: please check.")

    def description(self) -> Description:
        """The cleaned description. Only after is_valid()."""
        return Description(**{name: self.cleaned_data[name] for name in (*LENGTHS, "issued_on")})

    def refuse(self, refusal: Refusal) -> None:
        """Show a service's refusal at the fields it names."""
        for name, messages in refusal.fields.items():
            for message in messages:
                self.add_error(name if name in self.fields else None, message)


class SeveralFiles(forms.ClearableFileInput):
    """A file input that takes several."""

    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"


class FilesField(forms.FileField):
    """The uploaded files as a list; their content is the service's matter, also when empty."""

    def __init__(self, *, several: bool = True, **kwargs: Any) -> None:
        attrs = {"accept": ACCEPTED}
        widget = SeveralFiles(attrs=attrs) if several else forms.FileInput(attrs=attrs)
        super().__init__(widget=widget, **kwargs)

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        files = [file for file in (data if isinstance(data, list | tuple) else [data]) if file]
        if not files and self.required:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return files


class UploadForm(PortalForm):
    """Files for the library, with the written confirmation where a secrecy stamp was found."""

    file = FilesField(label=_("Files"), error_messages={"required": _("Choose one or more files.")})
    secrecy_confirmation = forms.CharField(
        label=_("Written confirmation for a document with a secrecy stamp"),
        required=False,
        max_length=500,
        widget=forms.Textarea({"rows": 2}),
        help_text=_(
            "Only when the portal asks for it: why the document is not, or no longer, a state secret."
        ),
    )
    upload_key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, several: bool = True, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"upload_key": uuid.uuid4()})
        super().__init__(*args, **kwargs)
        if not several:
            self.fields["file"] = FilesField(
                several=False, label=_("File"), error_messages={"required": _("Choose a file.")}
            )
