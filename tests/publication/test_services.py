"""Two people confirm one hash; nothing else publishes."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from agencies.actors import actor_for
from agencies.models import Role
from parindex.audit.models import AuditEntry
from parindex.errors import Invalid, NotPermitted, WrongState
from scoring.assessment.models import Cycle, Scoresheet, SheetState
from scoring.publication import services
from scoring.publication.models import Publication, PublicationRun
from scoring.ranking import services as ranking
from scoring.ranking.models import RankingRow
from tests.factories import MembershipFactory, actor
from tests.factories_scoring import make_agency, make_block
from tests.publication.years import change, decision, propose, publish, run_of, scored, three

pytestmark = pytest.mark.django_db
POINTS = [("55", "35"), ("50", "30.5"), ("40", "20")]


@pytest.fixture
def agencies():
    return three()


@pytest.fixture
def block(agencies):
    return scored(dict(zip(agencies, POINTS, strict=True)), block=agencies[0].block)


def test_approved_by_another_person_the_runs_are_public_and_recorded(block):
    publisher, approver = actor(Role.PUBLISHER), actor(Role.APPROVER)
    proposed = propose(run_of(block), by=publisher)
    assert proposed.state == "proposed"
    assert not PublicationRun.objects.filter(current=True).exists()
    done = services.approve(actor=approver, publication=proposed, content=proposed.content_sha256)
    assert done.state == "published"
    assert (done.proposed_by, done.approved_by) == (publisher.user, approver.user)
    link = PublicationRun.objects.get(publication=done)
    assert (link.version, link.current) == (1, True)
    actions = list(
        AuditEntry.objects.filter(action__startswith="publication.")
        .order_by("seq")
        .values_list("action", flat=True)
    )
    assert actions == ["publication.propose", "publication.publish"]
    entry = AuditEntry.objects.get(action="publication.publish")
    assert entry.after["content_sha256"] == done.content_sha256


def test_nobody_approves_an_own_proposal_even_with_both_roles(block):
    both = actor(Role.PUBLISHER)
    MembershipFactory(user=both.user, role=Role.APPROVER, agency=None)
    both = actor_for(both.user)
    proposed = propose(run_of(block), by=both)
    with pytest.raises(NotPermitted, match="another person|người khác"):
        services.approve(actor=both, publication=proposed, content=proposed.content_sha256)
    with pytest.raises(NotPermitted):
        services.send_back(actor=both, publication=proposed, reason="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        Publication.objects.filter(pk=proposed.pk).update(
            state="published", approved_by=both.user, published_at=timezone.now()
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        Publication.objects.filter(pk=proposed.pk).update(state="published", published_at=timezone.now())


@pytest.mark.parametrize("role", [r for r in Role.values if r not in (Role.PUBLISHER, Role.APPROVER)])
def test_other_roles_neither_propose_nor_decide(block, role):
    other = actor(role)
    run = run_of(block)
    with pytest.raises(NotPermitted):
        propose(run, by=other)
    proposed = propose(run)
    with pytest.raises(NotPermitted):
        services.approve(actor=other, publication=proposed, content=proposed.content_sha256)
    with pytest.raises(NotPermitted):
        services.send_back(actor=other, publication=proposed, reason="x")
    with pytest.raises(NotPermitted):
        services.take_back(actor=other, publication=proposed, reason="x")


def test_another_hash_is_refused(block):
    proposed = propose(run_of(block))
    approver = actor(Role.APPROVER)
    for content in ("", "0" * 64):
        with pytest.raises(WrongState):
            services.approve(actor=approver, publication=proposed, content=content)


def test_figures_that_were_tampered_with_are_refused(block):
    run = run_of(block)
    proposed = propose(run)
    row = RankingRow.objects.filter(run=run, rank=2).get()
    RankingRow.objects.filter(pk=row.pk).update(grade="Xuất sắc")
    with pytest.raises(WrongState):
        services.approve(actor=actor(Role.APPROVER), publication=proposed, content=proposed.content_sha256)


def test_the_decision_and_the_watermark_are_in_the_hash(block):
    proposed = propose(run_of(block))
    proposed.rehearsal = True
    proposed.save(update_fields=["rehearsal"])
    with pytest.raises(WrongState):
        services.approve(actor=actor(Role.APPROVER), publication=proposed, content=proposed.content_sha256)


def test_the_watermark_stays_when_the_cycle_is_renamed_real(agencies):
    block = scored({agencies[0]: POINTS[0]}, block=agencies[0].block, rehearsal=True)
    done = publish(block)
    Cycle.objects.update(rehearsal=False)
    done.refresh_from_db()
    assert done.rehearsal


@pytest.mark.parametrize("when", ["propose", "approve"])
def test_a_run_whose_sheet_was_reopened_is_refused(block, when):
    run = run_of(block)
    proposed = propose(run) if when == "approve" else None
    Scoresheet.objects.filter(participation__cycle_block=block).first()
    sheet = Scoresheet.objects.filter(participation__cycle_block=block).first()
    Scoresheet.objects.filter(pk=sheet.pk).update(state=SheetState.REVIEWING)
    with pytest.raises(WrongState, match="reopened|mở lại"):
        if proposed:
            services.approve(
                actor=actor(Role.APPROVER), publication=proposed, content=proposed.content_sha256
            )
        else:
            propose(run)


@pytest.mark.parametrize("when", ["propose", "approve"])
def test_a_run_whose_points_changed_is_refused(block, agencies, when):
    run = run_of(block)
    proposed = propose(run) if when == "approve" else None
    change(block, agencies[0], "1.1.1", "54")
    with pytest.raises(WrongState):
        if proposed:
            services.approve(
                actor=actor(Role.APPROVER), publication=proposed, content=proposed.content_sha256
            )
        else:
            propose(run)


def test_a_run_whose_settings_changed_is_refused(block):
    run = run_of(block)
    Cycle.objects.update(settings={"digits": 1})
    run.refresh_from_db()
    with pytest.raises(WrongState):
        propose(run)


def test_a_double_click_proposes_and_publishes_once(block):
    publisher, approver = actor(Role.PUBLISHER), actor(Role.APPROVER)
    run = run_of(block)
    first, second = propose(run, by=publisher), propose(run, by=publisher)
    assert first.pk == second.pk
    with pytest.raises(WrongState):
        propose(run)  # somebody else's proposal of the same block
    for _click in range(2):
        done = services.approve(actor=approver, publication=first, content=first.content_sha256)
        assert done.state == "published"
    assert PublicationRun.objects.filter(version__isnull=False).count() == 1
    assert AuditEntry.objects.filter(action="publication.publish").count() == 1
    with pytest.raises(WrongState):
        services.approve(actor=actor(Role.APPROVER), publication=first, content=first.content_sha256)


def test_sent_back_with_a_reason_it_may_be_proposed_again(block):
    run = run_of(block)
    proposed = propose(run)
    approver = actor(Role.APPROVER)
    with pytest.raises(Invalid) as refused:
        services.send_back(actor=approver, publication=proposed, reason="  ")
    assert "reason" in refused.value.fields
    for _click in range(2):
        back = services.send_back(actor=approver, publication=proposed, reason="Sai số quyết định")
        assert back.state == "rejected"
    assert AuditEntry.objects.filter(action="publication.send_back").count() == 1
    with pytest.raises(WrongState):
        services.approve(actor=approver, publication=proposed, content=proposed.content_sha256)
    assert propose(run, number="13/QĐ-UBND").state == "proposed"


def test_the_proposer_takes_an_own_proposal_back(block):
    publisher = actor(Role.PUBLISHER)
    proposed = propose(run_of(block), by=publisher)
    with pytest.raises(NotPermitted):
        services.take_back(actor=actor(Role.PUBLISHER), publication=proposed, reason="x")
    assert services.take_back(actor=publisher, publication=proposed, reason="Nhầm ngày").state == "rejected"


def test_a_correction_needs_a_notice_and_becomes_the_next_version(block, agencies):
    first = publish(block)
    run = run_of(block)  # nothing changed: the same run
    with pytest.raises(WrongState):
        propose(run, notice="Không có gì mới", number="20/QĐ-UBND")
    change(block, agencies[1], "1.1.1", "58")
    changed = run_of(block)
    with pytest.raises(Invalid) as refused:
        propose(changed, number="20/QĐ-UBND")
    assert list(refused.value.fields) == ["notice"]
    publish(block, notice="Tính lại điểm của Sở Đất đai", number="20/QĐ-UBND")
    versions = list(PublicationRun.objects.order_by("version").values_list("version", "current"))
    assert versions == [(1, False), (2, True)]
    first.refresh_from_db()
    assert first.state == "published"


def test_input_is_checked(block):
    run, publisher = run_of(block), actor(Role.PUBLISHER)
    cycle = block.cycle
    with pytest.raises(Invalid) as refused:
        services.propose(actor=publisher, cycle=cycle, runs=[], decision=decision())
    assert list(refused.value.fields) == ["runs"]
    empty = services.DecisionData(number=" ", date=decision().date, signatory="")
    with pytest.raises(Invalid) as refused:
        services.propose(actor=publisher, cycle=cycle, runs=[run], decision=empty)
    assert set(refused.value.fields) == {"number", "signatory"}
    with pytest.raises(Invalid):
        services.propose(actor=publisher, cycle=cycle, runs=[run, run], decision=decision())
    elsewhere = make_block()
    other = scored({make_agency(block=elsewhere): POINTS[0]}, block=elsewhere, year=2024)
    with pytest.raises(Invalid):
        services.propose(actor=publisher, cycle=cycle, runs=[run_of(other)], decision=decision())
    assert not Publication.objects.exists()


def test_one_decision_has_one_signatory(block, agencies):
    publish(block)
    change(block, agencies[0], "1.1.1", "50")
    run = run_of(block)
    wrong = services.DecisionData(number="12/QĐ-UBND", date=decision().date, signatory="Người khác")
    with pytest.raises(Invalid) as refused:
        services.propose(
            actor=actor(Role.PUBLISHER), cycle=block.cycle, runs=[run], decision=wrong, notice="Đính chính"
        )
    assert list(refused.value.fields) == ["signatory"]


def test_an_interim_run_is_not_published(block):
    asked = ranking.queue_run(cycle_block=block, stage="round_1", actor=None, dispatch=False)
    interim = ranking.work(asked.pk)
    with pytest.raises(Invalid):
        propose(interim)
