"""Places and grades."""

from decimal import Decimal

import pytest

from scoring.engine import RankingSettings, grade_of, rank

from .helpers import D, faults


def test_competition_and_dense() -> None:
    values: dict[str, Decimal | None] = {"a": D(90), "b": D(85), "c": D("85.00"), "d": D(70), "e": None}
    assert rank(values) == {"a": 1, "b": 2, "c": 2, "d": 4, "e": None}
    # Đà Nẵng 2008: 1, 2, 2, 3 (S56)
    assert rank(values, ties="dense") == {"a": 1, "b": 2, "c": 2, "d": 3, "e": None}
    assert rank({}) == {}
    with pytest.raises(ValueError, match="unknown"):
        rank(values, ties="olympic")


def test_two_first_places() -> None:
    # Châu Thành and Hòn Đất both first with 91 (S41)
    assert rank([("Châu Thành", D(91)), ("Hòn Đất", D("91.0"))]) == {"Châu Thành": 1, "Hòn Đất": 1}


def test_fewer_points_but_a_higher_percentage_is_first() -> None:
    # Bình Thuận 2018 (S93)
    index = {
        "Văn phòng UBND tỉnh": D("98.69"),
        "Sở Nội vụ": D("95.38"),
        "KCN": D("88.30"),
        "Thanh tra": D("83.06"),
    }
    assert list(rank(index).values()) == [1, 2, 3, 4]


def test_a_chain_breaks_ties_in_turn() -> None:
    values = {
        "a": (D(85), D(10), D(1)),
        "b": (D(85), D(12), D(1)),
        "c": (D(85), D(10), D(2)),
        "d": (D(85), None, D(9)),
        "e": (D(85), D(10), D(1)),
        "f": (None, D(99), D(9)),
    }
    assert rank(values) == {"b": 1, "c": 2, "a": 3, "e": 3, "d": 5, "f": None}
    assert rank(values, ties="dense")["d"] == 4
    assert rank({"a": [D(1), D(2)], "b": [D(1), D(3)]}) == {"a": 2, "b": 1}


# Nam Định 2020, departments (S42): I ≥ 90, II 80–<90
NAM_DINH = {"grades": [{"label": "Nhóm I", "ge": "90"}, {"label": "Nhóm II", "ge": "80", "lt": "90"}]}


def test_grades_with_open_and_closed_ends() -> None:
    settings = RankingSettings.parse(NAM_DINH)
    assert grade_of(D(90), settings.grades) == "Nhóm I"
    assert grade_of(D("89.99"), settings.grades) == "Nhóm II"
    assert grade_of(D(80), settings.grades) == "Nhóm II"
    assert grade_of(D("79.99"), settings.grades) is None
    assert grade_of(None, settings.grades) is None
    # a gap is allowed and shown
    assert [(one.path, one.code) for one in settings.warnings] == [("grades", "band_gap_below")]


def test_defaults() -> None:
    settings = RankingSettings.parse({})
    assert settings == RankingSettings() == RankingSettings.parse(None)
    assert settings.as_dict() == {
        "digits": 2,
        "rounding": "half_up",
        "rank_on": "printed",
        "ties": "competition",
        "grades": [],
    }
    assert RankingSettings.parse(settings.as_dict()) == settings


def test_settings_round_trip() -> None:
    settings = RankingSettings.parse(
        {
            "digits": 3,
            "rounding": "down",
            "rank_on": "exact",
            "ties": "dense",
            "grades": [{"label": "A", "ge": "0"}],
        }
    )
    assert not settings.warnings
    assert RankingSettings.parse(settings.as_dict()) == settings


def test_rank_and_grade_use_one_value() -> None:
    exact = D("89.996")
    assert str(RankingSettings.parse({}).ranked(exact)) == "90.00"
    assert str(RankingSettings.parse({"rounding": "down"}).ranked(exact)) == "89.99"
    assert RankingSettings.parse({"rank_on": "exact"}).ranked(exact) == exact
    assert RankingSettings.parse({}).ranked(None) is None
    assert str(RankingSettings.parse({"digits": 0}).printed(exact)) == "90"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ([], [("", "not_object")]),
        ({"digits": "7"}, [("digits", "number_above")]),
        ({"digits": "1.5"}, [("digits", "number_not_whole")]),
        ({"digits": -1}, [("digits", "number_negative")]),
        ({"digits": 2.0}, [("digits", "not_plain_number")]),
        ({"rounding": "up"}, [("rounding", "not_one_of")]),
        ({"rank_on": None, "ties": "x"}, [("rank_on", "not_one_of"), ("ties", "not_one_of")]),
        ({"precision": 2}, [("precision", "unknown_key")]),
        ({"grades": "A"}, [("grades", "not_list")]),
        ({"grades": [{"label": "A"}]}, [("grades[0]", "one_of_needed")]),
        ({"grades": [{"label": "A", "ge": "90", "colour": "red"}]}, [("grades[0].colour", "unknown_key")]),
        (
            {"grades": [{"label": "A", "ge": "90"}, {"label": "a", "le": "90"}]},
            [("grades[1].label", "duplicate")],
        ),
        (
            {"grades": [{"label": "A", "ge": "90"}, {"label": "B", "le": "90"}]},
            [("grades[1]", "band_overlap")],
        ),
    ],
)
def test_wrong_settings_are_refused_with_the_place(data: object, expected: list[tuple[str, str]]) -> None:
    assert faults(RankingSettings.parse, data) == expected
