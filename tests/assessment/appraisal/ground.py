"""A small province for the tests of the appraising side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from agencies.actors import Actor, actor_for
from agencies.models import Agency, Role, User
from parindex.clock import db_now
from scoring import engine
from scoring.assessment.models import Answer, NotApplicableRequest, Scoresheet, SheetState, Window
from tests.factories import person
from tests.factories_scoring import OpenedYear, home_affairs, make_agency, make_block, make_set, open_cycle

BOOLEAN = {"kind": "boolean", "yes": "1", "no": "0"}
SHARE = {"kind": "proportion", "numerator": "đúng hạn", "denominator": "được giao", "factor": "1.5"}
SURVEY = {"kind": "survey", "option_weights_pct": {"A": "100", "B": "60", "C": "0"}, "factor": "3"}


@dataclass
class Province:
    """Home Affairs and Justice appraise and are scored; Health is scored; the Office stands in for Home Affairs."""

    year: OpenedYear
    home: Agency
    justice: Agency
    health: Agency
    office: Agency

    def sheet(self, agency: Agency) -> Scoresheet:
        return Scoresheet.objects.get(pk=self.year.sheet(agency).pk)

    def answer(self, agency: Agency, code: str) -> Answer:
        return Answer.objects.select_related("criterion").get(
            scoresheet=self.year.sheet(agency).pk, criterion__code=code
        )

    def answers(self, agency: Agency) -> list[Answer]:
        return list(Answer.objects.filter(scoresheet=self.year.sheet(agency).pk).order_by("criterion__order"))

    def move(self, agency: Agency, state: str) -> Scoresheet:
        Scoresheet.objects.filter(pk=self.year.sheet(agency).pk).update(state=state)
        return self.sheet(agency)

    def move_all(self, state: str) -> None:
        Scoresheet.objects.update(state=state)

    def declare(self, agency: Agency, code: str, inputs: dict[str, Any]) -> Answer:
        answer = self.answer(agency, code)
        leaf = answer.criterion
        rule = engine.parse_rule(leaf.rule, max_points=leaf.max_points)
        score = engine.score(rule, leaf.max_points, inputs)
        answer.inputs = engine.clean_inputs(rule, inputs)
        answer.self_points, answer.applicable_max, answer.trace = (
            score.points,
            score.applicable_max,
            score.trace,
        )
        answer.save()
        return answer

    def ask_not_applicable(self, agency: Agency, code: str, reason: str = "Không có nhiệm vụ này") -> Answer:
        answer = self.answer(agency, code)
        NotApplicableRequest.objects.create(
            answer=answer, reason=reason, requested_by=person(Role.EDITOR, agency), requested_at=db_now()
        )
        answer.applicability = "requested"
        answer.save()
        return answer

    def shut(self, *stages: str) -> None:
        """The windows of these stages are over."""
        now = db_now()
        Window.objects.filter(stage__in=stages).update(
            opens=now - timedelta(days=9), closes=now - timedelta(hours=1)
        )

    def assessor(self, agency: Agency, **user: Any) -> Actor:
        return actor_for(person(Role.ASSESSOR, agency, **user))

    def secretary(self) -> Actor:
        return actor_for(person(Role.SECRETARY, self.home))

    def council(self, agency: Agency | None = None) -> Actor:
        return actor_for(person(Role.COUNCIL_MEMBER, agency))


def make_province(*, scored: int = 0, settings: dict[str, Any] | None = None) -> Province:
    """Leaves 1.1 and 1.2 belong to Home Affairs, 2.1 to Justice, 3.1 comes from a survey, 3.2 from the office."""
    home = home_affairs()
    block = make_block("Sở, ban, ngành")
    justice, health = make_agency("Sở Tư pháp", block=block), make_agency("Sở Y tế", block=block)
    office = make_agency("Văn phòng UBND tỉnh")
    criteria_set = make_set(
        [
            {"code": "1.1", "max": "1", "rule": BOOLEAN, "appraiser": None},
            {"code": "1.2", "max": "1.5", "rule": SHARE, "appraiser": home},
            {
                "code": "2.1",
                "max": "1",
                "rule": BOOLEAN,
                "appraiser": justice,
                "not_applicable_for": ["no_tthc"],
            },
            {
                "code": "3.1",
                "max": "3",
                "rule": SURVEY,
                "method": "survey",
                "not_applicable_for": ["no_tthc"],
            },
            {"code": "3.2", "max": "2", "rule": {"kind": "manual", "step": "0.25"}, "method": "office"},
        ],
        block=block,
        appraiser=home,
    )
    more = [make_agency(block=block) for _ in range(scored)]
    year = open_cycle(
        [home, justice, health, *more],
        block=block,
        criteria_set=criteria_set,
        settings=settings
        if settings is not None
        else {"substitutes": {home.slug: office.slug, justice.slug: home.slug}},
    )
    return Province(year, home, justice, health, office)


def points(text: str) -> Decimal:
    return Decimal(text)


def plain_user(actor: Actor) -> User:
    assert actor.user is not None
    return actor.user


STATES = SheetState
