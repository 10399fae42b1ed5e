"""Score one row of a file of survey, external or office points by the rule of its leaf."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from parindex.ui.formats import format_decimal
from scoring import engine
from scoring.assessment.points_file import PointsRow
from scoring.assessment.queries.facts import Facts, facts_for
from scoring.criteria.models import Criterion, Method


def score_row(
    row: PointsRow, leaf: Criterion, rule: engine.Rule, facts: Facts, messages: list[str]
) -> tuple[dict[str, Any], engine.Score] | None:
    """Canonical inputs and score of a row by the rule of its leaf; None with what is wrong added to ``messages``.

    ``facts``: what the leaves of the sheet answer (queries/facts.py).
    """
    try:
        if leaf.method == Method.OFFICE and rule.kind not in ("survey", "external_index"):
            if row.pct or row.counts:
                messages.append(_("This leaf takes points: fill in the column “points” alone."))
                return None
            score = engine.typed_points(leaf.max_points, row.points, getattr(rule.body, "step", None))
            return {"points": engine.plain(score.points)}, score
        if row.points:
            messages.append(_("This leaf takes a percentage or counts, not points."))
            return None
        known = facts_for(rule, facts)
        asked = [one.name for one in rule.fields(known)]
        raw: dict[str, object] = {}
        if row.pct:
            raw[_named("pct", asked)] = row.pct
        if row.counts:
            if rule.kind != "survey":
                messages.append(_("This leaf takes a percentage (pct), not counts of options."))
                return None
            raw[_named("counts", asked)] = dict(row.counts)
        if not raw:
            messages.append(_("The row holds no value. Leave out rows that are not known yet."))
            return None
        inputs = engine.clean_inputs(rule, raw, facts=known)
        return inputs, engine.score(rule, leaf.max_points, inputs, facts=known)
    except engine.InputErrors as errors:
        messages += _told(errors)
        return None


def _named(key: str, asked: Sequence[str]) -> str:
    """The input that a column of the file fills: that of the case which holds, where the rule has cases."""
    heads = [name.split(".")[0] for name in asked]
    return next((head for head in heads if head == key or head.endswith(f"_{key}")), key)


def _told(errors: engine.InputErrors) -> list[str]:
    messages = []
    for fault in errors.problems:
        text = fault.text(translate=_, number=format_decimal)
        place = fault.path.removeprefix("counts.")
        messages.append(f"{place}: {text}" if place not in ("", "counts", "answer") else text)
    return messages
