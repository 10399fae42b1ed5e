"""Score again the leaves that look at an answer which has just changed: in the same transaction, each recorded.

Order: sources before what depends on them (scoring.criteria.dependencies). What can no longer be scored, because
another case now asks other inputs, keeps its inputs and loses its points: it is not answered, or has to be marked
again. Points that a person typed stand as typed. docs/scoring.md, Cases and facts.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import F
from django.utils.translation import gettext as _

from parindex.audit.services import record
from scoring import engine
from scoring.assessment.models import Answer, Explanation, ImportedPoints, Mark, Scoresheet
from scoring.assessment.queries.facts import (
    Facts,
    declared,
    facts_for,
    facts_of_sheets,
    is_lapsed,
    own_facts,
    try_score,
)
from scoring.criteria.dependencies import dependents
from scoring.criteria.queries import SetNode, tree_of

if TYPE_CHECKING:
    from agencies.actors import Actor


def rescore_answers(
    sheet: Scoresheet, before: Mapping[str, dict[str, Any] | None], *, actor: Actor | None
) -> list[Answer]:
    """After the agency's answers of some leaves changed (code → what ``facts.declared`` said of them before).

    Every answer that comes out otherwise, or that asks other inputs now, is written with its version raised and
    recorded. The sheet (with its set) is locked by the caller. Returns them in the order of the tree. Two queries
    where leaves depend on these, and two for each answer written.
    """
    tree = tree_of(sheet.criteria_set)
    nodes = dependents(tree, before.keys())
    if not nodes:
        return []
    answers = {
        row.criterion_id: row
        for row in Answer.objects.select_for_update(of=("self",))
        .select_related("criterion")
        .filter(scoresheet=sheet)
        .order_by("pk")
    }
    now = own_facts(tree, answers)
    was = _overlaid(now, before)
    changed = []
    for node in nodes:
        answer = answers.get(node.id)
        if answer is None or node.rule is None or answer.applicability == Answer.Applicability.PROFILE:
            continue
        answer.scoresheet = sheet
        stood = _standing(answer)
        asked = node.rule.fields(facts_for(node.rule, was)) != node.rule.fields(facts_for(node.rule, now))
        _put_score(answer, try_score(node.rule, answer.inputs, now))
        _follow(now, node.code, declared(answer))
        if not asked and _standing(answer) == stood:
            continue
        answer.version += 1
        answer.save(update_fields=["self_points", "applicable_max", "trace", "version"])
        record(
            actor=actor.user if actor else None,
            action="answer.rescored",
            obj=answer,
            before={"inputs": answer.inputs, "points": stood[0]},
            after={
                "inputs": answer.inputs,
                "points": answer.self_points,
                "version": answer.version,
                "because": _because(node, before),
            },
        )
        changed.append(answer)
    rescore_imported([sheet], {sheet.pk: before.keys()}, {sheet.pk: now}, actor=actor)
    return sorted(changed, key=lambda answer: answer.criterion.order)


def rescore_explanations(sheet: Scoresheet, codes: Collection[str], *, actor: Actor) -> list[Explanation]:
    """After the figures declared with an explanation changed: those declared with others that look at them."""
    tree = tree_of(sheet.criteria_set)
    nodes = dependents(tree, codes)
    if not nodes:
        return []
    facts = facts_of_sheets([sheet], up_to=0, explained=True)[sheet.pk]
    rows = {
        one.request.answer.criterion_id: one
        for one in Explanation.objects.select_for_update(of=("self",))
        .select_related("request__answer")
        .filter(
            request__answer__scoresheet=sheet,
            request__answer__criterion__in=[node.id for node in nodes],
            request__taken_back_at=None,
            inputs__isnull=False,
        )
    }
    changed = []
    for node in nodes:
        one = rows.get(node.id)
        if one is None or node.rule is None:
            continue
        score = try_score(node.rule, one.inputs, facts)
        stood = _comparable(one.points, one.applicable_max, one.trace)
        one.points = score.points if score else None
        one.applicable_max = score.applicable_max if score else None
        one.trace = score.trace if score else None
        _follow(facts, node.code, one.inputs if score else None)
        if _comparable(one.points, one.applicable_max, one.trace) == stood:
            continue
        one.version += 1
        one.save(update_fields=["points", "applicable_max", "trace", "version"])
        record(
            actor=actor.user,
            action="explanation.rescored",
            obj=one.request.answer,
            before={"inputs": one.inputs, "points": stood[0]},
            after={"inputs": one.inputs, "points": one.points, "because": _because(node, codes)},
        )
        changed.append(one)
    return changed


def rescore_marks(
    changed: Mapping[int, Collection[str]],
    sheets: Mapping[int, Scoresheet],
    *,
    actor: Actor,
    round: int,
    now: datetime,
) -> list[Mark]:
    """After marks of some leaves were given (sheet id → codes): marks by the rule that look at them.

    A mark that comes out otherwise is followed by one of this round by the same person, with the inputs that it
    had and a reason that says why; one of a higher round stands. What cannot be scored any more gets 0 points and has
    to be marked again before the round can be closed. Sheets (with their sets) are locked by the caller. A fixed
    number of queries, and one record for each mark.
    """
    nodes = {pk: dependents(tree_of(sheets[pk].criteria_set), codes) for pk, codes in changed.items()}
    wanted = {pk: sheets[pk] for pk, found in nodes.items() if found}
    if not wanted or actor.user is None:
        return []
    facts = facts_of_sheets(wanted.values(), up_to=round)
    answers = _answers(wanted, {node.id for found in nodes.values() for node in found})
    standing: dict[int, Mark] = {}
    for mark in Mark.objects.filter(answer__in=[one.pk for one in answers.values()]).order_by("round", "pk"):
        standing[mark.answer_id] = mark
    made: list[tuple[Mark, Mark, SetNode]] = []
    for pk in wanted:
        for node in nodes[pk]:
            answer = answers.get((pk, node.id))
            before = standing.get(answer.pk) if answer is not None else None
            if answer is None or before is None or before.inputs is None or node.rule is None:
                continue
            if before.round > round:
                continue  # the council's points stand
            score = try_score(node.rule, before.inputs, facts[pk]) or engine.unanswered(node.max_points)
            given = _comparable(score.points, score.applicable_max, score.trace)
            if given == _comparable(before.points, before.applicable_max, before.trace):
                continue
            text = _("Computed again: the figures of %(codes)s changed.")
            mark = Mark(
                answer=answer,
                round=round,
                by=actor.user,
                inputs=before.inputs,
                points=score.points,
                applicable_max=score.applicable_max,
                trace=score.trace,
                reason=text % {"codes": ", ".join(_because(node, changed[pk]))},
                at=now,
            )
            _follow(facts[pk], node.code, None if is_lapsed(mark) else mark.inputs)
            made.append((before, mark, node))
    marks = Mark.objects.bulk_create([mark for _before, mark, _node in made], batch_size=500)
    Answer.objects.filter(pk__in=[mark.answer_id for mark in marks]).update(version=F("version") + 1)
    for before, mark, node in made:
        record(
            actor=actor.user,
            action="mark.rescored",
            obj=mark.answer,
            before={"round": before.round, "inputs": before.inputs, "points": before.points},
            after={
                "round": round,
                "points": mark.points,
                "maximum": mark.applicable_max,
                "again": is_lapsed(mark),
                "because": _because(node, changed[mark.answer.scoresheet_id]),
            },
        )
    rescore_imported(list(wanted.values()), changed, facts, actor=actor)
    return marks


def rescore_imported(
    sheets: Sequence[Scoresheet],
    changed: Mapping[int, Collection[str]],
    facts: Mapping[int, Facts],
    *,
    actor: Actor | None,
) -> None:
    """Imported figures that look at these answers: replaced by what they come to now, the old row stays as history.

    What can no longer be scored is missing, and has to be imported again. One query where a set has such leaves.
    """
    nodes: dict[int, dict[int, SetNode]] = {}
    for sheet in sheets:
        found = dependents(tree_of(sheet.criteria_set), changed.get(sheet.pk, ()))
        nodes[sheet.pk] = {node.id: node for node in found if not node.is_self_scored}
    leaves = {pk for found in nodes.values() for pk in found}
    if not leaves:
        return
    rows = ImportedPoints.objects.select_for_update(of=("self",)).filter(
        scoresheet__in=list(nodes), criterion__in=leaves, current=True
    )
    for row in rows.select_related("scoresheet"):
        node = nodes[row.scoresheet_id].get(row.criterion_id)
        if node is None or node.rule is None or row.trace.get("kind") != node.rule.kind:
            continue  # typed by an office: it stands
        score = try_score(node.rule, row.inputs, facts[row.scoresheet_id])
        stood = _comparable(row.points, row.applicable_max, row.trace)
        if score and _comparable(score.points, score.applicable_max, score.trace) == stood:
            continue
        ImportedPoints.objects.filter(pk=row.pk).update(current=False)
        if score is not None:
            ImportedPoints.objects.create(
                batch_id=row.batch_id,
                scoresheet=row.scoresheet,
                criterion_id=row.criterion_id,
                inputs=row.inputs,
                points=score.points,
                applicable_max=score.applicable_max,
                trace=score.trace,
                note=row.note,
            )
        record(
            actor=actor.user if actor else None,
            action="points.rescored",
            obj=row.scoresheet,
            before={"criterion": node.code, "points": row.points},
            after={
                "criterion": node.code,
                "points": score.points if score else None,
                "because": _because(node, changed[row.scoresheet_id]),
            },
        )


def _answers(sheets: Mapping[int, Scoresheet], leaves: Collection[int]) -> dict[tuple[int, int], Answer]:
    """The answers of these leaves, locked, by sheet and leaf. One query."""
    found = {}
    rows = (
        Answer.objects.select_for_update(of=("self",))
        .filter(scoresheet__in=list(sheets), criterion__in=list(leaves))
        .select_related("criterion")
        .order_by("scoresheet", "pk")
    )
    for row in rows:
        row.scoresheet = sheets[row.scoresheet_id]
        found[row.scoresheet_id, row.criterion_id] = row
    return found


def _overlaid(facts: Facts, before: Mapping[str, dict[str, Any] | None]) -> Facts:
    """The facts as they stood before."""
    was = dict(facts)
    for code, inputs in before.items():
        _follow(was, code, inputs)
    return was


def _follow(facts: Facts, code: str, inputs: dict[str, Any] | None) -> None:
    if inputs is None:
        facts.pop(code, None)
    else:
        facts[code] = inputs


def _standing(answer: Answer) -> tuple[Any, ...]:
    return _comparable(answer.self_points, answer.applicable_max, answer.trace)


def _comparable(points: Any, maximum: Any, trace: Any) -> tuple[Any, ...]:
    """Points with their trace as the database gives it back."""
    return points, maximum, json.dumps(trace, sort_keys=True)


def _put_score(answer: Answer, score: engine.Score | None) -> None:
    answer.self_points = score.points if score else None
    answer.applicable_max = score.applicable_max if score else None
    answer.trace = score.trace if score else None


def _because(node: SetNode, changed: Collection[str]) -> list[str]:
    """The codes that a leaf looks at, the changed ones alone where it looks at them directly."""
    codes = node.rule.looks_at() if node.rule is not None else ()
    return [code for code in codes if code in changed] or list(codes)
