"""Charts as specifications: which marks for which figures. drawing.py makes pictures of them.

Everything drawn is a figure of the page; a table with the same figures stands beneath each chart.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from parindex.ui.formats import format_decimal, format_percent
from scoring.publication.public_agency import AreaLine, YearLine
from scoring.publication.public_queries import Area, Step

__all__ = ["Chart", "agency_areas", "agency_years", "block_areas", "block_steps"]

STYLE = 2  # raise it when the look changes: pictures are then drawn anew
WIDTH = 420
TITLE_LENGTH = 46

INK, INK_2, INK_3 = "#1b1e25", "#4c5361", "#646a77"
LINE, TRACK, BAR, ACCENT = "#dcdad3", "#e4e2db", "#3b6ea5", "#8c1c20"


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of a page: its name in the address, the data it is drawn from, what it says in words."""

    name: str
    kind: str
    data: tuple[dict[str, Any], ...]
    width: int
    height: int
    alt: str
    rehearsal: bool = False
    extra: tuple[tuple[str, Any], ...] = ()

    @property
    def digest(self) -> str:
        """Changes with the data, the language and the look."""
        seed = [
            STYLE,
            self.kind,
            self.data,
            self.width,
            self.height,
            self.rehearsal,
            self.extra,
            get_language(),
        ]
        return hashlib.sha256(json.dumps(seed, sort_keys=True).encode()).hexdigest()[:20]

    def spec(self) -> dict[str, Any]:
        """The Vega-Lite specification."""
        layers = {"years": _years, "areas": _areas, "spread": _areas, "steps": _steps}[self.kind]
        return layers(self)


def agency_years(slug: str, name: str, years: Sequence[YearLine], *, rehearsal: bool) -> Chart | None:
    """The index of an agency over the years with its rank under each year; a line only between comparable years."""
    known = [line for line in reversed(years) if line.index is not None]
    if not known:
        return None
    data: list[dict[str, Any]] = []
    segment = 0
    for number, line in enumerate(known):
        if number and not line.compared:
            segment += 1
        place = (
            _("unranked")
            if line.rank is None
            else _("rank %(rank)s / %(of)s") % {"rank": line.rank, "of": line.of}
        )
        data.append(
            {
                "label": f"{line.year}|{place}",
                "order": number,
                "value": str(line.index),
                "text": format_decimal(line.index, line.digits),
                "segment": segment,
                "now": line.now,
            }
        )
    told = "; ".join(f"{entry['label'].replace('|', ': ')}, {entry['text']}\u00a0%" for entry in data)
    alt = _("Index of %(agency)s over the years: %(figures)s.") % {"agency": name, "figures": told}
    return Chart(f"{slug}.years", "years", tuple(data), WIDTH, 240, alt, rehearsal)


def agency_areas(
    slug: str, name: str, areas: Sequence[AreaLine], digits: int, *, rehearsal: bool
) -> Chart | None:
    """The agency's areas as bars, each with a tick at the block's mean; areas without an index have no bar."""
    areas = [area for area in areas if not area.role]
    if not areas:
        return None
    data = tuple(
        {
            "order": number,
            "title": _title(area),
            "low": "0",
            "value": "0" if area.index is None else str(area.index),
            "mean": None if area.mean is None else f"{area.mean:.6f}",
            "text": (
                _("not applicable")
                if area.index is None
                else _("%(index)s %% · mean %(mean)s")
                % {"index": format_decimal(area.index, digits), "mean": format_decimal(area.mean, digits)}
            ),
        }
        for number, area in enumerate(areas)
    )
    told = "; ".join(f"{entry['title']}: {entry['text']}" for entry in data)
    alt = _("Areas of %(agency)s against the mean of the block: %(figures)s.") % {
        "agency": name,
        "figures": told,
    }
    return Chart(f"{slug}.areas", "areas", data, WIDTH, _rows_height(len(data)), alt, rehearsal)


def _title(area: Area | AreaLine) -> str:
    """The area's name; in a year of several sets with the number of its part before it."""
    name = f"{area.code}. {area.title}"
    if area.part is not None:
        name = _("part %(number)s: %(area)s") % {"number": area.part.number, "area": name}
    return _short(name)


def block_areas(areas: Sequence[Area], digits: int, *, rehearsal: bool) -> Chart | None:
    """Each area of a block from its lowest to its highest index, with a tick at the mean; none for a role."""
    areas = [area for area in areas if not area.role]
    data = tuple(
        {
            "order": number,
            "title": _title(area),
            "low": str(area.lowest or 0),
            "value": str(area.highest or 0),
            "mean": None if area.mean is None else f"{area.mean:.6f}",
            "text": (
                _("not applicable")
                if area.mean is None
                else _("mean %(mean)s") % {"mean": format_percent(area.mean, digits)}
            ),
        }
        for number, area in enumerate(areas)
    )
    if not data:
        return None
    told = "; ".join(
        f"{entry['title']}: {format_decimal(area.lowest, digits)}–{format_decimal(area.highest, digits)}"
        f" ({entry['text']})"
        for entry, area in zip(data, areas, strict=True)
    )
    alt = _("Areas of the block, range and mean of the index: %(figures)s.") % {"figures": told}
    return Chart("areas", "spread", data, WIDTH, _rows_height(len(data)), alt, rehearsal)


def block_steps(steps: Sequence[Step], mean: Decimal | None, digits: int, *, rehearsal: bool) -> Chart | None:
    """How the agencies of a block are spread over the index, with the mean."""
    if not steps:
        return None
    data = tuple(
        {
            "low": str(step.low),
            "high": str(step.high),
            "count": step.count,
            "text": str(step.count) if step.count else "",
        }
        for step in steps
    )
    told = "; ".join(
        ngettext(
            "%(low)s to %(high)s %%: %(count)s agency",
            "%(low)s to %(high)s %%: %(count)s agencies",
            step.count,
        )
        % {"low": format_decimal(step.low), "high": format_decimal(step.high), "count": step.count}
        for step in steps
        if step.count
    )
    alt = _("Agencies by index: %(figures)s.") % {"figures": told}
    extra: tuple[tuple[str, Any], ...] = ()
    if mean is not None:
        label = _("mean %(mean)s") % {"mean": format_percent(mean, digits)}
        extra = (("mean", f"{mean:.6f}"), ("label", label))
    return Chart("distribution", "steps", data, WIDTH, 220, alt, rehearsal, extra)


def _short(text: str) -> str:
    """Cut at a word: what is drawn must fit beside its figure."""
    if len(text) <= TITLE_LENGTH:
        return text
    return text[:TITLE_LENGTH].rpartition(" ")[0].rstrip(" ,;") + "…"


def _rows_height(count: int) -> int:
    return 46 * count + 30


def _numbers(entry: dict[str, Any], *keys: str) -> dict[str, Any]:
    """A copy with these keys as JSON numbers: positions on the paper, not figures."""
    return entry | {key: None if entry[key] is None else float(entry[key]) for key in keys}


def _years(chart: Chart) -> dict[str, Any]:
    import altair as alt

    values = [_numbers(entry, "value") for entry in chart.data]
    for number, entry in enumerate(values):
        beside = [values[other]["value"] for other in (number - 1, number + 1) if 0 <= other < len(values)]
        entry["low"] = len(beside) == 2 and all(value > entry["value"] for value in beside)
    low = min(entry["value"] for entry in values)
    high = max(entry["value"] for entry in values)
    margin = max((high - low) * 0.35, 2.0)
    scale = alt.Scale(domain=[max(0.0, low - margin), min(104.0, high + margin)], nice=False, zero=False)
    base = alt.Chart(alt.Data(values=values)).encode(
        x=alt.X(
            "label:O",
            sort=alt.EncodingSortField(field="order"),
            scale=alt.Scale(paddingOuter=0.35),
            axis=alt.Axis(
                title=None,
                labelAngle=0,
                labelExpr="split(datum.label, '|')",
                labelLineHeight=16,
                labelFontSize=12,
                labelColor=INK_2,
                domainColor=LINE,
                ticks=False,
                labelPadding=8,
                labelOverlap=False,
            ),
        ),
        y=alt.Y(
            "value:Q",
            scale=scale,
            axis=alt.Axis(
                title=_("Index (%)"),
                titleAngle=0,
                titleAlign="left",
                titleAnchor="end",
                titleX=0,
                titleY=-12,
                titleFontWeight="normal",
                titleColor=INK_3,
                titleFontSize=11,
                tickCount=4,
                tickMinStep=1,
                format="d",
                labelColor=INK_3,
                labelFontSize=11,
                grid=True,
                gridColor=LINE,
                domain=False,
                ticks=False,
            ),
        ),
    )
    line = base.mark_line(color=BAR, strokeWidth=2.5).encode(detail="segment:N")
    dots = base.mark_point(filled=True, size=70, opacity=1).encode(
        color=alt.condition("datum.now", alt.value(ACCENT), alt.value(BAR))
    )
    style: dict[str, Any] = {"fontSize": 13, "fontWeight": 600, "color": INK}
    above = base.transform_filter("!datum.low").mark_text(dy=-13, **style).encode(text="text:N")
    below = base.transform_filter("datum.low").mark_text(dy=17, **style).encode(text="text:N")
    return _finish(chart, alt.layer(line, dots, above, below), top=4)


def _areas(chart: Chart) -> dict[str, Any]:
    import altair as alt

    values = [_numbers(entry, "low", "value", "mean") for entry in chart.data]
    spread = chart.kind == "spread"
    scale = alt.Scale(domain=[0, 100], nice=False)
    base = alt.Chart(alt.Data(values=values)).encode(
        y=alt.Y("order:O", axis=None, scale=alt.Scale(paddingInner=0, paddingOuter=0))
    )
    axis = alt.Axis(
        title=None,
        values=[0, 25, 50, 75, 100],
        format="d",
        labelColor=INK_3,
        labelFontSize=11,
        grid=False,
        domain=False,
        ticks=False,
    )
    track = base.mark_bar(size=9, yOffset=9, cornerRadius=4, color=TRACK).encode(
        x=alt.XDatum(0, scale=scale, axis=axis), x2=alt.X2Datum(100)
    )
    bar = base.mark_bar(size=9, yOffset=9, cornerRadius=4, color=BAR).encode(
        x=alt.X("low:Q", scale=scale), x2="value:Q"
    )
    tick = base.mark_tick(
        thickness=2.5, size=19, opacity=1, yOffset=9, color=ACCENT if spread else INK
    ).encode(x="mean:Q")
    title = base.mark_text(align="left", dy=-8, fontSize=12, color=INK).encode(
        x=alt.XDatum(0), text="title:N"
    )
    text = base.mark_text(align="right", dy=-8, fontSize=12, color=INK_2).encode(
        x=alt.XDatum(100), text="text:N"
    )
    return _finish(chart, alt.layer(track, bar, tick, title, text), top=4)


def _steps(chart: Chart) -> dict[str, Any]:
    import altair as alt

    values = [_numbers(entry, "low", "high") for entry in chart.data]
    low, high = values[0]["low"], values[-1]["high"]
    most = max(entry["count"] for entry in values)
    x_axis = alt.Axis(
        title=_("Index (%)"),
        titleFontWeight="normal",
        titleColor=INK_3,
        titleFontSize=11,
        values=[*[entry["low"] for entry in values], high],
        format="d",
        grid=False,
        labelColor=INK_2,
        labelFontSize=12,
        domainColor=LINE,
        tickColor=LINE,
    )
    scale = alt.Scale(domain=[low, high], nice=False, zero=False)
    base = alt.Chart(alt.Data(values=values)).encode(
        x=alt.X("low:Q", scale=scale, axis=x_axis),
        x2="high:Q",
        y=alt.Y("count:Q", axis=None, scale=alt.Scale(domain=[0, most * 1.28 + 0.2], nice=False)),
        y2=alt.Y2Datum(0),
    )
    bars = base.mark_bar(color=BAR, binSpacing=0, x2Offset=-2, cornerRadiusTopLeft=2, cornerRadiusTopRight=2)
    middles = alt.Chart(alt.Data(values=[v | {"middle": (v["low"] + v["high"]) / 2} for v in values]))
    counts = middles.mark_text(dy=-8, fontSize=13, fontWeight=600, color=INK).encode(
        x=alt.X("middle:Q", scale=scale), y="count:Q", text="text:N"
    )
    layers: list[Any] = [bars]
    extra = dict(chart.extra)
    if extra:
        mean = alt.Chart(alt.Data(values=[{"mean": float(extra["mean"]), "label": extra["label"]}]))
        right = float(extra["mean"]) - low > (high - low) * 0.6
        layers.append(
            mean.mark_rule(color=ACCENT, strokeWidth=2, strokeDash=[5, 3]).encode(
                x=alt.X("mean:Q", scale=scale)
            )
        )
        layers.append(
            mean.mark_text(
                align="right" if right else "left", dx=-6 if right else 6, fontSize=12, color=INK
            ).encode(x=alt.X("mean:Q", scale=scale), y=alt.YValue(7), text="label:N")
        )
    layers.append(counts)
    return _finish(chart, alt.layer(*layers), top=6)


def _finish(chart: Chart, layered: Any, *, top: int) -> dict[str, Any]:
    import altair as alt

    made = (
        layered.properties(
            width=chart.width,
            height=chart.height,
            autosize=alt.AutoSizeParams(type="fit", contains="padding"),
            padding={"left": 4, "right": 8, "top": top, "bottom": 4},
            background="transparent",
        )
        .configure(font="Be Vietnam Pro", aria=False)
        .configure_view(stroke=None)
    )
    spec: dict[str, Any] = made.to_dict(validate=False)
    return spec
