"""Survey, external and office points from files: rehearsed, stored whole or not at all, replaced with history."""

from __future__ import annotations

import io
import re
import zipfile
from decimal import Decimal

import openpyxl
import pytest
from django.core.management import CommandError, call_command

from agencies.actors import actor_for
from agencies.models import Role
from parindex.audit.access import visible_entries
from parindex.audit.models import AuditEntry
from parindex.errors import NotPermitted
from scoring.assessment.models import ImportBatch, ImportedPoints, SheetState
from scoring.assessment.points_file import UnreadableFile, read_points_file, write_csv, write_xlsx
from scoring.assessment.services.imports import ImportRefused, import_points
from tests.assessment.appraisal.ground import Province, make_province
from tests.factories import person

D = Decimal


@pytest.fixture
def province(db) -> Province:
    return make_province()


def bring(province: Province, text: str | bytes, name: str = "diem.csv", **more):
    data = text.encode() if isinstance(text, str) else text
    return import_points(
        cycle_block=province.year.cycle_block,
        actor=more.pop("actor", None) or province.secretary(),
        data=data,
        file_name=name,
        **more,
    )


def current(province: Province, code: str) -> dict[str, Decimal]:
    rows = ImportedPoints.objects.filter(current=True, criterion__code=code)
    return {row.scoresheet.participation.agency.name: row.points for row in rows}


def workbook(*rows: tuple[object, ...], percent: str = "") -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if percent:
        book.active[percent].number_format = "0.00%"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "agency,criterion,pct\nSở Y tế,3.1,91.17\n",
        "\ufeffagency;criterion;pct\r\nso y te;3.1;91,17\r\n",
        'agency,criterion,pct\nso-y-te,3.1,"91,17"\n',
        "Cơ quan;Mã tiêu chí;Tỷ lệ %\nSỞ Y TẾ;3.1;91,17 %\n",
    ],
)
def test_a_mean_in_percent_in_the_ways_people_write_it(province, text):
    report = bring(province, text)
    assert report.is_clean and report.count("new") == 1
    assert current(province, "3.1") == {"Sở Y tế": D("2.735100")}
    row = ImportedPoints.objects.get()
    assert row.inputs == {"pct": "91.17"} and row.trace["expression"] == "91.17 × 3 / 100"


def test_counts_of_options_are_weighted_by_the_rule(province):
    bring(province, "agency,criterion,A,B,C\nSở Y tế,3.1,30,15,5\nSở Tư pháp,3.1,10,0,0\n")
    assert current(province, "3.1") == {"Sở Y tế": D("2.340000"), "Sở Tư pháp": D("3.000000")}


def test_office_points_with_a_note(province):
    bring(province, "agency,criterion,points,note\nSở Y tế,3.2,1.75,Thường trực Tỉnh ủy chấm\n")
    row = ImportedPoints.objects.get()
    assert (row.points, row.applicable_max, row.note) == (D("1.75"), D(2), "Thường trực Tỉnh ủy chấm")


def test_a_dry_run_tells_every_row_and_stores_nothing(province):
    bring(province, "agency,criterion,pct\nSở Y tế,3.1,50\n")
    report = bring(
        province, "agency,criterion,pct\nSở Y tế,3.1,60\nSở Tư pháp,3.1,70\nSở Lạ,3.1,1\n", dry_run=True
    )
    assert [row.status for row in report.rows] == ["replaced", "new", "error"]
    assert (report.rows[0].before, report.rows[0].points) == (D("1.5"), D("1.8"))
    assert ImportBatch.objects.count() == 1 and current(province, "3.1") == {"Sở Y tế": D("1.5")}


def test_nobody_imports_the_office_points_of_the_own_house(province):
    text = "agency,criterion,points\nSở Nội vụ,3.2,1.75\nSở Y tế,3.2,1.75\n"
    with pytest.raises(ImportRefused) as caught:
        bring(province, text)
    assert [row.status for row in caught.value.report.rows] == ["error", "new"]
    assert "cơ quan khác" in caught.value.report.rows[0].messages[0] and not ImportBatch.objects.exists()
    other = actor_for(person(Role.SECRETARY, province.office))
    assert bring(province, text, actor=other).count("new") == 2


def test_a_dry_run_tells_nothing_of_what_stands_for_the_own_house(province):
    text = "agency,criterion,pct\nSở Nội vụ,3.1,50\nSở Y tế,3.1,50\n"
    first = bring(province, text, dry_run=True)
    bring(province, text)
    for report in (first, bring(province, text, dry_run=True)):
        assert (report.rows[0].status, report.rows[0].before) == ("own", None)
    assert report.rows[1].status == "unchanged"
    other = actor_for(person(Role.SECRETARY, province.office))
    assert bring(province, text, actor=other, dry_run=True).rows[0].before == D("1.5")
    assert bring(province, text).changes == 0 and ImportBatch.objects.count() == 1


def test_the_record_shows_no_figures_of_the_own_house(province):
    home, other = province.secretary(), actor_for(person(Role.SECRETARY, province.office))
    bring(province, "agency,criterion,pct\nSở Nội vụ,3.1,50\nSở Y tế,3.1,50\n")
    bring(province, "agency,criterion,pct\nSở Y tế,3.1,60\n")

    def told(reader) -> list[str]:
        entries = visible_entries(reader).filter(action__startswith="points.import")
        return [f"{entry.action} {entry.after.get('points', '')}" for entry in entries.order_by("seq")]

    assert [line.split()[0] for line in told(home)] == [
        "points.import",
        "points.import",
        "points.import_figures",
    ]
    assert "so-noi-vu" not in str(told(home)) and "so-noi-vu" in str(told(other))
    assert len(told(other)) == 4


def test_importing_again_replaces_and_keeps_the_history(province):
    bring(province, "agency,criterion,pct\nSở Y tế,3.1,50\n")
    bring(province, "agency,criterion,pct\nSở Y tế,3.1,60\n")
    assert current(province, "3.1") == {"Sở Y tế": D("1.8")}
    assert sorted(ImportedPoints.objects.values_list("points", "current")) == [
        (D("1.5"), False),
        (D("1.8"), True),
    ]
    report = bring(province, "agency,criterion,pct\nSở Y tế,3.1,60\n")
    assert report.count("unchanged") == 1 and report.batch is None
    assert ImportBatch.objects.count() == 2
    assert AuditEntry.objects.filter(action="points.import").count() == 2


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("Sở Lạ,3.1,50", "Unknown agency"),
        ("Văn phòng UBND tỉnh,3.1,50", "does not take part"),
        (",3.1,50", "agency is missing"),
        ("Sở Y tế,9.9,50", "not a leaf"),
        ("Sở Y tế,3,50", "not a leaf"),
        ("Sở Y tế,1.1,50", "self-assessed"),
        ("Sở Y tế,3.1,101", "between 0 and 100"),
        ("Sở Y tế,3.1,-1", "negative"),
        ("Sở Y tế,3.1,nhiều", "Enter a number"),
        ("Sở Y tế,3.1,", "no value"),
        ("Sở Y tế,3.2,50", "points"),
    ],
)
def test_a_wrong_row_stores_nothing(province, row, told, settings):
    from django.utils import translation

    with translation.override("en"), pytest.raises(ImportRefused) as caught:
        bring(province, f"agency,criterion,pct\nSở Tư pháp,3.1,70\n{row}\n")
    (wrong,) = caught.value.report.errors
    assert wrong.line == 3 and told in " ".join(wrong.messages)
    assert not ImportedPoints.objects.exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("agency,criterion,A,D\nSở Y tế,3.1,3,4\n", "no option"),
        ("agency,criterion,A,B,C\nSở Y tế,3.1,0,0,0\n", "add up to 0"),
        ("agency,criterion,A,B,C\nSở Y tế,3.1,1.5,0,0\n", "whole number"),
        ("agency,criterion,A,B,C\nSở Y tế,3.1,1,,0\n", "B: Not answered"),
        ("agency,criterion,pct,A\nSở Y tế,3.1,50,4\n", ""),
        ("agency,criterion,points\nSở Y tế,3.1,2\n", "percentage or counts"),
        ("agency,criterion,points\nSở Y tế,3.2,2.5\n", "at most 2"),
        ("agency,criterion,points\nSở Y tế,3.2,1.1\n", "steps of"),
        ("agency,criterion,points\nSở Y tế,3.2,1\nSở Y tế,3.2,1\n", "Line 2"),
        ("agency,criterion\nSở Y tế,3.2\n", "No column"),
        ("agency,pct\nSở Y tế,3\n", "criterion"),
        ("agency,criterion,pct,pct\nSở Y tế,3.1,3,3\n", "twice"),
        ("agency,criterion,pct\nSở Y tế,3.1,91,17\n", "more cells"),
        ("", "empty"),
        ("agency,criterion,pct\n", "no rows"),
    ],
)
def test_other_faults_are_told_too(province, text, told):
    from django.utils import translation

    with translation.override("en"), pytest.raises(ImportRefused) as caught:
        bring(province, text)
    report = caught.value.report
    assert told in " ".join([report.fault, *(message for row in report.errors for message in row.messages)])
    assert not ImportedPoints.objects.exists()


def test_what_a_profile_leaves_out_and_final_sheets_take_no_points(province):
    participation = province.year.sheet(province.health).participation
    participation.profiles = ["no_tthc"]
    participation.save()
    with pytest.raises(ImportRefused):
        bring(province, "agency,criterion,pct\nSở Y tế,3.1,50\n")
    province.move(province.justice, SheetState.FINALISED)
    with pytest.raises(ImportRefused):
        bring(province, "agency,criterion,pct\nSở Tư pháp,3.1,50\n")


def test_only_the_secretary_imports(province):
    for actor in (province.assessor(province.home), province.council()):
        with pytest.raises(NotPermitted):
            bring(province, "agency,criterion,pct\nSở Y tế,3.1,50\n", actor=actor)


# workbooks -----------------------------------------------------------------------------------------


def test_a_workbook_with_text_numbers_and_a_percent_format(province):
    data = workbook(
        ("agency", "criterion", "pct"), ("Sở Y tế", "3.1", 0.9117), ("Sở Tư pháp", 3.1, 70), percent="C2"
    )
    assert bring(province, data, "diem.xlsx").is_clean
    assert current(province, "3.1") == {"Sở Y tế": D("2.7351"), "Sở Tư pháp": D("2.1")}


def test_the_template_goes_round(province):
    heading = ("agency", "criterion", "title", "A", "B", "C")
    rows = [("Sở Y tế", "3.1", "Khảo sát", "3", "", "")]
    for data, name in ((write_csv(heading, rows), "m.csv"), (write_xlsx(heading, rows), "m.xlsx")):
        (row,) = read_points_file(data, name)
        assert (row.agency, row.criterion, row.counts, row.criterion_is_number) == (
            "Sở Y tế",
            "3.1",
            {"A": "3"},
            False,
        )
    assert b"'=HYPERLINK" in write_csv(heading, [("=HYPERLINK(1)", "3.1")])


def zipped(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/"), data)
    return out.getvalue()


HOSTILE = {
    "a zip of something else": zipped(**{"word__document.xml": b"<a/>"}),
    "a torn zip": workbook(("agency", "criterion", "pct"))[:300],
    "macros": zipped(
        **{"[Content_Types].xml": b"<Types/>", "xl__workbook.xml": b"<w/>", "xl__vbaProject.bin": b"x"}
    ),
    "a bomb": zipped(
        **{
            "[Content_Types].xml": b"<Types/>",
            "xl__workbook.xml": b"<w/>",
            "xl__a.xml": b"0" * 61 * 1024 * 1024,
        }
    ),
    "entities": zipped(
        **{
            "[Content_Types].xml": b'<!DOCTYPE x [<!ENTITY a "b">]><Types>&a;</Types>',
            "xl__workbook.xml": b'<!DOCTYPE x [<!ENTITY a "b">]><workbook>&a;</workbook>',
        }
    ),
    "another encoding": "agency,criterion,pct\nSở Y tế,3.1,50\n".encode("utf-16"),
    "bytes": b"agency,criterion,pct\n\x00\x01\xff\xfe",
    "an old workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 600,
    "an open quote": b'agency,criterion,pct\n"S\xe1\xbb\x9f Y t\xe1\xba\xbf,3.1,50\n',
    "too large": b"agency,criterion,pct\n" + b"x" * (2 * 1024 * 1024),
    "too many rows": b"agency,criterion,pct\n" + b"a,3.1,1\n" * 20_001,
    "too many columns": b"agency,criterion,pct" + b",x" * 70 + b"\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused(name):
    for file_name in ("diem.csv", "diem.xlsx"):
        with pytest.raises(UnreadableFile):
            read_points_file(HOSTILE[name], file_name)


@pytest.mark.parametrize("row", [b'"S\xe1\xbb\x9f', b'"S"x,3.1,50', b"x" * 140_000 + b",3.1,50"])
def test_what_is_no_csv_is_said_in_the_readers_language(row):
    with pytest.raises(UnreadableFile) as caught:
        read_points_file(b"agency,criterion,pct\n" + row + b"\n", "diem.csv")
    assert str(caught.value).startswith("Không đọc được tệp CSV: có dấu ngoặc kép")
    assert not re.search(r"field|expected|unexpected|delimiter", str(caught.value))


def test_a_code_that_lost_its_zero_is_not_guessed():
    data = workbook(("agency", "criterion", "pct"), ("Sở Y tế", 3.1, 50))
    (row,) = read_points_file(data, "diem.xlsx")
    assert row.criterion_is_number and row.criterion == "3.1"


# the command ---------------------------------------------------------------------------------------


def test_the_command_rehearses_and_stores(province, tmp_path):
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("agency;criterion;pct\nSở Y tế;3.1;50\n", encoding="utf-8")
    bad.write_text("agency;criterion;pct\nSở Y tế;3.1;500\n", encoding="utf-8")
    out = io.StringIO()
    call_command("import_points", 2025, good, "--block", "so ban nganh", "--dry-run", stdout=out)
    assert "2\tnew\tSở Y tế\t3.1\t1" in out.getvalue() and not ImportedPoints.objects.exists()
    call_command("import_points", 2025, good, "--block", "Sở, ban, ngành", stdout=out)
    assert ImportBatch.objects.get().by is None
    for arguments in ((2025, bad), (2031, good), (2025, tmp_path / "none.csv")):
        with pytest.raises(CommandError):
            call_command("import_points", *arguments, "--block", "Sở, ban, ngành", stdout=out)
    with pytest.raises(CommandError):
        call_command("import_points", 2025, good, "--block", "Khối lạ", stdout=out)
    assert ImportedPoints.objects.count() == 1
