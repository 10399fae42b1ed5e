"""Rankings that three provinces published, derived again from their points (tests/ranking/published/README.md)."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from scoring.assessment.models import ImportBatch, ImportedPoints, Scoresheet
from scoring.engine import mean
from scoring.ranking.models import RankingRun

PUBLISHED = Path(__file__).parent / "published"
pytestmark = pytest.mark.django_db


def rows_of(name: str, block: str) -> list[dict[str, str]]:
    with (PUBLISHED / name).open(encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["block"] == block]


def manual_set(**leaves: str) -> dict[str, Any]:
    """A set of typed leaves, each an area of its own."""
    return {
        "format": "parindex.criteria-set/1",
        "title": "Bảng điểm đã công bố",
        "year": 2020,
        "block": "khoi",
        "official": False,
        "decision": None,
        "effective_from": None,
        "total": str(sum(Decimal(maximum) for maximum in leaves.values())),
        "applicability_profiles": {},
        "bonus_cap": "0",
        "penalty_cap": "0",
        "areas": [
            {
                "code": str(number),
                "title": name,
                "max": maximum,
                "method": "office",
                "rule": {"kind": "manual", "step": "0.01"},
            }
            for number, (name, maximum) in enumerate(leaves.items(), start=1)
        ],
    }


def bring(
    folder: Path,
    year: int,
    block: str,
    criteria_set: dict[str, Any],
    points: str,
    settings: dict[str, Any] | None = None,
    **options: Any,
) -> str:
    """Run import_past_year on files in a folder and return what it printed."""
    (folder / "set.json").write_text(json.dumps(criteria_set, ensure_ascii=False), encoding="utf-8")
    (folder / "points.csv").write_text(points, encoding="utf-8")
    arguments: list[Any] = [
        year,
        "--block",
        block,
        "--set",
        folder / "set.json",
        "--points",
        folder / "points.csv",
    ]
    if settings is not None:
        (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
        arguments += ["--settings", folder / "settings.json"]
    out = io.StringIO()
    call_command("import_past_year", *map(str, arguments), stdout=out, **options)
    return out.getvalue()


def ranking(year: int, *arguments: str) -> list[dict[str, str]]:
    out = io.StringIO()
    call_command("compute_ranking", str(year), *arguments, stdout=out)
    return list(csv.DictReader(io.StringIO(out.getvalue())))


def table(*rows: tuple[str, ...]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def test_gia_lai_2020_departments(tmp_path: Path) -> None:
    """Twenty departments in the published order, index = points (S20, S21)."""
    published = rows_of("gia_lai_2020.csv", "sở, ban, ngành")
    points = table(
        ("agency", "criterion", "points", "max", "unranked"),
        *((row["agency"], "1", row["score"], "", "") for row in reversed(published)),
    )
    bring(tmp_path, 2020, "Sở, ban, ngành", manual_set(Tổng="100"), points)
    computed = ranking(2020, "--block", "so-ban-nganh")
    assert len(computed) == 20
    assert [row["agency"] for row in computed] == [row["agency"] for row in published]
    assert [row["rank"] for row in computed] == [row["rank"] for row in published]
    assert [Decimal(row["index"]) for row in computed] == [Decimal(row["score"]) for row in published]
    assert {row["max"] for row in computed} == {"100"}


def test_binh_duong_2017_districts(tmp_path: Path) -> None:
    """Appraisal of 65 and survey of 35; the printed mean is 78.39 (S17)."""
    published = rows_of("binh_duong_2017.csv", "UBND cấp huyện")
    points = table(
        ("agency", "criterion", "points"),
        *((row["agency"], "1", row["appraisal"]) for row in published),
        *((row["agency"], "2", row["survey"]) for row in published),
    )
    bring(tmp_path, 2017, "UBND cấp huyện", manual_set(Thẩm_định="65", Điều_tra="35"), points)
    computed = ranking(2017)
    assert [row["agency"] for row in computed] == [row["agency"] for row in published]
    assert [row["index"] for row in computed] == [row["index_pct"] for row in published]
    assert [row["rank"] for row in computed] == [row["rank"] for row in published]
    average = mean(Decimal(row["index"]) for row in computed)
    assert average is not None
    assert average.quantize(Decimal("0.01")) == Decimal("78.39")
    by_area = ranking(2017, "--by", "area")
    assert list(by_area[0]) == ["agency", "code", "title", "points", "max", "index", "rank", "grade"]
    assert len(by_area) == 18
    first = [row for row in by_area if row["code"] == "2" and row["rank"] == "1"]
    assert [row["agency"] for row in first] == ["Thị xã Tân Uyên"]


def test_binh_thuan_2018_four_maxima(tmp_path: Path) -> None:
    """Fewer points of a smaller maximum come first; 95.27 and 98.7 as printed are the source's own (S93)."""
    published = rows_of("binh_thuan_2018.csv", "sở, ngành")
    points = table(
        ("agency", "criterion", "points", "max"),
        *((r["agency"], "1", r["score"], r["max"]) for r in published),
    )
    bring(tmp_path, 2018, "sở, ngành", manual_set(Tổng="100"), points)
    computed = ranking(2018)
    assert [(row["agency"], row["index"], row["rank"]) for row in computed] == [
        ("Văn phòng UBND tỉnh", "98.69", "1"),
        ("Sở Nội vụ", "95.38", "2"),
        ("Ban Quản lý các KCN", "88.30", "3"),
        ("Thanh tra tỉnh", "83.06", "4"),
    ]
    assert [row["max"] for row in computed] == ["95", "98.5", "96.5", "89.5"]


def test_eight_equal_areas_all_full_are_exactly_100(tmp_path: Path) -> None:
    areas = {f"Lĩnh_vực_{n}": "12.5" for n in range(1, 9)}
    points = table(("agency", "criterion", "points"), *(("Cơ quan A", str(n), "12.5") for n in range(1, 9)))
    bring(tmp_path, 2019, "Khối tám", manual_set(**areas), points)
    [row] = ranking(2019)
    assert (row["points"], row["max"], row["index"]) == ("100", "100", "100.00")


def test_settings_ties_grades_and_agencies_outside(tmp_path: Path) -> None:
    rows = [("Đ", "90", ""), ("B", "90", ""), ("Z", "95", "1"), ("C", "79.995", ""), ("Ă", "40", "")]
    points = table(
        ("agency", "criterion", "points", "unranked"), *((name, "1", value, out) for name, value, out in rows)
    )
    grades = [{"label": "Xuất sắc", "ge": "90"}, {"label": "Tốt", "ge": "80", "lt": "90"}]
    bring(
        tmp_path,
        2016,
        "Khối",
        manual_set(Tổng="100"),
        points,
        {"digits": 2, "ties": "dense", "grades": grades},
    )
    assert [(r["agency"], r["rank"], r["grade"]) for r in ranking(2016)] == [
        ("B", "1", "Xuất sắc"),
        ("Đ", "1", "Xuất sắc"),
        ("C", "2", "Tốt"),  # 79.995 is printed 80.00, and what is printed decides
        ("Ă", "3", ""),
        ("Z", "", "Xuất sắc"),
    ]
    out = io.StringIO()
    call_command("compute_ranking", "2016", "--format", "json", stdout=out)
    assert json.loads(out.getvalue())[0] == {
        "agency": "B", "points": "90", "max": "100", "index": "90.00", "rank": "1", "grade": "Xuất sắc",
    }  # fmt: skip


def test_cut_instead_of_rounded_and_exact_ranks(tmp_path: Path) -> None:
    points = table(("agency", "criterion", "points"), ("A", "1", "62.62"), ("B", "1", "62.621"))
    settings = {"rounding": "down", "digits": 1, "rank_on": "exact"}
    bring(tmp_path, 2015, "Khối", manual_set(Tổng="70"), points, settings)
    assert [(r["agency"], r["index"], r["rank"]) for r in ranking(2015)] == [
        ("B", "89.4", "1"),
        ("A", "89.4", "2"),
    ]


def test_twice_changes_nothing_and_a_change_keeps_its_history(tmp_path: Path) -> None:
    text = table(("agency", "criterion", "points"), ("A", "1", "50"), ("B", "1", "60"))
    assert "2 new" in bring(tmp_path, 2014, "Khối", manual_set(Tổng="100"), text)
    ranking(2014)
    before = (Scoresheet.objects.count(), ImportedPoints.objects.count(), ImportBatch.objects.count())
    assert "0 new, 0 replaced, 2 unchanged" in bring(tmp_path, 2014, "khoi", manual_set(Tổng="100"), text)
    assert (Scoresheet.objects.count(), ImportedPoints.objects.count(), ImportBatch.objects.count()) == before
    ranking(2014)
    assert RankingRun.objects.filter(state="done").count() == 1  # the same inputs give the same run

    changed = text.replace("50", "70")
    assert "1 replaced" in bring(tmp_path, 2014, "Khối", manual_set(Tổng="100"), changed)
    assert [(r["agency"], r["rank"]) for r in ranking(2014)] == [("A", "1"), ("B", "2")]
    assert RankingRun.objects.filter(state="done").count() == 2
    assert ImportedPoints.objects.filter(current=False).count() == 1


def test_an_error_in_any_row_stores_nothing(tmp_path: Path) -> None:
    text = table(("agency", "criterion", "points"), ("A", "1", "50"), ("B", "1", "101"))
    with pytest.raises(CommandError, match="line 3"):
        bring(tmp_path, 2013, "Khối", manual_set(Tổng="100"), text)
    assert Scoresheet.objects.count() == 0
    with pytest.raises(CommandError, match="2013"):
        ranking(2013)


def test_a_rehearsal_stores_nothing(tmp_path: Path) -> None:
    text = table(("agency", "criterion", "points"), ("A", "1", "50"))
    assert "rehearsed" in bring(tmp_path, 2012, "Khối", manual_set(Tổng="100"), text, dry_run=True)
    assert Scoresheet.objects.count() == 0


def test_unknown_year_and_block(tmp_path: Path) -> None:
    bring(
        tmp_path,
        2011,
        "Khối",
        manual_set(Tổng="100"),
        table(("agency", "criterion", "points"), ("A", "1", "5")),
    )
    with pytest.raises(CommandError, match="1999"):
        ranking(1999)
    with pytest.raises(CommandError, match="Khối khác"):
        ranking(2011, "--block", "Khối khác")
