"""The pages of an amendment: the secretary's plan and list, what agencies are told, what assessors see beside."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agencies.models import Role
from parindex.audit.services import record
from parindex.clock import db_now
from scoring.assessment.models import Amendment, Scoresheet, SecondLook, SheetState, Window
from tests.assessment.amendment.ground import CHANGED, Ground, fill, make_ground
from tests.assessment.amendment.test_supplement import hand_in, look_again
from tests.factories import person

pytestmark = pytest.mark.django_db
DAY = {"effective_on": "01/09/2025", "note": "Theo Quyết định 1/QĐ-UBND"}


def client(user: Any) -> Client:
    found = Client()
    found.force_login(user)
    return found


def url(ground: Ground) -> str:
    return reverse("cycles:amend", args=[ground.year.cycle_block.pk])


def post(ground: Ground, **more: Any) -> Any:
    page = client(ground.secretary).get(url(ground))
    data = {"set": ground.newer.pk, "key": page.context["plan"].key} | DAY | more
    return client(ground.secretary).post(url(ground), data)


def test_the_block_leads_to_the_plan_and_the_plan_to_the_list():
    ground = make_ground(2)
    for agency, state in zip(ground.year.agencies, ("drafting", "appraising"), strict=True):
        fill(ground, agency, state, marked=state == "appraising")
    block = client(ground.secretary).get(reverse("cycles:block", args=[ground.year.cycle_block.pk]))
    assert url(ground) in block.content.decode()
    page = client(ground.secretary).get(url(ground))
    assert page.status_code == 200
    assert not Amendment.objects.exists()
    answer = post(ground)
    made = Amendment.objects.get()
    assert answer.url == reverse("cycles:amendment", args=[made.pk])
    assert made.note == DAY["note"]
    listed = client(ground.secretary).get(answer.url)
    assert listed.context["total"] == SecondLook.objects.count() == 3 * len(CHANGED)
    for wanted, count in (("?who=agency", 12), ("?who=appraiser", 6), ("?state=done", 0)):
        assert len(client(ground.secretary).get(answer.url + wanted).context["page_obj"]) == count
    table = client(ground.secretary).get(reverse("cycles:amendment_list", args=[made.pk]))
    assert len(table.content.decode("utf-8-sig").splitlines()) == 1 + 18


def test_a_second_click_finds_it_done():
    ground = make_ground()
    first = post(ground)
    data = {"set": ground.newer.pk, "key": "old"} | DAY
    again = client(ground.secretary).post(url(ground), data)
    assert again.url == first.url
    assert Amendment.objects.count() == 1


def test_a_final_scoresheet_leads_to_the_council_that_reopens_it():
    ground = make_ground()
    council = reverse("appraisal:council", args=[ground.year.cycle_block.public_id])
    assert council not in client(ground.secretary).get(url(ground)).content.decode()
    Scoresheet.objects.update(state=SheetState.FINALISED)
    page = client(ground.secretary).get(url(ground)).content.decode()
    assert f'href="{council}"' in page
    assert client(ground.secretary).get(council).status_code == 200


def test_a_stale_plan_is_told_and_keeps_what_was_typed():
    ground = make_ground()
    answer = post(ground, key="0" * 32)
    assert answer.status_code == 409
    assert DAY["note"] in answer.content.decode()
    assert not Amendment.objects.exists()


def test_faults_stand_beside_their_fields():
    ground = make_ground()
    fill(ground, ground.year.agencies[0], SheetState.SUBMITTED)
    Window.objects.filter(stage="self_assessment").update(closes=db_now() - timedelta(hours=1))
    answer = post(ground, effective_on="")
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"effective_on", "self_assessment_until"}
    late = (db_now() + timedelta(days=60)).strftime("%d/%m/%Y")
    answer = post(ground, self_assessment_until=late)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"self_assessment_until"}


def test_without_a_later_version_the_page_says_what_to_do():
    ground = make_ground()
    ground.amend()
    page = client(ground.secretary).get(url(ground))
    assert page.status_code == 200
    assert reverse("criteria:copy", args=[ground.newer.pk]) in page.content.decode()


def test_an_agency_reads_exactly_what_changed_and_keeps_an_answer_from_there():
    ground = make_ground()
    agency = ground.year.agencies[0]
    fill(ground, agency, SheetState.SUBMITTED)
    ground.amend()
    editor = client(ground.person(agency, Role.EDITOR))
    sheet = ground.new(agency)
    home = editor.get(reverse("workspace:home")).content.decode()
    page_url = reverse("workspace:amendment", args=[sheet.public_id])
    assert page_url in home
    assert str(ground.old(agency).public_id) not in home
    page = editor.get(page_url)
    lines = page.context["changes"].lines
    assert [line.change for line in lines] == [
        "renamed", "maximum", "rule", "split", "split", "merged", "new", "maximum", "gone",
    ]  # fmt: skip
    assert page.context["changes"].waiting == len(CHANGED)
    text = page.content.decode()
    for told in ("Tỷ lệ hồ sơ đúng hạn", "1,8", "2,7", "Sáng kiến", DAY["note"]):
        assert told in text
    answer = ground.answer(sheet, "1.3")
    done = editor.post(reverse("workspace:keep", args=[answer.public_id]), {"list": "1"})
    assert done.url == f"{page_url}#change-{answer.public_id}"
    assert editor.get(page_url).context["changes"].waiting == len(CHANGED) - 1
    shown = editor.get(reverse("workspace:sheet", args=[sheet.public_id]) + "?area=1").content.decode()
    assert page_url in shown
    assert reverse("workspace:keep", args=[answer.public_id]) not in shown


def test_the_earlier_sheet_is_read_and_takes_nothing():
    ground = make_ground()
    agency = ground.year.agencies[0]
    fill(ground, agency, SheetState.DRAFTING)
    old = ground.old(agency)
    answer = ground.answer(old, "1.1")
    ground.amend()
    editor = client(ground.person(agency, Role.EDITOR))
    page = editor.get(reverse("workspace:sheet", args=[old.public_id]))
    assert page.status_code == 200
    assert reverse("workspace:sheet", args=[ground.new(agency).public_id]) in page.content.decode()
    for name in ("print", "history", "check"):
        assert editor.get(reverse(f"workspace:{name}", args=[old.public_id])).status_code == 200
    key = answer.public_id.hex
    sent = editor.post(
        reverse("workspace:answer", args=[answer.public_id]),
        {"version": "1", "note": "mới", f"{key}-value": "false"},
    )
    assert sent.status_code == 409
    answer.refresh_from_db()
    assert answer.note == "Ghi chú 1.1"
    assert editor.get(reverse("workspace:amendment", args=[old.public_id])).status_code == 302


def test_another_agency_sees_nothing_of_it():
    ground = make_ground(2)
    first, second = ground.year.agencies
    fill(ground, first, SheetState.SUBMITTED)
    ground.amend()
    stranger = client(ground.person(second, Role.EDITOR))
    sheet = ground.new(first)
    assert stranger.get(reverse("workspace:amendment", args=[sheet.public_id])).status_code == 404
    answer = ground.answer(sheet, "1.3")
    assert stranger.post(reverse("workspace:keep", args=[answer.public_id])).status_code == 404
    assert SecondLook.objects.filter(done_at__isnull=False).count() == 0


def test_an_assessor_sees_what_stood_before_and_begins_from_it():
    ground = make_ground()
    agency = ground.year.agencies[0]
    fill(ground, agency, SheetState.APPRAISING, marked=True)
    old = ground.answer(ground.old(agency), "1.3")
    ground.amend()
    assessor = client(ground.assessor)
    leaf = reverse("appraisal:leaf", args=[ground.answer(ground.new(agency), "1.3").public_id])
    stale = assessor.get(reverse("appraisal:leaf", args=[old.public_id]))
    assert stale.url == reverse("appraisal:worklist")  # the sheet is its agency's again
    assert assessor.get(leaf).status_code == 404
    look_again(ground, agency)
    hand_in(ground, agency)
    page = assessor.get(leaf)
    assert page.context["earlier"].marks[0].last.reason == "Vòng 1"
    assert page.context["form"].initial["reason"] == "Vòng 1"
    listed = assessor.get(reverse("appraisal:worklist") + "?state=second_look")
    assert len(listed.context["page_obj"]) == len(CHANGED)
    sent = assessor.post(reverse("appraisal:leaf", args=[old.public_id]), {"round": "1", "version": "1"})
    assert sent.url == leaf
    assert old.marks.count() == 1


def test_overseers_read_a_replaced_sheet_once_it_was_submitted():
    ground = make_ground(2)
    first, second = ground.year.agencies
    fill(ground, first, SheetState.REVIEWING, marked=True)
    fill(ground, second, SheetState.DRAFTING)
    ground.amend()
    secretary = client(ground.secretary)
    for agency, status in ((first, 200), (second, 404)):
        sheet = ground.old(agency)
        leaf = ground.answer(sheet, "2.4")
        assert secretary.get(reverse("appraisal:sheet", args=[sheet.public_id])).status_code == status
        assert secretary.get(reverse("appraisal:leaf", args=[leaf.public_id])).status_code == status
    assessor = client(ground.assessor)
    assert assessor.get(reverse("appraisal:sheet", args=[ground.old(first).public_id])).status_code == 404


def queries(user: Any, address: str) -> int:
    found = client(user)
    found.get(address)
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert found.get(address).status_code == 200
    return len(caught)


def test_pages_take_the_same_number_of_queries_for_one_agency_and_for_three():
    counts = []
    for agencies in (1, 3):
        ground = make_ground(agencies)
        for agency in ground.year.agencies:
            fill(ground, agency, SheetState.APPRAISING, marked=True)
        plan = queries(ground.secretary, url(ground))
        made = ground.amend()
        agency = ground.year.agencies[0]
        sheet = ground.new(agency)
        counts.append(
            (
                plan,
                queries(ground.secretary, reverse("cycles:amendment", args=[made.pk])),
                queries(
                    ground.person(agency, Role.EDITOR), reverse("workspace:amendment", args=[sheet.public_id])
                ),
            )
        )
        Scoresheet.objects.filter(pk=sheet.pk).update(state=SheetState.FINALISED)
    assert counts[0] == counts[1]


def test_the_act_takes_the_same_number_of_queries_for_one_agency_and_for_three():
    counts = []
    record(actor=None, action="demo.loaded", obj=None)
    for agencies in (1, 3):
        ground = make_ground(agencies)
        for agency in ground.year.agencies:
            fill(ground, agency, SheetState.APPRAISING, marked=True)
        ground.actor(ground.secretary)
        with CaptureQueriesContext(connection) as caught:
            ground.amend()
        counts.append(len(caught))
    assert counts == [50, 50]


def test_only_the_secretary_reaches_the_plan():
    ground = make_ground()
    for role in (Role.COUNCIL_MEMBER, Role.INSPECTOR):
        assert client(person(role)).get(url(ground)).status_code == 403
