"""What the leaves of a sheet answer, as far as the rules of other leaves look at it.

Facts by code: canonical inputs; empty for a leaf that does not apply to the agency, or is asked not to, so that
no condition on it holds; a code that is missing has no answer yet, and what looks at it cannot be scored.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from parindex.ui.formats import format_decimal
from scoring import engine
from scoring.assessment.models import Answer, CycleBlock, Explanation, Mark, Scoresheet
from scoring.assessment.queries.points import HIGHEST_ROUND, PointStage
from scoring.criteria.dependencies import looked_at, sources_of
from scoring.criteria.queries import SetTree, tree_of

Facts = dict[str, dict[str, Any]]

#: Leaves that do not apply to the agency: nothing can be said of them.
OUTSIDE = (Answer.Applicability.PROFILE, Answer.Applicability.GRANTED, Answer.Applicability.REQUESTED)


def declared(answer: Answer | None) -> dict[str, Any] | None:
    """What the agency answers; None where it has not, or where its inputs can no longer be scored. Pure."""
    if answer is None:
        return None
    if answer.applicability in OUTSIDE:
        return {}
    return answer.inputs if answer.self_points is not None else None


def has_lapsed(answer: Answer) -> bool:
    """Whether another answer's change left inputs without points: they are kept, it has to be declared again."""
    return answer.inputs is not None and answer.self_points is None and answer.applicability not in OUTSIDE


def is_lapsed(mark: Mark | None) -> bool:
    """Whether another leaf's change left the mark without points: its inputs are kept, it has to be given again."""
    return mark is not None and mark.inputs is not None and (mark.trace or {}).get("kind") == "unanswered"


def in_force(
    answer: Answer | None, mark: Mark | None, explanation: Explanation | None = None
) -> dict[str, Any] | None:
    """The inputs that stand for a leaf at a round: the mark's that counts, else the agency's latest. Pure.

    A mark of typed points, or of what was not answered, has none: then the figures that the agency declared with
    its explanation, else those of its answer.
    """
    if mark is not None and mark.inputs is not None:
        return None if is_lapsed(mark) else mark.inputs
    if explanation is not None and explanation.points is not None:
        return explanation.inputs
    return declared(answer)


def own_facts(tree: SetTree, answers: Mapping[int, Answer]) -> Facts:
    """From the agency's answers by criterion id: what its own sheet stands on. Pure."""
    told = {leaf.code: declared(answers.get(leaf.id)) for leaf in looked_at(tree)}
    return {code: inputs for code, inputs in told.items() if inputs is not None}


def facts_of_sheets(
    sheets: Iterable[Scoresheet], *, up_to: int, explained: bool | None = None
) -> dict[int, Facts]:
    """Sheet id → facts: with marks up to a round (0: none), from round 2 on also declared explanations.

    ``sheets`` come with their sets; ``explained`` asks for explanations whatever the round. Three queries at most
    for all together, none where no rule of their sets looks at another leaf.
    """
    known = {sheet.pk: sheet for sheet in sheets}
    trees = {sheet.criteria_set_id: tree_of(sheet.criteria_set) for sheet in known.values()}
    sources = {leaf.id: leaf.code for tree in trees.values() for leaf in looked_at(tree)}
    found: dict[int, Facts] = {pk: {} for pk in known}
    if not sources:
        return found
    answers = list(
        Answer.objects.filter(scoresheet__in=list(known), criterion__in=list(sources)).defer("trace", "note")
    )
    _put(found, answers, sources, up_to=up_to, explained=explained)
    return found


def facts_of_sheet(sheet: Scoresheet, *, up_to: int, explained: bool | None = None) -> Facts:
    """The facts of one sheet (with its set). Three queries at most."""
    return facts_of_sheets([sheet], up_to=up_to, explained=explained)[sheet.pk]


def facts_of_block(cycle_block: CycleBlock, stage: PointStage) -> dict[int, Facts]:
    """Participation id → facts of the sheets of a block at a stage. Three queries at most, none without such rules."""
    sources = {leaf.id: leaf.code for leaf in looked_at(tree_of(cycle_block.criteria_set))}
    if not sources:
        return {}
    rows = (
        Answer.objects.filter(
            scoresheet__participation__cycle_block=cycle_block,
            scoresheet__criteria_set=cycle_block.criteria_set_id,
            criterion__in=list(sources),
        )
        .select_related("scoresheet")
        .defer("trace", "note")
    )
    answers = list(rows)
    by_sheet: dict[int, Facts] = {answer.scoresheet_id: {} for answer in answers}
    _put(by_sheet, answers, sources, up_to=HIGHEST_ROUND[stage])
    return {answer.scoresheet.participation_id: by_sheet[answer.scoresheet_id] for answer in answers}


def _put(
    found: dict[int, Facts],
    answers: Collection[Answer],
    sources: Mapping[int, str],
    *,
    up_to: int,
    explained: bool | None = None,
) -> None:
    """Fill in what these answers say. Two queries at most."""
    ids = [answer.pk for answer in answers]
    marks: dict[int, Mark] = {}
    if up_to:
        for mark in Mark.objects.filter(answer__in=ids, round__lte=up_to).order_by("round", "pk"):
            marks[mark.answer_id] = mark
    explanations: dict[int, Explanation] = {}
    if (up_to >= Mark.Round.ROUND_2) if explained is None else explained:
        explanations = explanations_on(ids)
    for answer in answers:
        inputs = in_force(answer, marks.get(answer.pk), explanations.get(answer.pk))
        if inputs is not None:
            found[answer.scoresheet_id][sources[answer.criterion_id]] = inputs


def explanations_on(answer_ids: Iterable[int]) -> dict[int, Explanation]:
    """The explanations of these answers that declare figures, by answer id. One query."""
    rows = Explanation.objects.filter(
        request__answer__in=list(answer_ids), request__taken_back_at=None, points__isnull=False
    ).select_related("request")
    return {one.request.answer_id: one for one in rows}


def facts_for(rule: engine.Rule | None, facts: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The part of the facts that a rule looks at, as the engine takes it. Pure."""
    codes = rule.looks_at() if rule is not None else ()
    return {"answers": {code: facts[code] for code in codes if code in facts}} if codes else {}


def try_score(
    rule: engine.Rule, inputs: Mapping[str, Any] | None, facts: Mapping[str, dict[str, Any]]
) -> engine.Score | None:
    """The score of inputs under these facts; None where they cannot be scored. Pure."""
    if not inputs:
        return None
    try:
        return engine.score(rule, rule.max_points, inputs, facts=facts_for(rule, facts))
    except engine.InputErrors:
        return None


@dataclass(frozen=True, slots=True)
class Source:
    """A leaf at whose answer the rule of another looks. ``answered``: it says enough to tell the case."""

    code: str
    title: str
    criterion_id: int
    area: str
    answered: bool
    outside: bool = False


def sources_for(tree: SetTree, criterion_id: int, facts: Mapping[str, dict[str, Any]]) -> list[Source]:
    """Where the facts of a leaf come from, in the order of its rule. Pure."""
    return [
        Source(
            leaf.code,
            leaf.title,
            leaf.id,
            tree.area_of(leaf.id).code,
            leaf.code in facts,
            facts.get(leaf.code) == {},
        )
        for leaf in sources_of(tree, tree.by_id[criterion_id].rule)
    ]


def why_unscored(
    rule: engine.Rule, inputs: Mapping[str, Any] | None, facts: Mapping[str, dict[str, Any]]
) -> list[str]:
    """What keeps kept inputs from being scored, in words; empty where they can be. Pure."""
    try:
        engine.score(rule, rule.max_points, inputs or {}, facts=facts_for(rule, facts))
    except engine.InputErrors as errors:
        labels = {one.name: one.label for one in rule.fields(facts_for(rule, facts))}
        told = []
        for fault in errors.problems:
            text = fault.text(translate=_, number=format_decimal)
            label = labels.get(fault.path, "")
            told.append(f"{label[:1].upper()}{label[1:]}: {text}" if label else text)
        return told
    return []


def waits_for(rule: engine.Rule, facts: Mapping[str, dict[str, Any]]) -> str:
    """The code of the leaf that has to be answered before anything can be asked here; empty where none. Pure."""
    known = facts_for(rule, facts)
    for condition, inner in rule.cases:
        holds = condition.known(known)
        if holds:
            return waits_for(inner, facts)
        if holds is None:
            return condition.answer
    return next((code for part in rule.body.parts() if (code := waits_for(part, facts))), "")
