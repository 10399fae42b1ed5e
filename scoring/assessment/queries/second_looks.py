"""What the agency of an amended sheet has to look at once more, and what it may change on a supplement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scoring.assessment.models import Answer, Scoresheet, SecondLook
from scoring.assessment.queries.facts import has_lapsed


@dataclass(frozen=True, slots=True)
class Looks:
    """The agency's second looks of one sheet by answer id; ``supplementary``: nothing else can be changed."""

    by_answer: Mapping[int, SecondLook] = field(default_factory=dict)
    supplementary: bool = False

    def may_change(self, answer: Answer) -> bool:
        """What changed, and what a changed answer left without points."""
        return not self.supplementary or answer.pk in self.by_answer or has_lapsed(answer)

    def waits(self, answer: Answer) -> bool:
        """Whether the agency has not looked at this answer yet."""
        look = self.by_answer.get(answer.pk)
        return look is not None and look.done_at is None

    def gaps(self, answer: Answer, found: list[str]) -> list[str]:
        """What is missing on an answer, by what the agency may still do about it. Pure."""
        if not self.may_change(answer):
            return []
        if self.waits(answer) and "unanswered" not in found:
            return [*found, "second_look"]
        return found

    @property
    def open(self) -> int:
        return sum(look.done_at is None for look in self.by_answer.values())


NO_LOOKS = Looks()


def looks_of(sheet: Scoresheet) -> Looks:
    """The agency's looks of a sheet. One query for a sheet that an amendment made, none for others."""
    if sheet.carried_from_id is None:
        return NO_LOOKS
    rows = SecondLook.objects.filter(answer__scoresheet=sheet, who=SecondLook.Who.AGENCY).order_by("pk")
    return Looks({row.answer_id: row for row in rows}, sheet.supplementary)
