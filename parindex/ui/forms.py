"""Form pieces that every room shares: decimals as people type them, choices as cards, the form layout."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from parindex.ui import formats


class DecimalInput(forms.TextInput):
    """A text input with the number keyboard; shows decimals with the mark of the language."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"inputmode": "decimal", "autocomplete": "off", **(attrs or {})})

    def format_value(self, value: Any) -> str:
        if value is None or value == "":
            return ""
        if isinstance(value, Decimal | int):
            return formats.format_decimal(value).replace("\u202f", "").replace(formats.MINUS, "-")
        return str(value)  # what the person typed, untouched


class DecimalField(forms.Field):
    """A number typed with a comma or a point; bounds and digits are checked, messages localised.

    `whole` wants a whole number (counts). The cleaned value is a Decimal, or None when empty.
    """

    widget = DecimalInput
    default_error_messages = {
        "min": _("Enter a number of at least %(limit)s."),
        "max": _("Enter a number of at most %(limit)s."),
        "digits": _("Enter at most %(digits)s digits after the comma."),
        "size": _("This number is too long."),
    }

    def __init__(
        self,
        *,
        min_value: Decimal | int | None = None,
        max_value: Decimal | int | None = None,
        decimal_places: int | None = 6,
        whole: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.min_value = min_value
        self.max_value = max_value
        self.decimal_places = decimal_places
        self.whole = whole
        if whole:
            self.widget.attrs["inputmode"] = "numeric"

    def to_python(self, value: Any) -> Decimal | None:
        if value is None or isinstance(value, Decimal):
            return value
        try:
            return formats.parse_decimal(str(value), whole=self.whole)
        except formats.NotANumber as error:
            raise ValidationError(str(error), code="invalid") from error

    def validate(self, value: Decimal | None) -> None:
        super().validate(value)
        if value is None:
            return
        if value.adjusted() > 17:
            raise ValidationError(self.error_messages["size"], code="size")
        if self.min_value is not None and value < self.min_value:
            limit = formats.format_decimal(self.min_value)
            raise ValidationError(self.error_messages["min"], code="min", params={"limit": limit})
        if self.max_value is not None and value > self.max_value:
            limit = formats.format_decimal(self.max_value)
            raise ValidationError(self.error_messages["max"], code="max", params={"limit": limit})
        exponent = value.normalize().as_tuple().exponent
        if self.decimal_places is not None and isinstance(exponent, int) and -exponent > self.decimal_places:
            raise ValidationError(
                self.error_messages["digits"], code="digits", params={"digits": self.decimal_places}
            )

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(initial) != self.to_python(data)
        except ValidationError:
            return True


class _Cards:
    """What radio and checkbox cards share: hints by option, templates of the project."""

    template_name = "components/widgets/radio_cards.html"
    option_template_name = "components/widgets/radio_card.html"

    def __init__(
        self, attrs: dict[str, Any] | None = None, choices: Any = (), hints: dict[str, str] | None = None
    ) -> None:
        super().__init__(attrs, choices)  # type: ignore[call-arg]
        self.hints = hints or {}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)  # type: ignore[misc]
        option["hint"] = self.hints.get(str(value), "")
        return option


class RadioCards(_Cards, forms.RadioSelect):  # type: ignore[misc]
    """One of a few options, each a card that can be tapped whole.

    `hints` maps an option's value to a short text shown at the card's end ("1,5 điểm").
    """


class CheckCards(_Cards, forms.CheckboxSelectMultiple):  # type: ignore[misc]
    """Several of a few options, as cards; `hints` as in RadioCards."""


class DateInput(forms.DateInput):
    """The browser's date picker; sent as yyyy-mm-dd."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class DateTimeInput(forms.DateTimeInput):
    """The browser's picker of date and time, in the portal's zone."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")


class PortalHelper(FormHelper):
    """Crispy layout of the portal: no form tag (the template writes it), errors summed up by the page.

    The page shows components/form_errors.html above the form; fields keep their own message.
    """

    form_tag = False
    disable_csrf = True
    form_show_errors = True
    template_pack = "bootstrap5"
    include_media = False

    def __init__(self, form: forms.BaseForm | None = None) -> None:
        super().__init__(form)
        self.form_error_title = ""
        self.form_show_errors = True


class PortalForm(forms.Form):
    """A form with the portal's crispy helper: {% crispy form %} inside the template's own <form>."""

    required_css_class = "is-required"

    @property
    def helper(self) -> PortalHelper:
        return PortalHelper(self)
