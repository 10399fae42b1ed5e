"""The pages of the appraising side: what they show, to whom, in how many queries."""

from __future__ import annotations

import base64
import re
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation

from agencies.actors import Actor
from agencies.models import Membership, Role
from parindex.clock import db_now
from scoring.assessment.models import (
    Answer,
    Assignment,
    Explanation,
    ExplanationRequest,
    ImportedPoints,
    Mark,
    SheetState,
    Stage,
)
from scoring.assessment.services.cycles import grant_extension
from tests.assessment.appraisal.ground import Province, make_province, plain_user
from tests.factories import UserFactory, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english(settings):
    """Texts are looked for in the language of the code."""
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


@pytest.fixture
def province() -> Province:
    province = make_province()
    province.move_all(SheetState.SUBMITTED)
    return province


def client_of(actor: Actor) -> Client:
    client = Client()
    client.force_login(plain_user(actor))
    client.cookies["django_language"] = "en"
    return client


def leaf_url(province: Province, agency, code: str = "1.1", name: str = "leaf") -> str:
    return reverse(f"appraisal:{name}", args=[province.answer(agency, code).public_id])


def block_url(province: Province, name: str, *more: str) -> str:
    return reverse(f"appraisal:{name}", args=[province.year.cycle_block.public_id, *more])


def block_pk(province: Province) -> int:
    return province.year.cycle_block.pk


def sheet_url(province: Province, agency, name: str = "sheet") -> str:
    return reverse(f"appraisal:{name}", args=[province.sheet(agency).public_id])


def text_of(response) -> str:
    return response.content.decode()


# the list ------------------------------------------------------------------------------------------


def test_the_list_shows_what_is_left_and_never_the_own_house(province):
    client = client_of(province.assessor(province.home))
    for query in ("", "?by=agency", "?by=criterion", "?state=all", "?q=so+y+te", "?criterion=1"):
        page = text_of(client.get(reverse("appraisal:worklist") + query))
        assert "Sở Nội vụ</" not in page.split('class="page')[1], query
    page = text_of(client.get(reverse("appraisal:worklist")))
    assert leaf_url(province, province.health) in page
    assert leaf_url(province, province.home) not in page
    assert leaf_url(province, province.health, "2.1") not in page
    assert leaf_url(province, province.justice, "2.1") in page
    assert "<strong>5</strong> left of 5" in page


def test_the_filters_narrow(province):
    assessor = province.assessor(province.home)
    client = client_of(assessor)
    listed = reverse("appraisal:worklist")
    client.post(leaf_url(province, province.health), mark_data(province, province.health))
    assert leaf_url(province, province.health) not in text_of(client.get(listed))
    assert leaf_url(province, province.health) in text_of(client.get(listed + "?state=marked"))
    assert leaf_url(province, province.justice) not in text_of(client.get(listed + "?agency=so-y-te"))
    assert leaf_url(province, province.justice) in text_of(client.get(listed + "?q=TƯ PHÁP"))
    assert leaf_url(province, province.justice) not in text_of(client.get(listed + "?q=y tế"))
    assert leaf_url(province, province.justice, "1.2") not in text_of(client.get(listed + "?criterion=1.1"))
    assert leaf_url(province, province.justice, "1.2") in text_of(client.get(listed + "?criterion=1"))
    province.ask_not_applicable(province.justice, "1.2")
    assert leaf_url(province, province.justice, "1.2") in text_of(
        client.get(listed + "?state=not_applicable")
    )
    assert client.get(listed + "?state=x&by=x&year=x&page=x&block=x&agency=x&criterion=x").status_code == 200


def test_explained_criteria_are_to_do_again_in_round_2(province):
    assessor = province.assessor(province.home)
    answer = explained(province)
    client = client_of(assessor)
    listed = reverse("appraisal:worklist")
    page = text_of(client.get(listed + "?agency=so-y-te"))
    assert leaf_url(province, province.health) in page and "explanation answered" in page
    assert leaf_url(province, province.health, "1.2") not in page
    assert str(answer.public_id) in text_of(client.get(listed + "?state=answered"))


def explained(province: Province) -> Answer:
    answer = province.answer(province.health, "1.1")
    now = db_now()
    for one in province.answers(province.health):
        Mark.objects.create(
            answer=one,
            round=1,
            by=UserFactory(),
            points=0,
            applicable_max=1,
            trace=TRACE,
            at=now,
            reason="Thiếu",
        )
    request = ExplanationRequest.objects.create(
        answer=answer, question="Văn bản nào?", asked_by=UserFactory(), asked_at=now
    )
    Explanation.objects.create(request=request, text="LỜI-GIẢI-TRÌNH", by=UserFactory(), at=now)
    province.move(province.health, SheetState.REAPPRAISING)
    return answer


TRACE = {
    "steps": [],
    "expression": "0",
    "sign": "=",
    "points": "0",
    "max": "1",
    "applicable_max": "1",
    "clamp": None,
}


def mark_data(province: Province, agency, code: str = "1.1", **more):
    answer = province.answer(agency, code)
    return {
        "version": answer.version,
        "round": 1,
        "how": "inputs",
        "in-value": "true",
        "reason": "Theo báo cáo",
        **more,
    }


@pytest.mark.parametrize("scored", [0, 2])
@pytest.mark.parametrize("query", ["", "?by=agency", "?by=criterion"])
def test_queries_of_the_list(django_assert_num_queries, scored, query):
    province = make_province(scored=scored)
    province.move_all(SheetState.SUBMITTED)
    client = client_of(province.assessor(province.home))
    with django_assert_num_queries(15):
        client.get(reverse("appraisal:worklist") + query)


# a sheet -------------------------------------------------------------------------------------------


def test_a_sheet_shows_the_leaves_of_the_reader_alone(province):
    province.declare(province.health, "1.2", {"numerator": 88, "denominator": 111})
    page = text_of(client_of(province.assessor(province.home)).get(sheet_url(province, province.health)))
    assert "88 / 111" in page and leaf_url(province, province.health, "2.1") not in page
    assert "Bonus and penalty" not in page
    page = text_of(client_of(province.council()).get(sheet_url(province, province.health)))
    assert leaf_url(province, province.health, "2.1") in page and "Bonus and penalty" in page


def test_an_own_house_and_an_absent_sheet_look_the_same(province):
    client = client_of(province.assessor(province.home))
    absent = client.get(reverse("appraisal:sheet", args=["00000000-0000-4000-8000-000000000000"]))
    for url in (
        sheet_url(province, province.home),
        leaf_url(province, province.home),
        leaf_url(province, province.home, name="preview"),
        leaf_url(province, province.health, "2.1"),
    ):
        response = client.get(url)
        assert response.status_code == absent.status_code == 404
    province.move(province.health, SheetState.DRAFTING)
    assert client.get(sheet_url(province, province.health)).status_code == 404


def test_a_former_colleague_sees_nothing_of_the_former_house(province):
    user = person(Role.ASSESSOR, province.home)
    Membership.objects.create(
        user=user,
        role=Role.EDITOR,
        agency=province.health,
        starts_on=date(2019, 1, 1),
        ends_on=date(2020, 1, 1),
    )
    client = Client()
    client.force_login(user)
    for query in ("", "?by=agency", "?state=all"):
        page = text_of(client.get(reverse("appraisal:worklist") + query))
        assert "Sở Y tế" not in page and "Sở Tư pháp" in page
    assert client.get(sheet_url(province, province.health)).status_code == 404


def test_an_explanation_is_read_once_it_was_sent(province):
    explained(province)
    client = client_of(province.assessor(province.home))
    for url in (sheet_url(province, province.health), leaf_url(province, province.health)):
        province.move(province.health, SheetState.EXPLAINING)
        assert "LỜI-GIẢI-TRÌNH" not in text_of(client.get(url))
        province.move(province.health, SheetState.REAPPRAISING)
        assert "LỜI-GIẢI-TRÌNH" in text_of(client.get(url))


@pytest.mark.parametrize("marked", [1, 3])
def test_queries_of_a_sheet_and_a_leaf(django_assert_num_queries, province, marked):
    now = db_now()
    for answer in province.answers(province.health)[:marked]:
        Mark.objects.create(
            answer=answer, round=1, by=UserFactory(), points=0, applicable_max=1, trace=TRACE, at=now
        )
    client = client_of(province.secretary())
    with django_assert_num_queries(21):
        client.get(sheet_url(province, province.health))
    client = client_of(province.assessor(province.home))
    with django_assert_num_queries(23):
        client.get(leaf_url(province, province.health))


# marking -------------------------------------------------------------------------------------------


def test_marking_goes_on_to_the_next_by_the_filter(province):
    client = client_of(province.assessor(province.home))
    url = leaf_url(province, province.health)
    page = text_of(client.get(url))
    assert "2 of 2" in page
    assert "1 of 2" in text_of(client.get(url + "?by=agency"))
    response = client.post(url + "?by=agency", mark_data(province, province.health))
    assert response.status_code == 302
    assert response["Location"] == leaf_url(province, province.health, "1.2") + "?by=agency"
    assert Mark.objects.get().points == 1
    response = client.post(
        leaf_url(province, province.health, "1.2"),
        mark_data(province, province.health, "1.2", how="points", points="0,75", stay="1"),
    )
    assert response["Location"] == leaf_url(province, province.health, "1.2")
    assert Mark.objects.order_by("-pk")[0].inputs is None


def test_the_last_one_leads_back_to_the_list(province):
    client = client_of(province.assessor(province.home))
    url = leaf_url(province, province.health) + "?agency=so-y-te&criterion=1.1"
    response = client.post(url, mark_data(province, province.health))
    assert response["Location"].startswith(reverse("appraisal:worklist") + "?")


def test_what_was_typed_stays_when_it_is_refused(province):
    province.declare(province.health, "1.2", {"numerator": 88, "denominator": 111})
    client = client_of(province.assessor(province.home))
    url = leaf_url(province, province.health, "1.2")
    data = {"in-numerator": "120", "in-denominator": "111", "reason": "MỘT-LÝ-DO"}
    response = client.post(url, mark_data(province, province.health, "1.2", **data))
    page = text_of(response)
    assert (
        response.status_code == 422
        and "MỘT-LÝ-DO" in page
        and 'value="120"' in page
        and "is more than" in page
    )
    response = client.post(
        url, mark_data(province, province.health, "1.2", how="points", points="9", reason="MỘT-LÝ-DO")
    )
    assert response.status_code == 422 and 'value="9"' in text_of(response)
    response = client.post(
        url,
        mark_data(
            province, province.health, "1.2", **{"in-numerator": "85", "in-denominator": "111", "reason": ""}
        ),
    )
    assert response.status_code == 422 and "give the reason" in text_of(response)


def test_two_people_both_texts(province):
    one, two = (client_of(province.assessor(province.home)) for _ in range(2))
    url = leaf_url(province, province.health)
    stale = mark_data(province, province.health, reason="VĂN-BẢN-HAI", **{"in-value": "false"})
    one.post(url, mark_data(province, province.health, reason="VĂN-BẢN-MỘT"))
    response = two.post(url, stale)
    page = text_of(response)
    assert response.status_code == 409 and "VĂN-BẢN-MỘT" in page and "VĂN-BẢN-HAI" in page
    assert two.post(url, {**stale, "version": 1}).status_code == 302
    assert Mark.objects.count() == 2


def test_the_preview_comes_from_the_server_and_saves_nothing(province):
    client = client_of(province.assessor(province.home))
    url = leaf_url(province, province.health, "1.2", "preview")
    page = text_of(client.get(url, {"how": "inputs", "in-numerator": "85", "in-denominator": "111"}))
    assert "1.148649" in page and "reason is required" in page
    assert "0.5" in text_of(client.get(url, {"how": "points", "points": "0,5"}))
    assert client.get(url).status_code == 200
    assert not Mark.objects.exists()


def test_a_question_and_a_decision(province):
    client = client_of(province.assessor(province.home))
    data = mark_data(province, province.health, ask="on", offers_question="1", question="")
    assert client.post(leaf_url(province, province.health), data).status_code == 422
    data["question"] = "Văn bản nào?"
    assert client.post(leaf_url(province, province.health), data).status_code == 302
    assert ExplanationRequest.objects.get().question == "Văn bản nào?"
    client.post(leaf_url(province, province.health, name="take_back"))
    assert ExplanationRequest.objects.get().taken_back_at is not None
    province.ask_not_applicable(province.justice, "1.1")
    decide = leaf_url(province, province.justice, name="decide")
    assert client.post(decide, {"decision": "grant", "version": 0}).status_code == 422
    for wrong in ({"decision": "perhaps"}, {}):
        response = client.post(decide, {**wrong, "version": 0, "reason": "Đúng"})
        assert response.status_code == 422 and "grant or to refuse" in text_of(response)
    assert province.answer(province.justice, "1.1").applicability == "requested"
    assert client.post(decide, {"decision": "grant", "version": 0, "reason": "Đúng"}).status_code == 302
    assert province.answer(province.justice, "1.1").applicability == "granted"
    assert client.get(leaf_url(province, province.justice)).status_code == 200


def test_every_kind_of_reader_gets_a_leaf(province):
    for actor in (province.secretary(), province.council(), province.assessor(province.home)):
        assert client_of(actor).get(leaf_url(province, province.health)).status_code == 200
    province.move(province.health, SheetState.REVIEWING)
    page = text_of(client_of(province.council()).get(leaf_url(province, province.health)))
    assert "mark-form" in page
    response = client_of(province.council()).post(
        leaf_url(province, province.health),
        mark_data(province, province.health, round=3, how="points", points="0.5"),
    )
    assert response.status_code == 302 and Mark.objects.get().round == 3


def test_the_bulk_act_names_every_row_first(province):
    client = client_of(province.assessor(province.home))
    answers = [province.answer(province.health, code) for code in ("1.1", "1.2")]
    data = {"pick": [f"{a.public_id}:{a.version}" for a in answers], "back": reverse("appraisal:worklist")}
    page = text_of(client.post(reverse("appraisal:bulk"), data))
    assert "2 criteria will be marked" in page and "2 unanswered get 0" in page and not Mark.objects.exists()
    response = client.post(reverse("appraisal:bulk"), {**data, "confirm": "1"})
    assert response.status_code == 302 and Mark.objects.filter(in_bulk=True).count() == 2
    foreign = province.answer(province.home, "1.1")
    assert client.post(reverse("appraisal:bulk"), {"pick": [f"{foreign.public_id}:0"]}).status_code == 404
    for wrong in ("x:0", "z" * 36 + ":0"):
        assert client.post(reverse("appraisal:bulk"), {"pick": [wrong]}).status_code == 302
    assert client.post(reverse("appraisal:bulk"), {"pick": ["x:0"], "back": "//evil.example"})[
        "Location"
    ] == reverse("appraisal:worklist")


# rounds, council, points ---------------------------------------------------------------------------


def test_the_secretary_closes_on_a_page_that_names_every_sheet(province):
    client = client_of(province.secretary())
    url = block_url(province, "close", "round_1")
    page = text_of(client.get(url))
    for agency in (province.home, province.justice, province.health):
        assert agency.name in page
    assert leaf_url(province, province.health) in page and leaf_url(province, province.home) not in page
    assert "9 criteria lack a mark" in page
    key = page.split('name="key" value="')[1][:32]
    assert client.post(url, {"key": key}).status_code == 422
    for agency in (province.home, province.justice, province.health):
        for answer in province.answers(agency):
            Mark.objects.create(
                answer=answer, round=1, by=UserFactory(), points=0, applicable_max=1, trace=TRACE, at=db_now()
            )
    province.move_all(SheetState.APPRAISING)
    page = text_of(client.get(url))
    key = page.split('name="key" value="')[1][:32]
    chosen = {"key": key, "partial": "1", "sheet": [str(province.sheet(province.health).public_id)]}
    looked = text_of(client.post(url, {**chosen, "look": "1"}))
    assert "1 scoresheet moves on" in looked
    key = looked.split('name="key" value="')[1][:32]
    assert client.post(url, {**chosen, "key": key}).status_code == 302
    assert province.sheet(province.health).state == SheetState.REVIEWING
    assert province.sheet(province.justice).state == SheetState.APPRAISING


def test_the_closing_page_counts_the_gaps_of_the_own_house_and_names_none(province):
    page = text_of(client_of(province.secretary()).get(block_url(province, "close", "round_1")))
    row = page.split(f'<th scope="row">{province.home.name}</th>')[1].split("</tr>")[0]
    assert "3 <" in row and not re.search(r"\b[12]\.[12]\b", row)


def test_the_closing_page_says_that_an_extension_is_needed_once_the_time_is_over(province):
    client = client_of(province.secretary())
    url, link = (
        block_url(province, "close", "round_1"),
        reverse("cycles:extensions", args=[block_pk(province)]),
    )
    page = text_of(client.get(url))
    assert link not in page and "Mark 6 without a mark" in page
    province.shut(Stage.ROUND_1)
    page = text_of(client.get(url))
    assert link in page and "An extension is needed first" in page and "on 3 scoresheets" in page
    assert "without a mark…" not in page and page.count("time over") == 3
    grant_extension(
        actor=province.secretary(),
        cycle_block=province.year.cycle_block,
        agency=province.health,
        stage=Stage.ROUND_1,
        closes=db_now() + timedelta(days=1),
        letter_number="9/SNV",
    )
    page = text_of(client.get(url))
    assert "on 2 scoresheets" in page and "Mark 3 without a mark" in page
    for agency in (province.home, province.justice):
        Mark.objects.bulk_create(
            Mark(answer=one, round=1, by=UserFactory(), points=0, applicable_max=1, trace=TRACE, at=db_now())
            for one in province.answers(agency)
        )
    assert link not in text_of(client.get(url))


def test_the_other_stages_have_their_page_too(province):
    client = client_of(province.secretary())
    province.shut(Stage.SELF_ASSESSMENT)
    province.move(province.health, SheetState.DRAFTING)
    for stage in ("self_assessment", "explanation", "round_2"):
        assert client.get(block_url(province, "close", stage)).status_code == 200
    assert client.get(block_url(province, "close", "council")).status_code == 404
    page = text_of(client.get(block_url(province, "close", "self_assessment")))
    client.post(
        block_url(province, "close", "self_assessment"), {"key": page.split('name="key" value="')[1][:32]}
    )
    assert province.sheet(province.health).state == SheetState.SUBMITTED


@pytest.mark.parametrize("scored", [0, 2])
def test_queries_of_the_block_pages(django_assert_num_queries, scored):
    province = make_province(scored=scored)
    province.move_all(SheetState.SUBMITTED)
    client = client_of(province.secretary())
    for name, expected in (("rounds", 15), ("council", 15), ("assignments", 7), ("points", 9)):
        with django_assert_num_queries(expected):
            client.get(block_url(province, name))
    with django_assert_num_queries(12):
        client.get(block_url(province, "close", "round_1"))
    with django_assert_num_queries(6):
        client.get(reverse("appraisal:blocks"))


def test_the_councils_page_and_the_bulk_finalising(province):
    province.move_all(SheetState.REVIEWING)
    client = client_of(province.secretary())
    page = text_of(client.get(block_url(province, "council") + "?sort=-gap"))
    assert "Sở Y tế" in page and sheet_url(province, province.home) not in page
    picked = [
        f"{s.public_id}:{s.version}"
        for s in (province.sheet(province.health), province.sheet(province.justice))
    ]
    page = text_of(client.post(block_url(province, "finalise"), {"sheet": picked}))
    assert "2 scoresheets become final" in page and "1.1, 1.2, 2.1, 3.1, 3.2" in page
    assert client.post(block_url(province, "finalise"), {"sheet": picked, "confirm": "1"}).status_code == 302
    assert province.sheet(province.health).state == SheetState.REVIEWING
    own = province.sheet(province.home)
    assert client.post(block_url(province, "finalise"), {"sheet": f"{own.public_id}:0"}).status_code == 302
    assert province.sheet(province.home).state == SheetState.REVIEWING


def test_council_acts_on_a_sheet(province):
    province.move(province.health, SheetState.REVIEWING)
    client = client_of(province.council())
    assert (
        client.post(sheet_url(province, province.health, "return"), {"return-reason": ""}).status_code == 422
    )
    client.post(sheet_url(province, province.health, "return"), {"return-reason": "Xem lại"})
    assert province.sheet(province.health).state == SheetState.REAPPRAISING
    bonus = {"kind": "bonus", "points": "1,5", "reason": "Sáng kiến"}
    client.post(sheet_url(province, province.health, "adjust"), bonus)
    given = province.sheet(province.health).adjustments.get()
    response = client.post(sheet_url(province, province.health, "adjust"), {**bonus, "points": "50"})
    assert response.status_code == 422 and "at most 5" in text_of(response)
    client.post(reverse("appraisal:void", args=[given.public_id]), {"reason": "Nhập nhầm"})
    given.refresh_from_db()
    assert given.voided_at is not None
    province.move(province.health, SheetState.FINALISED)
    assert client.post(sheet_url(province, province.health, "reopen"), {}).status_code == 422
    client.post(
        sheet_url(province, province.health, "reopen"),
        {"reopen-decision_number": "5/QĐ-UBND", "reopen-reason": "Đính chính"},
    )
    assert province.sheet(province.health).state == SheetState.REVIEWING
    assert client.post(sheet_url(province, province.health, "return"), {}).status_code == 422


def test_assignments_are_named_on_their_page(province):
    assessor = province.assessor(province.home)
    client = client_of(province.secretary())
    url = block_url(province, "assignments")
    assert plain_user(assessor).full_name in text_of(client.get(url + "?criterion=1.1"))
    client.post(url, {"criterion": "1.1", "assessors": [plain_user(assessor).pk]})
    assert Assignment.objects.get().assessor == plain_user(assessor)
    assert client.post(url, {"criterion": "1.1", "assessors": [999999]}).status_code == 422
    assert client.get(url + "?criterion=9").status_code == 404


def test_points_come_in_by_a_dry_run_first(province):
    client = client_of(province.secretary())
    url = block_url(province, "points")
    data = "agency;criterion;pct\nSở Y tế;3.1;50\n".encode()
    page = text_of(client.post(url, {"file": SimpleUploadedFile("diem.csv", data)}))
    assert "1 new, 0 replaced" in page and not ImportedPoints.objects.exists()
    kept = base64.b64encode(data).decode()
    assert kept in page
    assert client.post(url, {"kept": kept, "name": "diem.csv", "confirm": "1"}).status_code == 302
    assert ImportedPoints.objects.get().batch.file_name == "diem.csv"
    wrong = SimpleUploadedFile("diem.csv", "agency;criterion;pct\nSở Lạ;3.1;50\n".encode())
    response = client.post(url, {"file": wrong})
    assert response.status_code == 422 and "Unknown agency" in text_of(response)
    assert client.post(url, {}).status_code == 422
    assert client.post(url, {"kept": "%%%", "confirm": "1"}).status_code == 422


@pytest.mark.parametrize("extension", ["csv", "xlsx"])
def test_templates_are_for_the_agencies_and_leaves_of_the_block(province, extension):
    client = client_of(province.secretary())
    response = client.get(block_url(province, "template", "survey", extension))
    assert response.status_code == 200 and response["Content-Disposition"].endswith(f'.{extension}"')
    if extension == "csv":
        assert "Sở Y tế;3.1;" in response.content.decode("utf-8-sig")
    assert client.get(block_url(province, "template", "appraisal", extension)).status_code == 404


def test_who_has_no_business_here(province):
    editor = client_of(Actor(user=person(Role.EDITOR, province.health)))
    assert editor.get(reverse("appraisal:worklist")).status_code == 403
    assessor = client_of(province.assessor(province.home))
    for name in ("rounds", "council", "assignments", "points"):
        assert assessor.get(block_url(province, name)).status_code == 403
    inspector = client_of(Actor(user=person(Role.INSPECTOR)))
    assert inspector.get(block_url(province, "rounds")).status_code == 200
    assert inspector.get(sheet_url(province, province.home)).status_code == 200
    assert inspector.get(block_url(province, "points")).status_code == 403
    assert (
        inspector.post(leaf_url(province, province.health), mark_data(province, province.health)).status_code
        == 403
    )
    assert Client().get(reverse("appraisal:worklist")).status_code == 302


def test_a_sheet_that_the_council_sent_back_takes_marks_on_every_leaf_and_says_why(province):
    sheet = province.move(province.health, SheetState.REVIEWING)
    client_of(province.council()).post(
        sheet_url(province, province.health, "return"), {"return-reason": "XEM-LẠI-1.2"}
    )
    assessor = client_of(province.assessor(province.home))
    for url in (sheet_url(province, province.health), leaf_url(province, province.health, "1.2")):
        assert "XEM-LẠI-1.2" in text_of(assessor.get(url))
    data = mark_data(province, province.health, "1.2", round=2, how="points", points="1")
    assert assessor.post(leaf_url(province, province.health, "1.2"), data).status_code == 302
    assert Mark.objects.get(answer__scoresheet=sheet).round == 2


def test_the_mean_of_a_block_leaves_own_houses_out(province):
    for agency, points in ((province.home, 1), (province.justice, 0)):
        Mark.objects.create(
            answer=province.answer(agency, "1.1"),
            round=1,
            by=UserFactory(),
            points=points,
            applicable_max=1,
            trace=TRACE,
            at=db_now(),
        )
    page = text_of(client_of(province.assessor(province.home)).get(leaf_url(province, province.health)))
    assert "1 marked" in page
    page = text_of(client_of(province.council()).get(leaf_url(province, province.health)))
    assert "2 marked" in page


@pytest.mark.parametrize("scored", [0, 2])
@pytest.mark.parametrize("model", ["scoresheet", "answer", "mark", "adjustment", "importbatch"])
def test_the_administration_lists_and_hides(django_assert_num_queries, scored, model):
    province = make_province(scored=scored)
    province.move_all(SheetState.SUBMITTED)
    for sheet in province.year.sheets:
        answer = Answer.objects.filter(scoresheet=sheet)[0]
        Mark.objects.create(
            answer=answer, round=1, by=UserFactory(), points=1, applicable_max=1, trace=TRACE, at=db_now()
        )
    client = client_of(province.secretary())
    with django_assert_num_queries(ADMIN_QUERIES[model]):
        page = text_of(client.get(reverse(f"admin:scoring_{model}_changelist")))
    assert "Sở Nội vụ</" not in page.split('id="changelist"')[1]
    if model in ("scoresheet", "answer", "mark"):
        assert "Sở Y tế" in page


ADMIN_QUERIES = {"scoresheet": 8, "answer": 8, "mark": 8, "adjustment": 7, "importbatch": 8}


def test_a_mark_in_the_administration_is_told_in_words(province):
    province.declare(province.health, "1.2", {"numerator": 88, "denominator": 111})
    answer = province.answer(province.health, "1.2")
    mark = Mark.objects.create(
        answer=answer,
        round=1,
        by=UserFactory(),
        inputs=answer.inputs,
        points=answer.self_points,
        applicable_max=answer.applicable_max,
        trace=answer.trace,
        at=db_now(),
    )
    client = client_of(province.secretary())
    for name, pk in (("mark", mark.pk), ("answer", answer.pk)):
        page = text_of(client.get(reverse(f"admin:scoring_{name}_change", args=[pk])))
        assert "88 / 111" in page and "numerator" not in page
