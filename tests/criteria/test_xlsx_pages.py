"""Workbooks through the pages, the service and the command: rehearsed, annotated, stored whole, exported the same."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from agencies.models import Agency, Role
from scoring.criteria import services
from scoring.criteria.export import export_criteria_set, export_xlsx
from scoring.criteria.models import CriteriaSet, Criterion
from scoring.criteria.xlsx_write import write_workbook
from tests.criteria.files import SAMPLES, encoded, leaf, small
from tests.criteria.test_pages import client, hidden
from tests.criteria.workbooks import FILES, document, edited
from tests.factories import actor
from tests.factories_scoring import home_affairs, make_agency, make_block

pytestmark = pytest.mark.django_db


@pytest.fixture
def province() -> None:
    home_affairs()
    make_block("Sở, ban, ngành")
    make_block("Xã", slug="xa")
    for name in ("Sở Tư pháp", "Sở Tài chính", "Sở Khoa học và Công nghệ", "Văn phòng UBND tỉnh"):
        make_agency(name)


def upload(data: bytes, **more: Any) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("bộ tiêu chí.xlsx", data), **more}


def held(page: str) -> dict[str, str]:
    return {name: hidden(page, name) for name in ("content", "year", "block")}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_json_stored_exported_as_a_workbook_and_stored_again_is_identical(province: None, path: Path) -> None:
    first = services.import_criteria_set(actor=None, data=path.read_bytes()).criteria_set
    assert first is not None
    second = services.import_criteria_set(actor=None, data=export_xlsx(first))
    assert second.errors == () and second.criteria_set is not None
    assert export_criteria_set(second.criteria_set) == export_criteria_set(first)
    assert second.version == 2


def test_appraisers_go_out_by_name_and_come_back_though_two_share_it(province: None) -> None:
    twin = make_agency("Sở Tư pháp", slug="so-tu-phap-hai")
    given = small(leaf("1.1.1", appraiser="so-tai-chinh"), leaf("1.1.2", appraiser=twin.slug))
    first = services.import_criteria_set(actor=None, data=encoded(given)).criteria_set
    assert first is not None
    data = export_xlsx(first)
    sheet = openpyxl.load_workbook(io.BytesIO(data))["Bộ tiêu chí"]
    assert [sheet["K4"].value, sheet["K5"].value] == ["Sở Tài chính", twin.slug]
    again = services.import_criteria_set(actor=None, data=data).criteria_set
    assert again is not None and export_criteria_set(again) == export_criteria_set(first)


def test_a_workbook_is_rehearsed_row_by_row_then_stored(province: None) -> None:
    secretary = client()
    data = write_workbook(document(SAMPLES / "departments.json"))
    page = secretary.post(reverse("criteria:import"), upload(data, year="2027")).content.decode()
    assert not CriteriaSet.objects.exists()
    assert "Từng dòng của bảng" in page and "Văn phòng UBND tỉnh" in page
    assert reverse("criteria:annotated") not in page
    answer = secretary.post(reverse("criteria:store"), held(page))
    stored = CriteriaSet.objects.get()
    assert answer["Location"] == reverse("criteria:set", args=[stored.pk]) and stored.year == 2027
    export = secretary.get(reverse("criteria:export_xlsx", args=[stored.pk]))
    assert "so-ban-nganh-v1.xlsx" in export["Content-Disposition"]
    again = services.import_criteria_set(actor=None, data=export.content, dry_run=True)
    assert again.errors == () and again.version == 2


def test_errors_come_back_in_a_copy_of_the_file(province: None) -> None:
    def change(book: Any) -> None:
        book["Bộ tiêu chí"]["D4"] = "hai"
        book["Bộ tiêu chí"]["K5"] = "Sở Không có"
        book["Thông tin"]["B3"] = "Khối lạ"

    secretary = client()
    data = edited(change, small())
    page = secretary.post(reverse("criteria:import"), upload(data)).content.decode()
    for place in ("Bộ tiêu chí!D4", "Bộ tiêu chí!K5", "Thông tin!B3"):
        assert place in page
    assert reverse("criteria:store") not in page
    answer = secretary.post(reverse("criteria:annotated"), held(page))
    assert (
        answer["Content-Type"].startswith("application/vnd.openxmlformats")
        and "no-store" in answer["Cache-Control"]
    )
    copy = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert "hai" in copy["Bộ tiêu chí"]["D4"].comment.text
    assert "Sở Không có" in copy["Bộ tiêu chí"]["K5"].comment.text
    assert "Khối lạ" in copy["Thông tin"]["B3"].comment.text
    assert not CriteriaSet.objects.exists() and not Criterion.objects.exists()


def test_the_database_may_take_the_year_and_block_from_the_page(province: None) -> None:
    def change(book: Any) -> None:
        book["Thông tin"]["B2"] = book["Thông tin"]["B3"] = None

    data = edited(change, small())
    refused = services.import_criteria_set(actor=None, data=data)
    assert [error.place for error in refused.errors] == ["Thông tin!B2", "Thông tin!B3"]
    outcome = services.import_criteria_set(actor=actor(Role.SECRETARY), data=data, year=2030, block="xa")
    assert outcome.criteria_set is not None and outcome.criteria_set.year == 2030


@pytest.mark.parametrize("content", ["", "x", "UEsDBA==", "e30="])
def test_what_did_not_arrive_whole_is_asked_for_again(province: None, content: str) -> None:
    answer = client().post(reverse("criteria:annotated"), {"content": content})
    assert answer.status_code == 302 and answer["Location"] == reverse("criteria:import")


def test_any_upload_gets_a_page(province: None) -> None:
    good = write_workbook(small())
    for data in (
        b"PK\x03\x04",
        good[:500],
        good[:-30],
        b"PK\x05\x06" + b"\0" * 18,
        b"\xd0\xcf\x11\xe0" + b"\0" * 600,
    ):
        answer = client().post(reverse("criteria:import"), upload(data))
        assert answer.status_code == 200 and "chưa lưu gì" in answer.content.decode()


def test_the_template_is_offered_and_carries_the_province(province: None) -> None:
    secretary = client()
    assert reverse("criteria:template") in secretary.get(reverse("criteria:import")).content.decode()
    book = openpyxl.load_workbook(io.BytesIO(secretary.get(reverse("criteria:template")).content))
    listed = {cell.value for row in book["Danh mục"].iter_rows() for cell in row}
    assert {"Sở Tư pháp", "Sở, ban, ngành", "Theo khoảng"} <= listed


def test_the_command_takes_a_workbook(province: None, tmp_path: Path) -> None:
    path = tmp_path / "set.xlsx"
    path.write_bytes(write_workbook(small()))
    out = io.StringIO()
    call_command("import_criteria_set", path, "--lock", stdout=out)
    assert CriteriaSet.objects.get().locked_at and "2025" in out.getvalue()
    path.write_bytes(edited(lambda book: book["Bộ tiêu chí"].__setitem__("G4", "?"), small()))
    with pytest.raises(CommandError, match="Bộ tiêu chí!G4"):
        call_command("import_criteria_set", path)
    assert CriteriaSet.objects.count() == 1


@pytest.mark.parametrize("leaves", [1, 3])
def test_queries_of_an_export_and_a_rehearsal_stay_the_same(
    province: None, leaves: int, django_assert_num_queries: Any
) -> None:
    given = small(*(leaf(f"1.1.{number}", appraiser="so-tu-phap") for number in range(1, leaves + 1)))
    stored = services.import_criteria_set(actor=None, data=encoded(given)).criteria_set
    assert stored is not None
    with django_assert_num_queries(4):
        data = export_xlsx(CriteriaSet.objects.select_related("block").get())
    with django_assert_num_queries(4):
        services.import_criteria_set(actor=None, data=data, dry_run=True)


def test_the_pages_have_no_english(province: None) -> None:
    def change(book: Any) -> None:
        book["Bộ tiêu chí"]["D4"] = "hai"

    visitor: Client = client()
    page = visitor.post(reverse("criteria:import"), upload(edited(change, small()))).content.decode()
    for english in ("Row by row", "Download your", "passed over", "What became", ">read<"):
        assert english not in page
    assert Agency.objects.exists()
