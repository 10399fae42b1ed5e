"""The pages that set up a year: what they show, what they keep, how many queries they take."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from agencies.models import Role
from parindex.clock import db_now
from scoring.assessment.models import Cycle, CycleBlock, Extension, Participation, Scoresheet, Stage
from scoring.assessment.queries.cycles import current_cycles, cycles_overview, participants
from scoring.assessment.services import cycles, opening
from tests.cycles.test_services import prepared
from tests.factories import person
from tests.factories_scoring import make_agency, make_block, make_set, open_cycle

pytestmark = pytest.mark.django_db
HANOI = ZoneInfo("Asia/Ho_Chi_Minh")


def client(role: Role = Role.SECRETARY) -> Client:
    made = Client()
    made.force_login(person(role))
    return made


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_the_whole_set_up_of_a_year_by_its_pages() -> None:
    secretary = client()
    block = make_block("Sở, ban, ngành")
    criteria_set = make_set(block=block)
    agencies = [make_agency(f"Sở thử {number}", block=block) for number in range(3)]
    secretary.post(reverse("cycles:new"), {"year": "2025", "title": "", "copy_from": ""})
    cycle = Cycle.objects.get()
    secretary.post(reverse("cycles:cycle", args=[cycle.pk]), {"block": block.pk})
    made = CycleBlock.objects.get()
    assert made.criteria_set == criteria_set and made.participations.count() == 3
    windows = {}
    for number, stage in enumerate(Stage):
        windows |= {f"{stage}_opens": f"2025-1{number % 3}-01", f"{stage}_closes": f"2025-1{number % 3}-30"}
    windows[f"{Stage.COUNCIL}_closes_at"] = "17:00"
    answer = secretary.post(reverse("cycles:windows", args=[made.pk]), windows)
    assert answer.status_code == 302
    window = made.windows.get(stage=Stage.ROUND_1)
    assert window.opens == datetime(2025, 11, 1, tzinfo=HANOI)
    assert window.closes == datetime(2025, 12, 1, tzinfo=HANOI)
    assert made.windows.get(stage=Stage.COUNCIL).closes == datetime(2025, 11, 30, 17, tzinfo=HANOI)
    page = secretary.get(reverse("cycles:windows", args=[made.pk])).content.decode()
    assert 'value="2025-11-30"' in page and 'value="2025-12-01"' in page and 'value="17:00"' in page
    one = Participation.objects.get(agency=agencies[0])
    secretary.post(reverse("cycles:participation", args=[one.pk]), {"profiles": ["no_tthc"]})
    one.refresh_from_db()
    assert one.profiles == ["no_tthc"] and one.ranked is False
    confirm = text(secretary.get(reverse("cycles:open", args=[made.pk])))
    assert all(agency.name in confirm for agency in agencies) and "Cơ quan không có thủ tục" in confirm
    assert not Scoresheet.objects.exists()
    secretary.post(reverse("cycles:open", args=[made.pk]))
    secretary.post(reverse("cycles:open", args=[made.pk]))
    assert Scoresheet.objects.count() == 3
    page = text(secretary.get(reverse("cycles:block", args=[made.pk])))
    assert "đang tự chấm" in page and "0 / 7" in page and "0 / 8" in page
    late = make_agency("Sở thử muộn", block=block)
    secretary.post(reverse("cycles:agencies", args=[made.pk]), {"all": "1"})
    assert Scoresheet.objects.filter(participation__agency=late).exists()


def test_an_extension_is_typed_as_its_last_day() -> None:
    year = open_cycle(agencies=1)
    last = (db_now() + timedelta(days=60)).astimezone(HANOI).date()
    url = reverse("cycles:extensions", args=[year.cycle_block.pk])
    secretary = client()
    data = {
        "agency": year.agencies[0].pk,
        "stage": Stage.SELF_ASSESSMENT,
        "closes": last.isoformat(),
        "letter_number": "7/SNV",
        "reason": "Bão",
    }
    assert secretary.post(url, data | {"letter_number": " "}).status_code == 400
    assert secretary.post(url, data).status_code == 302
    extension = Extension.objects.get()
    following = last + timedelta(days=1)
    assert extension.closes == datetime(following.year, following.month, following.day, tzinfo=HANOI)
    page = text(secretary.get(url))
    assert f"{last:%d/%m/%Y} 24:00" in page and "7/SNV" in page and "Bão" in page
    assert f"{last:%d/%m/%Y} 24:00" in text(
        secretary.get(reverse("cycles:block", args=[year.cycle_block.pk]))
    )


def test_what_was_typed_stays_beside_its_error() -> None:
    made = prepared()
    url = reverse("cycles:windows", args=[made.pk])
    data = {
        "self_assessment_opens": "2025-11-10",
        "self_assessment_closes": "2025-11-01",
        "round_1_opens": "2025-12-24",
    }
    answer = client().post(url, data)
    assert answer.status_code == 400
    page = answer.content.decode()
    assert 'value="2025-11-10"' in page and 'value="2025-12-24"' in page
    assert "Nhập cả ngày cuối" in page
    answer = client().post(url, data | {"round_1_closes": "2025-12-25"})
    assert answer.status_code == 400 and "phải sau" in answer.content.decode()


def test_no_set_no_block() -> None:
    cycle = cycles.create_cycle(actor=None, year=2025)
    block = make_block()
    answer = client().post(reverse("cycles:cycle", args=[cycle.pk]), {"block": block.pk})
    assert answer.status_code == 400 and "chưa có bộ tiêu chí" in answer.content.decode()
    assert not CycleBlock.objects.exists()


def test_obstacles_stand_on_the_opening_page() -> None:
    made = prepared(locked=False)
    url = reverse("cycles:open", args=[made.pk])
    assert "bản nháp" in client().get(url).content.decode()
    assert client().post(url).status_code == 409
    assert not Scoresheet.objects.exists()


def test_a_set_is_chosen_on_the_page_of_the_block() -> None:
    made = prepared()
    other, foreign = make_set(block=made.block), make_set()
    url = reverse("cycles:choose_set", args=[made.pk])
    client().post(url, {"criteria_set": foreign.pk})
    made.refresh_from_db()
    assert made.criteria_set not in (other, foreign)
    client().post(url, {"criteria_set": other.pk})
    made.refresh_from_db()
    assert made.criteria_set == other


def settings_data(**changed: str) -> dict[str, str]:
    data = {
        "digits": "3", "rounding": "down", "rank_on": "exact", "ties": "dense", "depth": "leaf",
        "default_substitute": "",
        "grades-TOTAL_FORMS": "3", "grades-INITIAL_FORMS": "0",
        "grades-0-label": "Xuất sắc", "grades-0-low_kind": "ge", "grades-0-low": "90,5",
        "grades-1-label": "Tốt", "grades-1-low_kind": "gt", "grades-1-low": "70",
        "grades-1-high_kind": "lt", "grades-1-high": "90,5",
        "grades-2-label": "", "grades-2-low_kind": "ge", "grades-2-high_kind": "lt",
    }  # fmt: skip
    return data | changed


def test_settings_are_fields_and_nobody_types_json() -> None:
    made = prepared()
    appraiser = make_agency("Sở Tư pháp", block=made.block)
    criteria_set = make_set(block=made.block, appraiser=appraiser)
    cycles.choose_set(actor=None, cycle_block=made, criteria_set=criteria_set)
    opening.add_participations(actor=None, cycle_block=made, agencies=[appraiser])
    url = reverse("cycles:settings", args=[made.cycle_id])
    prefix = f"grades_{made.block_id}"
    data = settings_data(**{
        f"own_{made.block_id}": "on",
        f"{prefix}-TOTAL_FORMS": "1", f"{prefix}-INITIAL_FORMS": "0",
        f"{prefix}-0-label": "Đạt", f"{prefix}-0-low_kind": "ge", f"{prefix}-0-low": "50",
        "substitute-so-tu-phap": "so-noi-vu", "default_substitute": "so-noi-vu",
    })  # fmt: skip
    answer = client().post(url, data)
    assert answer.status_code == 302, answer.content.decode()
    made.cycle.refresh_from_db()
    assert made.cycle.settings == {
        "digits": 3, "rounding": "down", "rank_on": "exact", "ties": "dense",
        "grades": [{"label": "Xuất sắc", "ge": "90.5"}, {"label": "Tốt", "gt": "70", "lt": "90.5"}],
        "grades_by_block": {made.block.slug: [{"label": "Đạt", "ge": "50"}]},
        "ranking_by_block": {}, "clamp": False, "depth": "leaf",
        "substitutes": {"so-tu-phap": "so-noi-vu"}, "default_substitute": "so-noi-vu",
    }  # fmt: skip
    page = client().get(url).content.decode()
    assert 'value="90,5"' in page and "Sở Tư pháp" in page
    words = text(client().get(reverse("cycles:cycle", args=[made.cycle_id])))
    assert "Sở Tư pháp → Sở Nội vụ" in words and "Xuất sắc, Tốt" in words


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"grades-1-high": "95"}, "Xếp loại, dòng 2"),
        ({"grades-0-low": "chín mươi"}, "Xếp loại, dòng 1"),
        ({"grades-2-low": "10"}, "Đặt tên cho mức xếp loại"),
        ({"grades-1-label": "xuất sắc"}, "Xếp loại, dòng 2"),
        ({"digits": "9"}, "Số chữ số thập phân"),
    ],
)
def test_a_wrong_setting_is_told_beside_its_field(changed: dict[str, str], told: str) -> None:
    cycle = cycles.create_cycle(actor=None, year=2025)
    before = cycle.settings
    answer = client().post(reverse("cycles:settings", args=[cycle.pk]), settings_data(**changed))
    assert answer.status_code == 400 and told in text(answer)
    assert "invalid-feedback" in answer.content.decode()
    cycle.refresh_from_db()
    assert cycle.settings == before


def test_a_gap_between_grades_is_only_a_note() -> None:
    cycle = cycles.create_cycle(actor=None, year=2025)
    url = reverse("cycles:settings", args=[cycle.pk])
    assert client().post(url, settings_data(**{"grades-1-high": "80"})).status_code == 302
    assert "note warn" in client().get(url).content.decode()


def test_who_only_reads_sees_no_buttons() -> None:
    made = prepared()
    reader = client(Role.INSPECTOR)
    for name, key in (("index", None), ("cycle", made.cycle_id), ("block", made.pk), ("windows", made.pk),
                      ("agencies", made.pk), ("extensions", made.pk)):  # fmt: skip
        page = reader.get(reverse(f"cycles:{name}", args=[key] if key else [])).content.decode()
        main = page[page.index("<main") :]
        assert "btn-primary" not in main and "<form" not in main, name


# Queries


def years(number: int) -> list[Any]:
    found = []
    for one in range(number):
        year = open_cycle(agencies=number, year=2030 + one)
        Extension.objects.create(
            cycle_block=year.cycle_block, agency=year.agencies[0], stage=Stage.ROUND_1, closes=db_now(),
            letter_number="1", granted_by=person(Role.SECRETARY), granted_at=db_now(),
        )  # fmt: skip
        found.append(year)
    return found


@pytest.mark.parametrize("number", [1, 3])
def test_reads_take_fixed_numbers_of_queries(django_assert_num_queries: Any, number: int) -> None:
    made = years(number)
    with django_assert_num_queries(7):
        views = cycles_overview()
    assert [len(view.blocks) for view in views] == [1] * number
    assert views[0].blocks[0].states[0].count == number
    block = CycleBlock.objects.select_related("criteria_set").get(pk=made[0].cycle_block.pk)
    with django_assert_num_queries(4):
        rows = participants(block)
        assert [row.agency.pk for row in rows] == [
            one.pk for one in sorted(made[0].agencies, key=lambda a: a.sort_key)
        ]
        assert [row.profile_names for row in rows] == [[]] * number
    assert {(row.leaves, row.answered, row.marked) for row in rows} == {(8, 0, 0)}
    with django_assert_num_queries(2):
        assert len(list(current_cycles())) == number


PAGES = {"index": 10, "cycle": 12, "block": 16, "windows": 9, "agencies": 14, "extensions": 11}


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("name", PAGES)
def test_pages_take_fixed_numbers_of_queries(django_assert_num_queries: Any, name: str, number: int) -> None:
    year = years(number)[0]
    key = {"index": [], "cycle": [year.cycle.pk]}.get(name, [year.cycle_block.pk])
    secretary = client()
    url = reverse(f"cycles:{name}", args=key)
    secretary.get(url)
    with django_assert_num_queries(PAGES[name]):
        assert secretary.get(url).status_code == 200
