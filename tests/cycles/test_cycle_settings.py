"""The settings of a cycle: defaults, grades by block, every fault with its place."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from scoring.assessment.cycle_settings import CycleSettings
from scoring.engine import SettingsErrors, grade_of

GRADES = [
    {"label": "Xuất sắc", "ge": "90"},
    {"label": "Tốt", "ge": "80", "lt": "90"},
    {"label": "Khá", "lt": "80"},
]


def test_nothing_given_takes_the_defaults() -> None:
    settings = CycleSettings.parse(None)
    assert settings == CycleSettings.parse({})
    ranking = settings.ranking_for("any")
    assert (ranking.digits, ranking.rounding, ranking.rank_on, ranking.ties) == (
        2,
        "half_up",
        "printed",
        "competition",
    )
    assert settings.clamp and settings.depth == "area" and ranking.grades == ()


def test_the_file_of_a_past_year_is_read_by_the_same_parser() -> None:
    settings = CycleSettings.parse(
        {"digits": 1, "rounding": "down", "rank_on": "exact", "ties": "dense", "grades": GRADES}
    )
    assert settings.ranking.digits == 1 and grade_of(Decimal("85"), settings.ranking.grades) == "Tốt"


def test_grades_of_a_block_replace_the_general_ones() -> None:
    settings = CycleSettings.parse(
        {"digits": 3, "grades": GRADES, "grades_by_block": {"xa": [{"label": "Đạt", "ge": "50"}]}}
    )
    assert [grade.label for grade in settings.ranking_for("phuong").grades] == ["Xuất sắc", "Tốt", "Khá"]
    own = settings.ranking_for("xa")
    assert [grade.label for grade in own.grades] == ["Đạt"] and own.digits == 3


def test_a_block_with_grades_of_its_own_keeps_all_other_settings() -> None:
    general = {
        "digits": 1,
        "rounding": "down",
        "rank_on": "exact",
        "ties": "dense",
        "tie_breakers": ["survey"],
    }
    settings = CycleSettings.parse(general | {"grades_by_block": {"xa": [{"label": "Đạt", "ge": "50"}]}})
    own, other = settings.ranking_for("xa").as_dict(), settings.ranking_for("phuong").as_dict()
    assert own.pop("grades") and not other.pop("grades")
    assert own == other and own["tie_breakers"] == ["survey"]


def test_an_index_is_printed_as_rankings_print_it() -> None:
    settings = CycleSettings.parse({"digits": 1, "rounding": "down"})
    assert str(settings.printed_index("xa", Decimal(2), Decimal(3))) == "66.6"
    assert settings.printed_index("xa", Decimal(0), Decimal(0)) is None
    assert settings.printed_index("xa", Decimal(4), Decimal(3)) == 100
    free = CycleSettings.parse({"clamp": False})
    assert str(free.printed_index("xa", Decimal(4), Decimal(3))) == "133.33"


def test_what_is_saved_is_read_to_the_same() -> None:
    data = {
        "digits": 3,
        "grades": GRADES,
        "grades_by_block": {"xa": GRADES[:2]},
        "clamp": False,
        "depth": "leaf",
        "substitutes": {"so-tu-phap": "so-noi-vu"},
        "default_substitute": "van-phong-ubnd-tinh",
    }
    settings = CycleSettings.parse(data)
    assert CycleSettings.parse(settings.as_dict()) == settings
    assert settings.substitute_for("so-tu-phap") == "so-noi-vu"
    assert settings.substitute_for("so-tai-chinh") == "van-phong-ubnd-tinh"
    assert settings.substitute_for("van-phong-ubnd-tinh") == ""


def test_a_gap_between_grades_is_a_warning() -> None:
    settings = CycleSettings.parse(
        {"grades_by_block": {"xa": [{"label": "Tốt", "ge": "80"}, {"label": "Yếu", "lt": "50"}]}}
    )
    assert [problem.path for problem in settings.warnings] == ["grades_by_block.xa"]


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"digits": 9}, "digits"),
        ({"digits": "two"}, "digits"),
        ({"rounding": "up"}, "rounding"),
        ({"ties": "none"}, "ties"),
        ({"rank_on": "points"}, "rank_on"),
        ({"colour": "red"}, "colour"),
        ({"grades": [{"label": "A", "ge": "x"}]}, "grades[0].ge"),
        ({"grades": [{"label": "", "ge": "1"}]}, "grades[0].label"),
        ({"grades_by_block": {"xa": [{"label": "A", "ge": "5"}, {"label": "B", "ge": "3", "lt": "6"}]}},
         "grades_by_block.xa[1]"),
        ({"grades_by_block": []}, "grades_by_block"),
        ({"clamp": "yes"}, "clamp"),
        ({"depth": "all"}, "depth"),
        ({"depth": ["leaf"]}, "depth"),
        ({"substitutes": ["a"]}, "substitutes"),
        ({"substitutes": {"a": "a"}}, "substitutes.a"),
        ({"substitutes": {"a": 5}}, "substitutes.a"),
        ({"default_substitute": 5}, "default_substitute"),
        ([], ""),
    ],
)  # fmt: skip
def test_every_fault_is_named_with_its_place(data: Any, place: str) -> None:
    with pytest.raises(SettingsErrors) as refused:
        CycleSettings.parse(data)
    assert [problem.path for problem in refused.value.problems] == [place]
