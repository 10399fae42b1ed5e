"""How points came about, on any page: ``{% load traces %}{% trace_table answer.trace leaf.rule %}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

from scoring import engine
from scoring.criteria.trace_words import trace_told

register = template.Library()


@register.inclusion_tag("components/trace.html")
def trace_table(
    trace: Mapping[str, Any] | None, rule: engine.Rule | None = None, line: bool = True
) -> dict[str, Any]:
    """The sentence and, behind it, the table of a trace. ``line``: whether the arithmetic stands in the summary."""
    return {"told": trace_told(trace, rule), "with_line": line}


@register.inclusion_tag("components/trace_rows.html")
def trace_rows(trace: Mapping[str, Any] | None, rule: engine.Rule | None = None) -> dict[str, Any]:
    """The table of a trace alone, for a place that tells the sentence itself."""
    return {"told": trace_told(trace, rule)}
