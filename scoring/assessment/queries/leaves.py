"""One leaf of an agency's sheet as its row shows it, and the branches above the leaves. Built by queries/sheet.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from scoring import engine
from scoring.assessment.input_words import inputs_in_words
from scoring.assessment.models import (
    Answer,
    Citation,
    ExplanationRequest,
    ImportedPoints,
    Mark,
    NotApplicableRequest,
    SecondLook,
)
from scoring.assessment.queries.divisions import LeafDivision
from scoring.assessment.queries.facts import Facts, Source, facts_for, has_lapsed, why_unscored
from scoring.assessment.queries.last_year import LastYear
from scoring.assessment.queries.seen import AFTER_ROUND_1, Curtain, current, final_result
from scoring.assessment.queries.sums import Cap
from scoring.criteria.comparison import Change
from scoring.criteria.models import Criterion

Applicability = Answer.Applicability


@dataclass(frozen=True, slots=True)
class StagePoints:
    """One column of the side-by-side: what stood after a stage, and why."""

    key: str
    label: str
    points: Decimal | None
    maximum: Decimal | None
    sub: str = ""
    now: bool = False
    differs: bool = False


@dataclass
class LeafView:
    """One leaf with everything its row shows to this reader."""

    criterion: Criterion
    area: Criterion
    answer: Answer | None
    agency_name: str
    citations: list[Citation] = field(default_factory=list)
    request: NotApplicableRequest | None = None
    gaps: list[str] = field(default_factory=list)
    division: LeafDivision | None = None
    marks: dict[int, Mark] = field(default_factory=dict)
    asked: ExplanationRequest | None = None
    last: LastYear | None = None
    imported: ImportedPoints | None = None
    may_write: bool = False
    may_reply: bool = False
    curtain: Curtain | None = None
    mine: bool = False
    outside: bool = False
    look: SecondLook | None = None
    row: Any = None
    cap: Cap | None = None
    facts: Facts = field(default_factory=dict)
    reply_facts: Facts = field(default_factory=dict)
    sources: list[tuple[Source, str]] = field(default_factory=list)
    waits: str = ""

    @property
    def code(self) -> str:
        return self.criterion.code

    @property
    def anchor(self) -> str:
        return f"leaf-{self.answer.public_id if self.answer else self.criterion.public_id}"

    @cached_property
    def rule(self) -> engine.Rule:
        return engine.parse_rule(self.criterion.rule or {}, max_points=self.criterion.max_points)

    @property
    def level(self) -> int:
        """The heading level of the row: under its area, or under a criterion."""
        return 3 if self.criterion.level <= 2 else 4

    @property
    def has_numbers(self) -> bool:
        """Whether something is typed (and not only picked), so that a preview helps."""
        return any(
            one.type not in ("boolean", "choice", "items")
            for one in self.rule.fields(facts_for(self.rule, self.facts))
        )

    @property
    def by_profile(self) -> bool:
        """Whether the leaf does not count for this agency, by its profile."""
        return self.outside

    @property
    def applicability(self) -> str:
        """The applicability as the agency may know it: a decision not yet shown still reads as asked."""
        if self.answer is None:
            return ""
        standing = self.answer.applicability
        decided = standing in (Applicability.GRANTED, Applicability.REFUSED)
        if decided and self.request and self.curtain and not self.curtain.shows_decision(self.request):
            return Applicability.REQUESTED
        return standing

    @property
    def is_requested(self) -> bool:
        return self.applicability == Applicability.REQUESTED

    @property
    def is_granted(self) -> bool:
        return self.applicability == Applicability.GRANTED

    @property
    def is_refused(self) -> bool:
        return self.applicability == Applicability.REFUSED

    @property
    def takes_inputs(self) -> bool:
        """Whether the row shows fields to fill in."""
        applies = self.applicability in (Applicability.APPLIES, Applicability.REFUSED)
        return self.may_write and applies and not self.waits

    @property
    def is_lapsed(self) -> bool:
        """Whether another answer's change left the inputs without points: they are kept, it is not answered."""
        return self.answer is not None and has_lapsed(self.answer)

    @property
    def kept_words(self) -> str:
        """The inputs that are kept, in a line."""
        words = inputs_in_words(self.rule, self.answer.inputs) if self.answer else []
        # the case that asked is told by the rule; here its name would only stand in the way
        return "; ".join(f"{label.rpartition(' · ')[2]}: {value}" for label, value in words)

    @property
    def why_lapsed(self) -> list[str]:
        """What keeps the inputs that are kept from being scored."""
        return why_unscored(self.rule, self.answer.inputs, self.facts) if self.answer else []

    @property
    def may_keep(self) -> bool:
        """Whether the agency may leave what an amendment carried over here as it is."""
        if self.look is None or self.look.done_at is not None or self.answer is None:
            return False
        return self.may_write and (self.answer.inputs is not None or self.is_requested)

    @property
    def change_label(self) -> str:
        """What the amendment did to the criterion, in a word."""
        return str(Change(self.look.change).label) if self.look is not None else ""

    @property
    def may_ask_not_applicable(self) -> bool:
        return self.takes_inputs and self.criterion.na_request and self.applicability == Applicability.APPLIES

    @property
    def shown_points(self) -> Decimal | None:
        """The agency's own points; None where there are none."""
        if self.answer is None or self.by_profile or self.is_granted or self.is_requested:
            return None
        points: Decimal | None = self.answer.self_points
        return points

    @property
    def shown_max(self) -> Decimal:
        if self.answer is not None and self.answer.applicable_max is not None and not self.is_requested:
            applicable: Decimal = self.answer.applicable_max
            return applicable
        maximum: Decimal = self.criterion.max_points
        return maximum

    @property
    def round_1(self) -> Mark | None:
        return self.marks.get(Mark.Round.ROUND_1)

    @property
    def final(self) -> tuple[Decimal, Decimal] | None:
        if self.curtain is None or not self.curtain.shows_final:
            return None
        return final_result(self.answer, current(self.marks), self.imported, outside=self.outside)

    @property
    def stages(self) -> list[StagePoints]:
        """Self points · round 1 · explanation · round 2 · final, each only once it may be seen."""
        if self.curtain is None or self.curtain.state not in AFTER_ROUND_1 or self.answer is None:
            return []
        own = self.shown_points
        columns = [StagePoints("self", _("Self-assessment"), own, self.shown_max)]
        first = self.marks.get(Mark.Round.ROUND_1)
        if first is not None:
            columns.append(_stage("round_1", _("Round 1"), first, own))
        explanation = getattr(self.asked, "explanation", None) if self.asked else None
        if explanation is not None and explanation.points is not None:
            columns.append(
                StagePoints("explanation", _("Explanation"), explanation.points, explanation.applicable_max)
            )
        second = self.marks.get(Mark.Round.ROUND_2)
        if second is not None:
            columns.append(_stage("round_2", _("Round 2"), second, first.points if first else own))
        council = self.marks.get(Mark.Round.COUNCIL)
        if council is not None:
            before = second or first
            columns.append(_stage("council", _("Council"), council, before.points if before else own))
        if self.final is not None:
            columns.append(StagePoints("final", _("Final points"), *self.final, now=True))
        return columns


def _stage(key: str, label: str, mark: Mark, before: Decimal | None) -> StagePoints:
    return StagePoints(
        key,
        label,
        mark.points,
        mark.applicable_max,
        mark.reason,
        differs=before is None or mark.points != before,
    )


@dataclass
class Branch:
    """A node above the leaves, with what stands under it in order."""

    criterion: Criterion
    points: Decimal | None
    maximum: Decimal
    appraiser: str = ""
    leaves: list[LeafView] = field(default_factory=list)
    branches: list[Branch] = field(default_factory=list)
    final: tuple[Decimal, Decimal] | None = None
    cap: Cap | None = None

    @property
    def role(self) -> str:
        """What the points of an area do to the total: "", ``bonus`` or ``penalty``."""
        return self.criterion.role

    def all_leaves(self) -> list[LeafView]:
        """The leaves of the whole branch."""
        return [*self.leaves, *(leaf for branch in self.branches for leaf in branch.all_leaves())]
