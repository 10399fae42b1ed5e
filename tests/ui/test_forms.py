"""Decimals as people type them, choices as cards, fields with their errors."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django import forms
from django.template import Context, Template
from django.utils import translation

from parindex.ui.forms import CheckCards, DecimalField, PortalForm, RadioCards


@pytest.fixture(autouse=True)
def vietnamese():
    with translation.override("vi"):
        yield


class SampleForm(PortalForm):
    points = DecimalField(
        label="Điểm", min_value=0, max_value=Decimal("1.5"), decimal_places=2, help_text="Tối đa 1,5."
    )
    count = DecimalField(label="Số hồ sơ", whole=True, required=False)


def test_a_comma_and_a_point_give_the_same_decimal() -> None:
    for typed in ("0,5", "0.5", " 0,50 "):
        form = SampleForm({"points": typed, "count": "1.234"})
        assert form.is_valid(), form.errors
        assert form.cleaned_data == {"points": Decimal("0.5"), "count": Decimal(1234)}


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("1,6", "Nhập số không lớn hơn 1,5."),
        ("-0,1", "Nhập số không nhỏ hơn 0."),
        ("0,125", "Nhập không quá 2 chữ số sau dấu phẩy."),
        ("x", "Nhập một số, ví dụ 12 hoặc 0,5."),
        ("", "Trường này là bắt buộc."),
        ("1" * 20, "Số này quá dài."),
    ],
)
def test_a_wrong_number_is_told_in_words_and_kept_as_typed(typed: str, message: str) -> None:
    form = SampleForm({"points": typed})
    assert form.errors["points"] == [message]
    html = Template("{% load ui %}{% field form.points %}").render(Context({"form": form}))
    assert message in html
    assert f'value="{typed}"' in html or not typed
    assert "is-invalid" in html
    assert 'aria-invalid="true"' in html


def test_trailing_zeros_are_no_digits_too_many() -> None:
    assert SampleForm({"points": "1,5000"}).is_valid()
    assert SampleForm({"points": "0", "count": "100"}).is_valid()


def test_a_value_is_shown_with_a_comma_and_the_number_keyboard() -> None:
    html = str(SampleForm(initial={"points": Decimal("1.250000"), "count": 12345})["points"])
    assert 'value="1,25"' in html
    assert 'inputmode="decimal"' in html
    whole = str(SampleForm(initial={"count": 12345})["count"])
    assert 'value="12345"' in whole
    assert 'inputmode="numeric"' in whole


def test_a_field_changes_only_when_its_number_does() -> None:
    form = SampleForm({"points": "0.50"}, initial={"points": Decimal("0.5")})
    assert form.changed_data == []


def test_the_field_tag_ties_label_hint_and_unit_to_the_input() -> None:
    html = Template('{% load ui %}{% field form.points suffix="điểm" %}').render(
        Context({"form": SampleForm()})
    )
    assert '<label for="id_points">' in html
    assert 'aria-describedby="id_points_helptext"' in html
    assert 'id="id_points_helptext"' in html
    assert '<span class="unit">điểm</span>' in html
    assert 'class="form-control"' in html


@pytest.mark.parametrize("widget", [RadioCards, CheckCards])
def test_cards_hold_an_input_each_with_its_hint(widget: type) -> None:
    class ChoiceForm(forms.Form):
        pick = forms.MultipleChoiceField(
            choices=[("a", "<Có>"), ("b", "Không")], widget=widget(hints={"a": "0,5 điểm"})
        )

    html = str(ChoiceForm({"pick": ["b"]})["pick"])
    assert html.count("<label") == 2
    assert "&lt;Có&gt;" in html
    assert "0,5 điểm" in html
    assert html.count("checked") == 1
    assert 'value="b"' in html.split("checked")[0].rsplit("<input", 1)[1]
