"""What goes over to the sheet of an amended set: every class of change, every state, and nothing lost."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from agencies.models import Role
from parindex.audit.models import AuditEntry
from parindex.audit.services import entry_hash, record
from parindex.clock import db_now
from parindex.errors import Invalid, NotPermitted, WrongState
from scoring.assessment.models import (
    Amendment,
    Answer,
    Citation,
    Explanation,
    ExplanationRequest,
    ImportedPoints,
    Mark,
    NotApplicableRequest,
    Scoresheet,
    SecondLook,
    SheetState,
    Transition,
    Window,
)
from scoring.assessment.queries.amendment import plan_amendment, ways_between
from scoring.assessment.services.amendment import amend_block
from scoring.criteria.models import SetLink
from tests.assessment.amendment.ground import (
    AFTER,
    CHANGED,
    CLASSES,
    declare,
    fill,
    import_points,
    link,
    make_ground,
    mark,
)
from tests.factories_scoring import make_set

pytestmark = pytest.mark.django_db
SUBMITTED = (
    SheetState.SUBMITTED,
    SheetState.APPRAISING,
    SheetState.EXPLAINING,
    SheetState.REAPPRAISING,
    SheetState.REVIEWING,
)
STATES = (SheetState.DRAFTING, SheetState.AWAITING_APPROVAL, *SUBMITTED)


def looks(sheet: Scoresheet, who: str) -> dict[str, str]:
    rows = SecondLook.objects.filter(answer__scoresheet=sheet, who=who, done_at=None)
    return dict(rows.values_list("answer__criterion__code", "change"))


def test_every_leaf_has_its_class():
    ground = make_ground()
    found = ways_between(ground.newer, ground.year.criteria_set)
    assert {way.leaf.code: way.change for way in found.leaves} == CLASSES
    assert [leaf.code for leaf in found.gone] == ["2.4"]


@pytest.mark.parametrize("state", STATES)
def test_the_sheet_goes_on_from_every_state(state):
    ground = make_ground()
    agency = ground.year.agencies[0]
    fill(ground, agency, state, marked=state in SUBMITTED[1:])
    ground.amend()
    old, new = ground.old(agency), ground.new(agency)
    assert old.state == SheetState.REPLACED
    assert new.state == SheetState.DRAFTING
    assert new.carried_from == old
    assert new.supplementary is (state in SUBMITTED)
    assert new.submitted_at is None
    assert new.days_late == (2 if state in SUBMITTED else 0)
    step = Transition.objects.get(scoresheet=old, target=SheetState.REPLACED)
    assert (step.source, step.name) == (state, f"replace_{state}")
    assert AuditEntry.objects.filter(action=f"scoresheet.replace_{state}", object_id=str(old.pk)).count() == 1
    assert looks(new, "agency") == {code: CLASSES[code] for code in CHANGED}
    assert set(looks(new, "appraiser")) == (set(CHANGED) if state in SUBMITTED else set())
    assert ground.block.criteria_set_id == ground.newer.pk


@pytest.mark.parametrize("state", STATES)
def test_a_sheet_without_anything_to_look_at_goes_on_where_it_stood(state):
    leaves = [{"code": "1.1", "max": "1", "rule": {"kind": "boolean", "yes": "1", "no": "0"}, "title": "A"}]
    renamed = [leaves[0] | {"title": "B"}]
    ground = make_ground(before=leaves, after=renamed, ties=[("1", "1"), ("1.1", "1.1")])
    agency = ground.year.agencies[0]
    answer = declare(ground, agency, "1.1")
    old = answer.scoresheet
    Scoresheet.objects.filter(pk=old.pk).update(
        state=state, submitted_at=db_now() if state in SUBMITTED else None, version=3
    )
    Transition.objects.create(
        scoresheet=old, name="return_to_round_2", source="reviewing", target="reappraising", at=db_now()
    )
    ground.amend()
    new = ground.new(agency)
    assert (new.state, new.supplementary, new.version) == (state, False, 4)
    assert (new.submitted_at is not None) is (state in SUBMITTED)
    assert [step.name for step in new.transitions.order_by("pk")] == ["return_to_round_2", "carried_over"]


def test_what_stayed_the_same_keeps_everything():
    ground = make_ground()
    agency = ground.year.agencies[0]
    fill(ground, agency, SheetState.REVIEWING, marked=True)
    old = ground.answer(ground.old(agency), "1.2")
    second = mark(ground, old, 2, "1")
    third = mark(ground, old, 3, "0.5")
    asked = ExplanationRequest.objects.create(
        answer=old, question="Vì sao?", asked_by=ground.assessor, asked_at=db_now()
    )
    who = ground.person(agency, Role.EDITOR)
    Explanation.objects.create(request=asked, text="Đã gửi", by=who, at=db_now())
    ground.amend()
    new = ground.answer(ground.new(agency), "1.2")
    assert (new.inputs, new.self_points, new.applicable_max, new.note, new.trace) == (
        old.inputs,
        old.self_points,
        old.applicable_max,
        old.note,
        old.trace,
    )
    told = [(m.round, m.points, m.reason, m.by_id, m.at) for m in new.marks.order_by("pk")]
    assert told == [(m.round, m.points, m.reason, m.by_id, m.at) for m in old.marks.order_by("pk")]
    assert [m[0] for m in told] == [1, second.round, third.round]
    request = new.explanation_requests.get()
    assert (request.question, request.explanation.text) == ("Vì sao?", "Đã gửi")
    citation = new.citations.get()
    assert citation.frozen
    assert citation.document_version == old.citations.get().document_version
    assert old.marks.count() == 3
    assert old.citations.count() == 1


def test_another_maximum_scores_the_declared_figures_anew_and_leaves_the_marks():
    ground = make_ground()
    agency = ground.year.agencies[0]
    fill(ground, agency, SheetState.APPRAISING, marked=True)
    ground.amend()
    new = ground.answer(ground.new(agency), "1.3")
    assert new.inputs == ground.answer(ground.old(agency), "1.3").inputs
    assert (new.self_points, new.applicable_max) == (Decimal("2.7"), Decimal(3))
    assert not new.marks.exists()
    assert new.citations.count() == 1


def test_another_rule_leaves_the_answer_open_and_keeps_its_evidence():
    ground = make_ground()
    agency = ground.year.agencies[0]
    fill(ground, agency, SheetState.SUBMITTED)
    ground.amend()
    new = ground.answer(ground.new(agency), "1.4")
    assert new.inputs is None
    assert new.self_points is None
    assert new.note == "Ghi chú 1.4"
    assert new.citations.count() == 1


def test_split_and_merged_take_all_the_evidence_and_the_notes():
    ground = make_ground()
    agency = ground.year.agencies[0]
    fill(ground, agency, SheetState.SUBMITTED)
    ground.amend()
    sheet = ground.new(agency)
    for code in ("2.1", "2.2"):
        part = ground.answer(sheet, code)
        assert part.citations.get().document_version.number == "2.1/BC"
        assert (part.inputs, part.note) == (None, "Ghi chú 2.1")
    merged = ground.answer(sheet, "2.3")
    assert {c.document_version.number for c in merged.citations.all()} == {"2.2/BC", "2.3/BC"}
    assert merged.note == "2.2: Ghi chú 2.2\n\n2.3: Ghi chú 2.3"


def test_options_worded_anew_are_not_taken_for_the_same_answer():
    choice = {"kind": "choice", "options": [["Đạt", "1"], ["Không đạt", "0"]]}
    other = {"kind": "choice", "options": [["Không đạt", "0"], ["Đạt", "1"]]}
    wider = {"kind": "choice", "options": [["Đạt", "1"], ["Không đạt", "0"], ["Không có", "0"]]}
    leaf = {"code": "1.1", "max": "1", "rule": choice}
    for rule, kept in ((other, False), (wider, True)):
        ground = make_ground(before=[leaf], after=[leaf | {"rule": rule}], ties=[("1", "1"), ("1.1", "1.1")])
        agency = ground.year.agencies[0]
        declare(ground, agency, "1.1", {"option": "0"})
        ground.amend()
        new = ground.answer(ground.new(agency), "1.1")
        assert (new.inputs is not None) is kept


def test_a_link_that_a_person_calls_not_comparable_keeps_no_marks():
    ground = make_ground()
    agency = ground.year.agencies[0]
    fill(ground, agency, SheetState.APPRAISING, marked=True)
    SetLink.objects.get().links.filter(criterion__code="1.1").update(
        comparability="not_comparable", stated=True
    )
    ground.amend()
    new = ground.answer(ground.new(agency), "1.1")
    assert not new.marks.exists()
    assert looks(ground.new(agency), "appraiser")["1.1"] == "rule"


def test_imported_points_stay_where_the_leaf_stayed():
    ground = make_ground()
    agency = ground.year.agencies[0]
    sheet = fill(ground, agency, SheetState.REVIEWING, marked=True)
    for code in ("3.1", "3.2"):
        import_points(ground, sheet, code)
    plan = plan_amendment(ground.block, ground.newer)
    assert [leaf.code for leaf in plan.imports] == ["3.2"]
    assert plan.agencies[0].imports == 1
    ground.amend()
    rows = ImportedPoints.objects.filter(scoresheet=ground.new(agency), current=True)
    assert [row.criterion.code for row in rows] == ["3.1"]


def test_requests_not_applicable_go_over_or_wait_for_a_new_decision():
    ground = make_ground()
    agency = ground.year.agencies[0]
    fill(ground, agency, SheetState.APPRAISING, marked=True)
    who = ground.person(agency, Role.EDITOR)
    for code, state, standing in (
        ("1.1", "granted", "granted"),
        ("1.3", "granted", "granted"),
        ("1.4", "refused", "refused"),
    ):
        answer = ground.answer(ground.old(agency), code)
        Answer.objects.filter(pk=answer.pk).update(applicability=standing)
        NotApplicableRequest.objects.create(
            answer=answer, reason="Không phát sinh", state=state, requested_by=who, requested_at=db_now(),
            decided_by=ground.assessor, decided_at=db_now(), decision_reason="Đúng",
        )  # fmt: skip
    ground.amend()
    sheet = ground.new(agency)
    same, changed, refused = (ground.answer(sheet, code) for code in ("1.1", "1.3", "1.4"))
    assert same.applicability == "granted"
    assert same.na_requests.get().decision_reason == "Đúng"
    assert changed.applicability == "requested"
    again = changed.na_requests.get()
    assert (again.state, again.decided_by, again.reason) == ("pending", None, "Không phát sinh")
    assert refused.applicability == ""
    assert not refused.na_requests.exists()


def test_a_profile_keeps_what_does_not_apply_out_of_every_list():
    before = [{"code": "1.1", "max": "1", "rule": {"kind": "boolean", "yes": "1", "no": "0"}}]
    after = [before[0] | {"max": "2", "not_applicable_for": ["no_tthc"]}]
    ground = make_ground(2, before=before, after=after, ties=[("1", "1"), ("1.1", "1.1")])
    first = ground.year.sheets[0].participation
    first.profiles = ["no_tthc"]
    first.save()
    for agency in ground.year.agencies:
        declare(ground, agency, "1.1")
    ground.amend()
    assert ground.answer(ground.new(ground.year.agencies[0]), "1.1").applicability == "profile"
    assert not looks(ground.new(ground.year.agencies[0]), "agency")
    assert looks(ground.new(ground.year.agencies[1]), "agency") == {"1.1": "maximum"}


@pytest.mark.parametrize("state", STATES)
def test_nothing_given_before_is_lost(state):
    ground = make_ground(2)
    for agency in ground.year.agencies:
        fill(ground, agency, state, marked=state in SUBMITTED[1:])
    before = {
        model: list(model.objects.order_by("pk").values())
        for model in (Answer, Citation, Mark, NotApplicableRequest, ExplanationRequest, Explanation)
    }
    ground.amend()
    for model, rows in before.items():
        assert list(model.objects.filter(pk__in=[row["id"] for row in rows]).order_by("pk").values()) == rows
    gone = {"2.4"}
    for sheet in ground.year.sheets:
        agency = sheet.participation.agency
        for citation in Citation.objects.filter(answer__scoresheet=sheet):
            there = Citation.objects.filter(
                answer__scoresheet=ground.new(agency),
                document_version=citation.document_version,
                page=citation.page,
                frozen=citation.frozen,
            )
            assert there.exists() or citation.answer.criterion.code in gone


def test_done_twice_is_done_once():
    ground = make_ground()
    fill(ground, ground.year.agencies[0], SheetState.DRAFTING)
    first = ground.amend()
    assert ground.amend() == first
    assert Scoresheet.objects.count() == 2
    assert AuditEntry.objects.filter(action="cycle_block.amended").count() == 1


def test_only_the_secretary_amends():
    ground = make_ground()
    with pytest.raises(NotPermitted):
        amend_block(
            actor=ground.actor(ground.assessor),
            cycle_block=ground.block,
            criteria_set=ground.newer,
            effective_on=db_now().date(),
        )


def test_obstacles_are_named_and_nothing_changes():
    ground = make_ground(2, locked=False)
    first, second = ground.year.sheets
    Scoresheet.objects.filter(pk=first.pk).update(state=SheetState.FINALISED)
    type(second.participation).objects.filter(pk=second.participation_id).update(profiles=["stranger"])
    SetLink.objects.all().delete()
    with pytest.raises(Invalid) as refused:
        ground.amend()
    assert len(refused.value.messages) == 4
    assert Scoresheet.objects.count() == 2
    assert not Amendment.objects.exists()
    with pytest.raises(Invalid) as refused:
        ground.amend(effective_on=None)
    assert "effective_on" in refused.value.fields


def test_a_stale_plan_is_refused():
    ground = make_ground()
    agency = ground.year.agencies[0]
    plan = plan_amendment(ground.block, ground.newer)
    fill(ground, agency, SheetState.SUBMITTED)
    with pytest.raises(WrongState):
        ground.amend(expected_key=plan.key)
    plan = plan_amendment(ground.block, ground.newer)
    ground.amend(expected_key=plan.key)


def test_the_plan_says_what_the_act_does():
    ground = make_ground(3)
    agencies = ground.year.agencies
    fill(ground, agencies[0], SheetState.DRAFTING)
    fill(ground, agencies[1], SheetState.REVIEWING, marked=True)
    plan = plan_amendment(ground.block, ground.newer)
    ground.amend()
    for one in plan.agencies:
        sheet = ground.new(one.sheet.participation.agency)
        assert sheet.state == one.state
        assert len(looks(sheet, "agency")) == one.agency
        assert len(looks(sheet, "appraiser")) == one.appraiser
        assert one.kept == 2
    assert sum(office.looks for office in plan.offices) == SecondLook.objects.filter(who="appraiser").count()
    assert {key: count for key, _label, count in plan.classes} == {
        "new": 1, "gone": 1, "split": 2, "merged": 1, "rule": 1, "maximum": 2, "renamed": 1, "same": 2,
    }  # fmt: skip


def test_agencies_whose_time_is_over_get_a_new_end():
    ground = make_ground()
    fill(ground, ground.year.agencies[0], SheetState.SUBMITTED)
    now = db_now()
    mine = Window.objects.filter(cycle_block=ground.block, stage="self_assessment")
    mine.update(closes=now - timedelta(hours=1))
    with pytest.raises(Invalid) as refused:
        ground.amend()
    assert "self_assessment_until" in refused.value.fields
    for moment in (now - timedelta(minutes=1), now + timedelta(days=40)):  # over; past round 1
        with pytest.raises(Invalid) as refused:
            ground.amend(self_assessment_until=moment)
        assert "self_assessment_until" in refused.value.fields
    assert not Amendment.objects.exists()
    until = now + timedelta(days=10)
    ground.amend(self_assessment_until=until)
    assert mine.get().closes == until


def test_a_second_amendment_goes_on_from_the_first():
    ground = make_ground()
    agency = ground.year.agencies[0]
    fill(ground, agency, SheetState.SUBMITTED)
    ground.amend()
    third = make_set(AFTER, block=ground.newer.block)
    link(third, ground.newer, [(leaf["code"], leaf["code"]) for leaf in AFTER])
    ground.newer = third
    ground.amend()
    sheet = ground.new(agency)
    assert (sheet.state, sheet.supplementary) == (SheetState.DRAFTING, True)
    assert set(looks(sheet, "agency")) == set(CHANGED)
    assert ground.answer(sheet, "1.3").citations.count() == 1
    assert Scoresheet.objects.filter(state=SheetState.REPLACED).count() == 2


def test_the_record_stays_whole():
    ground = make_ground(3)
    for agency in ground.year.agencies:
        fill(ground, agency, SheetState.DRAFTING)
    ground.amend()
    record(actor=None, action="demo.loaded", obj=None)
    before = "0" * 64
    for entry in AuditEntry.objects.order_by("seq"):
        assert entry.prev == before
        assert entry.hash == entry_hash(entry)
        before = entry.hash
