"""What the set pages ask for."""

from __future__ import annotations

import base64
import binascii

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from agencies.models import Block
from parindex.ui.forms import PortalForm
from scoring.criteria.json_source import MAX_BYTES


class ImportForm(PortalForm):
    """A file to rehearse. Year and block override the file's own."""

    file = forms.FileField(
        label=_("Criteria-set file (Excel or JSON)"),
        help_text=_("An Excel workbook (.xlsx) with one row a criterion, or a JSON file; 2 MB at most."),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.json,application/json"}),
    )
    year = forms.IntegerField(
        label=_("Year"),
        required=False,
        min_value=1990,
        max_value=2200,
        help_text=_("Empty: the year that the file names."),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    block = forms.ModelChoiceField(
        label=_("Block"),
        required=False,
        queryset=Block.objects.all(),
        empty_label=_("The block that the file names"),
    )

    @property
    def content(self) -> bytes:
        """The bytes of the file, one more than allowed at most."""
        return bytes(self.cleaned_data["file"].read(MAX_BYTES + 1))


class StoreForm(forms.Form):
    """What was rehearsed, sent back to be stored: the same bytes, checked anew."""

    content = forms.CharField(widget=forms.HiddenInput, max_length=MAX_BYTES * 2)
    year = forms.IntegerField(required=False, widget=forms.HiddenInput)
    block = forms.ModelChoiceField(required=False, queryset=Block.objects.all(), widget=forms.HiddenInput)

    def clean_content(self) -> bytes:
        try:
            return base64.b64decode(self.cleaned_data["content"], validate=True)
        except (binascii.Error, ValueError):
            raise ValidationError(_("The file did not arrive whole. Choose it again."))

    @classmethod
    def holding(cls, content: bytes, year: int | None, block: Block | None) -> StoreForm:
        return cls(initial={"content": base64.b64encode(content).decode(), "year": year, "block": block})
