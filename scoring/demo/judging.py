"""What the assessors, the agency and the council say of one answer of the sample, by the state of its sheet."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from agencies.models import Role
from scoring import engine
from scoring.assessment.models import (
    Answer,
    Explanation,
    ExplanationRequest,
    Mark,
    NotApplicableRequest,
    SheetState,
)
from scoring.demo.people import Province
from scoring.demo.spread import corrected
from scoring.demo.stories import Plan, assessor

if TYPE_CHECKING:
    from scoring.demo.rows import Leaf

NA_REASON = "Trong năm đơn vị không phát sinh nhiệm vụ thuộc tiêu chí này."
GRANTED = "Đã đối chiếu với danh mục nhiệm vụ được giao: không phát sinh."
REFUSED = "Theo danh mục nhiệm vụ, đơn vị có được giao trong quý III; đề nghị kê khai số liệu."
LOWER = (
    "Tài liệu kiểm chứng không đủ cho số liệu đã kê khai.",
    "Số liệu trên hệ thống của tỉnh thấp hơn số kê khai.",
    "Văn bản ban hành sau thời hạn quy định.",
    "Chưa có báo cáo kết quả thực hiện kèm theo.",
)
QUESTIONS = (
    "Đề nghị gửi bảng tổng hợp số liệu có xác nhận và văn bản kèm theo.",
    "Đề nghị giải trình chênh lệch giữa số kê khai và số trên hệ thống.",
    "Đề nghị bổ sung văn bản chứng minh việc thực hiện đúng hạn.",
)
ANSWERS = (
    "Đơn vị đã rà soát: một phần hồ sơ được cập nhật sau ngày chốt số liệu. Xin gửi bảng tổng hợp kèm theo.",
    "Văn bản đã ban hành đúng hạn nhưng tải nhầm bản dự thảo; xin bổ sung bản chính thức.",
)
ACCEPTED = "Chấp nhận giải trình; số liệu kèm theo đã đối chiếu."
KEPT = "Giữ điểm lần 1: giải trình không kèm tài liệu chứng minh."
SETTLED = "Hội đồng thống nhất theo số liệu đã kiểm tra lại."
A = Answer.Applicability


@dataclass(slots=True)
class Judged:
    """Rows that are to be written, and the answers whose applicability was decided."""

    na_requests: list[NotApplicableRequest] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    questions: list[ExplanationRequest] = field(default_factory=list)
    explanations: list[Explanation] = field(default_factory=list)
    changed: list[Answer] = field(default_factory=list)


def judge(province: Province, plan: Plan, leaf: Leaf, answer: Answer, judged: Judged) -> None:
    """Everything that others said of this answer by now. All chance comes from the plan's seed."""
    if answer.applicability == A.PROFILE:
        return
    dice = plan.dice("judge", leaf.code)
    done = dice.random()
    by = province.users[assessor(leaf.appraiser, plan.agency.slug)]
    begun = plan.at("begin_appraisal")
    closed = plan.at("ask_for_explanation") or plan.at("close_round_1")
    marked = begun is not None and (closed is not None or done < 0.35 + 0.5 * plan.dice("share").random())
    until = closed or province.now
    at = begun + (until - begun) * (0.05 + 0.9 * done) if begun else province.now
    if answer.applicability == A.REQUESTED:
        _decide(province, plan, leaf, answer, judged, by=by, at=at if marked else None, granted=done < 0.7)
        if not marked or answer.applicability == A.GRANTED:
            return
    if not marked:
        return
    first, asked = _round_1(plan, leaf, answer, judged, by=by, at=at, chance=dice.random())
    if not asked:
        return
    request = ExplanationRequest(answer=answer, question=dice.choice(QUESTIONS), asked_by=by, asked_at=at)
    judged.questions.append(request)
    if plan.explained:
        _round_2(province, plan, leaf, answer, judged, request, first, dice.random())


def _decide(
    province: Province,
    plan: Plan,
    leaf: Leaf,
    answer: Answer,
    judged: Judged,
    *,
    by: Any,
    at: datetime | None,
    granted: bool,
) -> None:
    """The request "not applicable": pending, granted (0 of 0) or, where an explanation can follow, refused."""
    if not (plan.explains or plan.state in (SheetState.APPRAISING, SheetState.SUBMITTED)):
        granted = True
    request = NotApplicableRequest(
        answer=answer,
        reason=NA_REASON,
        requested_by=answer.answered_by,
        requested_at=answer.answered_at or province.now,
    )
    judged.na_requests.append(request)
    if at is None:
        return
    states = NotApplicableRequest.State
    request.state, request.decided_by, request.decided_at = states.GRANTED, by, at
    request.decision_reason = GRANTED if granted else REFUSED
    answer.applicability = A.GRANTED if granted else A.REFUSED
    if not granted:
        request.state = states.REFUSED
    judged.changed.append(answer)
    if granted:
        score = engine.not_applicable(leaf.criterion.max_points)
        judged.marks.append(_mark(answer, Mark.Round.ROUND_1, by, None, score, GRANTED, at))


def _round_1(
    plan: Plan, leaf: Leaf, answer: Answer, judged: Judged, *, by: Any, at: datetime, chance: float
) -> tuple[Mark, bool]:
    """The mark of round 1, and whether an explanation is asked."""
    own = _own(leaf, answer)
    inputs, score, reason = answer.inputs, own, ""
    asked = answer.applicability == A.REFUSED
    if asked:
        reason = REFUSED
    elif answer.inputs is None:
        reason = "Đơn vị không tự chấm tiêu chí này."
    elif chance < 0.11 and own.points > 0:
        lower = engine.clean_inputs(
            leaf.rule, corrected(leaf.raw, answer.inputs, plan.dice("lower", leaf.code))
        )
        found = leaf.score(lower)
        if found.points < own.points:
            inputs, score, reason = lower, found, LOWER[int(chance * 1000) % len(LOWER)]
            asked = plan.explains or (plan.state == SheetState.APPRAISING and chance < 0.06)
    mark = _mark(answer, Mark.Round.ROUND_1, by, inputs, score, reason, at)
    judged.marks.append(mark)
    return mark, asked


def _round_2(
    province: Province,
    plan: Plan,
    leaf: Leaf,
    answer: Answer,
    judged: Judged,
    request: ExplanationRequest,
    first: Mark,
    chance: float,
) -> None:
    """The agency's reply; then, unless round 2 still runs on this leaf, the second mark, and rarely the council's."""
    sent = plan.at("send_explanation") or province.now
    judged.explanations.append(
        Explanation(
            request=request,
            text=ANSWERS[int(chance * 100) % len(ANSWERS)],
            by=province.staff(Role.EDITOR, plan.agency),
            at=sent - timedelta(hours=3),
        )
    )
    closed = plan.at("close_round_2")
    if closed is None and chance > 0.45:
        return
    at = (closed or province.now) - timedelta(hours=5)
    accepted = chance < 0.5 and answer.inputs is not None
    score = _own(leaf, answer) if accepted else engine.Score(first.points, first.applicable_max, first.trace)
    inputs = answer.inputs if accepted else first.inputs
    reason = ACCEPTED if accepted else KEPT
    judged.marks.append(_mark(answer, Mark.Round.ROUND_2, first.by, inputs, score, reason, at))
    final = plan.at("finalise")
    if final is not None and chance > 0.85 and answer.inputs is not None:
        council = province.users[
            "hoi-dong" if plan.agency.slug != "van-phong-ubnd-tinh" else "hoi-dong.tai-chinh"
        ]
        own = _own(leaf, answer)
        settled = _mark(
            answer, Mark.Round.COUNCIL, council, answer.inputs, own, SETTLED, final - timedelta(hours=2)
        )
        judged.marks.append(settled)


def _own(leaf: Leaf, answer: Answer) -> engine.Score:
    if answer.self_points is None or answer.applicable_max is None:
        return engine.unanswered(leaf.criterion.max_points)
    return engine.Score(answer.self_points, answer.applicable_max, answer.trace or {})


def _mark(
    answer: Answer, round: int, by: Any, inputs: Any, score: engine.Score, reason: str, at: datetime
) -> Mark:
    return Mark(
        answer=answer,
        round=round,
        by=by,
        inputs=inputs,
        points=score.points,
        applicable_max=score.applicable_max,
        trace=score.trace,
        reason=reason,
        at=at,
    )
