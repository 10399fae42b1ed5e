"""How far a sheet is: subtotals of the self-assessment, what is answered, what is missing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from evidence.models import DocumentVersion
from scoring.assessment.models import Answer, Citation, NotApplicableRequest, Scoresheet
from scoring.assessment.queries.second_looks import NO_LOOKS, Looks, looks_of
from scoring.assessment.queries.sums import Cap, Pair, caps_of, is_provisional, roll_up
from scoring.criteria.models import CriteriaSet, Criterion
from scoring.criteria.queries import SetNode, tree_of

if TYPE_CHECKING:
    from scoring.assessment.queries.divisions import LeafDivision

ZERO = Decimal(0)

GAP_TEXTS: dict[str, str | Promise] = {
    "unanswered": gettext_lazy("Not answered yet."),
    "lapsed": gettext_lazy("The answer to another criterion changed what is asked here: fill it in again."),
    "no_evidence": gettext_lazy("Points are claimed without evidence: cite a document or write a note."),
    "no_reason": gettext_lazy("“Not applicable” is asked for without a reason."),
    "infected": gettext_lazy("A cited file did not pass the virus scan: replace it by a clean copy."),
    "second_look": gettext_lazy("Changed by the amendment: correct it, or confirm that it stays as it is."),
}


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that keeps a sheet from being submitted, and where."""

    kind: str
    answer: Answer
    criterion: Criterion
    area: Criterion

    @property
    def text(self) -> str | Promise:
        return GAP_TEXTS[self.kind]

    @property
    def anchor(self) -> str:
        """The id of the leaf on the sheet's page."""
        return f"leaf-{self.answer.public_id}"


@dataclass(frozen=True, slots=True)
class AreaProgress:
    """One line of the areas' list: points so far of the self-scored maximum, and what is missing."""

    criterion: Criterion
    points: Decimal
    maximum: Decimal
    answered: int
    leaves: int
    missing: int
    own: int = 0

    @property
    def is_self_scored(self) -> bool:
        return self.leaves > 0


@dataclass(frozen=True, slots=True)
class Progress:
    """The self-assessment so far. ``other_max``: points that come from surveys, indexes and offices."""

    points: Decimal
    maximum: Decimal
    other_max: Decimal
    answered: int
    leaves: int
    areas: list[AreaProgress]
    gaps: list[Gap]
    nodes: dict[int, Pair] = field(repr=False, default_factory=dict)
    caps: dict[int, Cap] = field(repr=False, default_factory=dict)
    provisional: bool = False  # the whole block settles some of it (docs/scoring.md, Settling)
    #: (points so far, maximum) of every leaf: ``results`` of the self-assessment, ``others`` with all leaves' maxima.
    results: dict[int, Pair] = field(repr=False, default_factory=dict)
    others: dict[int, Pair] = field(repr=False, default_factory=dict)

    @property
    def is_complete(self) -> bool:
        return not self.gaps


def area_of(criteria: Iterable[Criterion]) -> dict[int, Criterion]:
    """Node id → its area, for nodes in depth-first order. Pure."""
    areas: dict[int, Criterion] = {}
    for node in criteria:
        areas[node.pk] = node if node.parent_id is None else areas[node.parent_id]
    return areas


def self_result(leaf: Criterion | SetNode, answer: Answer | None) -> Pair:
    """(points so far, maximum that counts) of a leaf in the self-assessment; nothing where others score it."""
    if answer is None or answer.applicability in (Answer.Applicability.PROFILE, Answer.Applicability.GRANTED):
        return ZERO, ZERO
    maximum = leaf.max_points if answer.applicable_max is None else answer.applicable_max
    if answer.applicability == Answer.Applicability.REQUESTED:
        return ZERO, leaf.max_points
    return answer.self_points or ZERO, maximum


def is_settled(answer: Answer) -> bool:
    """Whether the agency has said what there is to say about the figures of a leaf."""
    return (answer.inputs is not None and answer.self_points is not None) or answer.applicability in (
        Answer.Applicability.PROFILE,
        Answer.Applicability.REQUESTED,
        Answer.Applicability.GRANTED,
    )


def gaps_of(answer: Answer, citations: Sequence[Citation], request: NotApplicableRequest | None) -> list[str]:
    """The kinds of what is missing on one answer. Pure."""
    if answer.applicability in (Answer.Applicability.PROFILE, Answer.Applicability.GRANTED):
        return []
    if answer.applicability == Answer.Applicability.REQUESTED:
        return [] if request is not None and request.reason.strip() else ["no_reason"]
    if answer.inputs is None:
        return ["unanswered"]
    if answer.self_points is None:
        return ["lapsed"]
    found = []
    if (answer.self_points or ZERO) > 0 and not citations and not answer.note.strip():
        found.append("no_evidence")
    if any(one.document_version.scan_state == DocumentVersion.ScanState.INFECTED for one in citations):
        found.append("infected")
    return found


def progress_from(
    criteria_set: CriteriaSet,
    criteria: Sequence[Criterion],
    answers: Mapping[int, Answer],
    citations: Mapping[int, Sequence[Citation]],
    requests: Mapping[int, NotApplicableRequest],
    *,
    mine: Callable[[int], bool] = lambda _leaf: False,
    outside: Collection[int] = (),
    looks: Looks = NO_LOOKS,
) -> Progress:
    """Progress from rows that are already read; answers by criterion id, the rest by answer id.

    One query where the set was not read before by this process, none otherwise.

    ``mine`` says of a leaf's id whether it is this reader's own work (a division's). ``outside``: the ids of
    leaves that do not count for the agency by its profile, those scored by others among them. ``looks``: what
    the agency looks at once more after an amendment.
    """
    leaves = [node for node in criteria if node.is_leaf]
    tree = tree_of(criteria_set)
    results = {leaf.pk: self_result(leaf, answers.get(leaf.pk)) for leaf in leaves}
    rolled = roll_up(criteria_set, results, tree=tree)
    area = area_of(criteria)
    gaps: list[Gap] = []
    counts: dict[int, list[int]] = {}
    others = dict(results)
    for leaf in leaves:
        answer = answers.get(leaf.pk)
        if answer is None:
            others[leaf.pk] = (ZERO, ZERO if leaf.pk in outside else leaf.max_points)
            continue
        found = looks.gaps(answer, gaps_of(answer, citations.get(answer.pk, ()), requests.get(answer.pk)))
        gaps += [Gap(kind, answer, leaf, area[leaf.pk]) for kind in found]
        if answer.applicability == Answer.Applicability.PROFILE:
            continue
        tally = counts.setdefault(area[leaf.pk].pk, [0, 0, 0, 0])
        tally[0] += is_settled(answer)
        tally[1] += 1
        tally[2] += bool(found)
        tally[3] += mine(leaf.pk)
    areas = [
        AreaProgress(top, *rolled.nodes[top.pk], *counts.get(top.pk, [0, 0, 0, 0]))
        for top in criteria
        if top.parent_id is None
    ]
    return Progress(
        points=rolled.points,
        maximum=rolled.maximum,
        other_max=roll_up(criteria_set, others, tree=tree).maximum - rolled.maximum,
        answered=sum(one.answered for one in areas),
        leaves=sum(one.leaves for one in areas),
        areas=areas,
        gaps=gaps,
        nodes=rolled.nodes,
        caps=caps_of(tree, rolled.nodes, results),
        provisional=is_provisional(tree),
        results=results,
        others=others,
    )


def progress_of(sheet: Scoresheet) -> Progress:
    """Progress of one sheet (with its set). Four queries, one more where the set was not read before, one more
    for a sheet that an amendment made.
    """
    criteria = list(Criterion.objects.filter(criteria_set_id=sheet.criteria_set_id).order_by("order"))
    by_id = {node.pk: node for node in criteria}
    answers: dict[int, Answer] = {}
    for answer in Answer.objects.filter(scoresheet=sheet).defer("trace"):
        answer.criterion = by_id[answer.criterion_id]
        answers[answer.criterion_id] = answer
    return progress_from(
        sheet.criteria_set,
        criteria,
        answers,
        citations_of(sheet),
        pending_requests(sheet),
        looks=looks_of(sheet),
    )


def citations_of(sheet: Scoresheet) -> dict[int, list[Citation]]:
    """Citations by answer id, with their document versions. One query."""
    found: dict[int, list[Citation]] = {}
    for citation in Citation.objects.filter(answer__scoresheet=sheet).select_related("document_version"):
        found.setdefault(citation.answer_id, []).append(citation)
    return found


def pending_requests(sheet: Scoresheet) -> dict[int, NotApplicableRequest]:
    """Undecided requests "not applicable" by answer id. One query."""
    rows = NotApplicableRequest.objects.filter(
        answer__scoresheet=sheet, state=NotApplicableRequest.State.PENDING
    )
    return {row.answer_id: row for row in rows}


@dataclass(frozen=True, slots=True)
class DivisionProgress:
    """What one division has done of what it was given; ``due_on`` is its earliest internal deadline."""

    division_id: int
    name: str
    answered: int
    leaves: int
    missing: int
    due_on: date | None = None


def by_division(
    progress: Progress, answers: Mapping[int, Answer], divisions: Mapping[int, LeafDivision]
) -> list[DivisionProgress]:
    """Progress by division, in order of name; leaves of no division are left out. Pure."""
    found: dict[int, list[int]] = {}
    last: dict[int, LeafDivision] = {}
    missing = {gap.criterion.pk for gap in progress.gaps}
    for criterion_id, answer in answers.items():
        division = divisions.get(criterion_id)
        if division is None or answer.applicability == Answer.Applicability.PROFILE:
            continue
        tally = found.setdefault(division.division_id, [0, 0, 0])
        tally[0] += is_settled(answer)
        tally[1] += 1
        tally[2] += criterion_id in missing
        before = last.get(division.division_id)
        if before is None or (division.due_on and (before.due_on is None or division.due_on < before.due_on)):
            last[division.division_id] = division
    rows = [
        DivisionProgress(pk, last[pk].name, done, leaves, lacking, last[pk].due_on)
        for pk, (done, leaves, lacking) in found.items()
    ]
    return sorted(rows, key=lambda row: row.name)
