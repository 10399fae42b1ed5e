"""Filters and tags of the templates: figures and dates as formats.py writes them, and components."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import template
from django.forms.widgets import Select
from django.http import HttpRequest
from django.template.base import FilterExpression, NodeList, Parser, Token, token_kwargs
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from parindex.ui import diff, formats

register = template.Library()

Number = Decimal | int | str | None

STATE_TONES = {
    # scoresheets
    "drafting": "info",
    "awaiting_approval": "warn",
    "submitted": "info",
    "appraising": "accent",
    "explaining": "warn",
    "reappraising": "accent",
    "reviewing": "accent",
    "finalised": "good",
    "replaced": "",
    # documents
    "stored": "info",
    "scanning": "info",
    "clean": "good",
    "infected": "bad",
    "unscannable": "warn",
    "not_scanned": "",
    # requests, runs, publications
    "pending": "warn",
    "requested": "warn",
    "open": "warn",
    "answered": "info",
    "granted": "good",
    "refused": "bad",
    "queued": "info",
    "running": "info",
    "done": "good",
    "failed": "bad",
    "draft": "",
    "proposed": "warn",
    "published": "good",
    "withdrawn": "bad",
    "superseded": "",
    "locked": "good",
    "preparation": "",
    "closed": "",
}


# --- figures -----------------------------------------------------------------------------------


@register.filter
def points(value: Number, digits: int = 2) -> str:
    """{{ answer.points|points }} → "1,19"; {{ x|points:6 }} → "1,189189"; trailing zeros go."""
    return formats.format_points(value, int(digits))


@register.filter
def decimal(value: Number, digits: int | None = None) -> str:
    """{{ row.points|decimal:2 }} → "68,50" (fixed digits, for columns); without digits: as exact as it is."""
    return formats.format_decimal(value, None if digits is None else int(digits))


@register.filter
def signed(value: Number, digits: int = 2) -> str:
    """{{ change|signed:2 }} → "+2,41", "−1,12"."""
    return formats.format_decimal(value, int(digits), signed=True)


@register.filter
def pct(value: Number, digits: int | None = 2) -> str:
    """{{ row.index|pct }} → "92,73 %" (the value is a percentage already); pct:None: as many digits as it has."""
    return formats.format_percent(value, None if digits is None else int(digits))


@register.filter
def raw(value: Number) -> str:
    """A number for machines (attributes, data-): point, no grouping; None → empty."""
    return "" if value is None or value == "" else f"{Decimal(str(value)):f}"


@register.filter
def filesize_vn(value: int | None) -> str:
    """{{ version.size|filesize_vn }} → "1,2 MB"."""
    return formats.format_filesize(value)


# --- time --------------------------------------------------------------------------------------


def _time_tag(value: date | datetime, text: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), text)


@register.filter
def date_vn(value: date | datetime | None) -> str:
    """{{ document.issued_on|date_vn }} → 12/12/2025."""
    return formats.DASH if value is None else _time_tag(value, formats.format_date(value))


@register.filter
def datetime_vn(value: datetime | None, style: str = "") -> str:
    """{{ at|datetime_vn }} → 30/11/2025 14:32 (giờ Hà Nội); "short" leaves the zone out."""
    if value is None:
        return formats.DASH
    return _time_tag(value, formats.format_datetime(value, zone=style != "short"))


@register.filter
def time_vn(value: datetime | None) -> str:
    """{{ saved_at|time_vn }} → 14:32."""
    return formats.DASH if value is None else _time_tag(value, formats.format_time(value))


@register.filter
def deadline_vn(value: datetime | None, style: str = "") -> str:
    """The end of a window as people say it: 00:00 on 1/12 → 30/11/2025 24:00 (giờ Hà Nội)."""
    if value is None:
        return formats.DASH
    return _time_tag(value, formats.format_deadline(value, zone=style != "short"))


@register.filter
def distance(value: datetime | None, now: datetime | None = None) -> str:
    """{{ window.closes|distance }} → "còn 6 ngày 4 giờ", "đã quá hạn 2 giờ"; a second moment may be "now"."""
    return formats.distance(value, now or None)


@register.filter
def ago(value: datetime | None) -> str:
    """{{ entry.at|ago }} → "2 giờ trước"."""
    return formats.ago(value)


@register.filter
def is_past(value: datetime | None) -> bool:
    return value is not None and value <= timezone.now()


# --- small components --------------------------------------------------------------------------


@register.simple_tag
def tag(text: object, tone: str = "", title: str = "") -> SafeString:
    """{% tag "sạch" "good" %}: a word in a tinted box. Tones: good warn bad info accent or none."""
    attribute = format_html(' title="{}"', title) if title else ""
    return format_html('<span class="tag {}"{}>{}</span>', tone, attribute, text)


@register.filter
def state_tag(value: object, label: object = "") -> SafeString:
    """{{ sheet.state|state_tag:sheet.get_state_display }}: a state's word with the tone of its meaning."""
    word = label or getattr(value, "label", value)
    return format_html(
        '<span class="tag {}" data-state="{}">{}</span>', STATE_TONES.get(str(value), ""), value, word
    )


@register.inclusion_tag("components/points.html")
def points_of(
    value: Number, maximum: Number, digits: int = 2, size: str = "", label: str = ""
) -> dict[str, Any]:
    """{% points_of answer.points leaf.max_points %}: the hero figure "1,19 / 1,5"."""
    return {"value": value, "maximum": maximum, "digits": digits, "size": size, "label": label}


@register.inclusion_tag("components/bar.html")
def bar(
    value: Number, maximum: Number = 100, tone: str = "", mark: Number = None, label: str = "", css: str = ""
) -> dict[str, Any]:
    """{% bar row.index 100 tone="good" mark=block.mean %}: a bar drawn as SVG; `mark` is a tick (the mean)."""
    return {
        "width": _share(value, maximum),
        "mark": None if mark is None or mark == "" else _share(mark, maximum),
        "tone": tone,
        "label": label,
        "css": css,
    }


@register.inclusion_tag("components/movement.html")
def movement(places: int | None, change: Number = None) -> dict[str, Any]:
    """{% movement row.places row.change %}: "▲ 3 +2,41"; places None: "không so sánh"."""
    return {"places": places, "size": abs(places) if places is not None else None, "change": change}


@register.inclusion_tag("components/diff.html")
def text_diff(old: str, new: str) -> dict[str, Any]:
    """{% text_diff current offered %}: word by word, what one text has and the other lacks."""
    return {"pieces": diff.words(old or "", new or "")}


@register.inclusion_tag("components/field.html")
def field(bound_field: Any, label: str = "", suffix: str = "") -> dict[str, Any]:
    """{% field form.points suffix="điểm" %}: label, hint, input and errors of one field."""
    widget = bound_field.field.widget
    kind = getattr(widget, "input_type", "")
    css = "form-control"
    if kind in ("checkbox", "radio"):
        css = "form-check-input"
    elif isinstance(widget, Select) and kind == "select":
        css = "form-select"
    if bound_field.errors:
        css += " is-invalid"
    return {
        "field": bound_field,
        "control": bound_field.as_widget(attrs={**bound_field.build_widget_attrs({}), "class": css}),
        "label": label or bound_field.label,
        "suffix": suffix,
        "is_check": kind == "checkbox" and not getattr(widget, "allow_multiple_selected", False),
    }


@register.filter
def percent_of(value: Number, maximum: Number) -> str:
    """{{ done|percent_of:total }} → a number for an attribute, between 0 and 100."""
    return _share(value, maximum)


@register.filter
def get_item(mapping: Mapping[Any, Any] | None, key: Any) -> Any:
    """{{ labels|get_item:code }}: a value by a key that only the template knows."""
    return None if mapping is None else mapping.get(key)


def _share(value: Number, maximum: Number) -> str:
    """value / maximum in percent within [0, 100], as text for an attribute."""
    whole = Decimal(str(maximum or 0))
    if value is None or value == "" or whole <= 0:
        return "0"
    share = min(max(Decimal(str(value)) / whole * 100, Decimal(0)), Decimal(100))
    return f"{share.quantize(Decimal('0.01')):f}"


@register.simple_tag
def control(bound_field: Any) -> SafeString:
    """{% control form.low %}: the input alone, as `field` dresses it; the label stands elsewhere."""
    return SafeString(field(bound_field)["control"])


# --- addresses ---------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def url_with(context: template.Context, **changes: object) -> str:
    """{% url_with page=2 sort="name" %}: this page's query with some parameters set (None or "": removed)."""
    request: HttpRequest = context["request"]
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None and value != "":
            query[name] = str(value)
    return f"?{urlencode(list(query.lists()), doseq=True)}" if query else "?"


@register.inclusion_tag("components/sort_header.html", takes_context=True)
def sort_header(
    context: template.Context, label: str, key: str, current: str = "", css: str = "", down: bool = False
) -> dict[str, Any]:
    """{% sort_header _("Index") "index" current=sort css="num" %}: a column head that sorts without script.

    `current` is the key in use, with a leading minus when descending; `down` sorts downward first.
    """
    is_current = current.lstrip("-") == key
    descending = current.startswith("-")
    following = (key if descending else f"-{key}") if is_current else (f"-{key}" if down else key)
    return {
        "label": label,
        "css": css,
        "url": url_with(context, sort=following, page=None),
        "direction": ("descending" if descending else "ascending") if is_current else "",
    }


# --- components with slots ---------------------------------------------------------------------


_SLOTS = "_slots_of_this_component"


class SlotNode(template.Node):
    def __init__(self, name: str, nodelist: NodeList) -> None:
        self.name = name
        self.nodelist = nodelist

    def render(self, context: template.Context) -> SafeString:
        content = mark_safe(self.nodelist.render(context).strip())
        slots: dict[str, SafeString] | None = context.get(_SLOTS)
        if slots is None:
            return content
        slots[self.name] = slots.get(self.name, SafeString("")) + content
        return SafeString("")


class ComponentNode(template.Node):
    def __init__(
        self, name: FilterExpression, values: dict[str, FilterExpression], nodelist: NodeList
    ) -> None:
        self.name = name
        self.values = values
        self.nodelist = nodelist

    def render(self, context: template.Context) -> SafeString:
        slots: dict[str, SafeString] = {}
        values = {name: value.resolve(context) for name, value in self.values.items()}
        with context.push(**{_SLOTS: slots}):
            body = mark_safe(self.nodelist.render(context).strip())
        engine = context.template.engine  # type: ignore[union-attr]
        component = engine.get_template(f"components/{self.name.resolve(context)}.html")
        shared = {name: context.get(name) for name in ("request", "csrf_token", "LANGUAGE_CODE")}
        isolated = context.new({**shared, **values, "slots": slots, "body": body})
        return mark_safe(component.render(isolated))


@register.tag
def component(parser: Parser, token: Token) -> ComponentNode:
    """{% component "leaf" code="1.6.1" %}…{% slot inputs %}…{% endslot %}{% endcomponent %}.

    Renders templates/components/<name>.html with the given values, `slots` (by name) and `body` (what
    stands outside slots), and nothing else of the page. What is inside is rendered in the page's context.
    """
    bits = token.split_contents()[1:]
    if not bits:
        raise template.TemplateSyntaxError("component needs the name of a template in components/")
    name = parser.compile_filter(bits[0])
    values = token_kwargs(bits[1:], parser)
    nodelist = parser.parse(("endcomponent",))
    parser.delete_first_token()
    return ComponentNode(name, values, nodelist)


@register.tag
def slot(parser: Parser, token: Token) -> SlotNode:
    """{% slot inputs %}…{% endslot %}: one named part of a component."""
    _tag, name = token.split_contents()
    nodelist = parser.parse(("endslot",))
    parser.delete_first_token()
    return SlotNode(name.strip("\"'"), nodelist)


_ids = itertools.count(1)


@register.simple_tag
def unique_id(prefix: str = "id") -> str:
    """{% unique_id "more" as id %}: an id for label/control pairs inside loops."""
    return f"{prefix}-{next(_ids)}"
