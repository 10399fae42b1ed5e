"""Gates, effects and quotas of grades."""

from typing import Any

import pytest

from scoring.engine import Candidate, Graded, RankingSettings, assign_grades, render
from scoring.engine.grades import REASONS, best_first

from .helpers import D, faults

PLAIN = [
    {"label": "Tốt", "ge": "70", "lt": "90"},
    {"label": "Xuất sắc", "ge": "90"},
    {"label": "Hoàn thành", "ge": "50", "lt": "70"},
    {"label": "Không hoàn thành", "lt": "50"},
]


def grades(**changes: Any) -> Any:
    data = [{**grade, **changes.get(str(grade["label"]).replace(" ", "_"), {})} for grade in PLAIN]
    settings = RankingSettings.parse({"grades": data})
    assert RankingSettings.parse(settings.as_dict()) == settings
    return settings.grades


def given(**candidates: Any) -> Any:
    return {
        key: value if isinstance(value, Candidate) else Candidate(None if value is None else D(value))
        for key, value in candidates.items()
    }


def test_best_first_whatever_the_order_of_the_file() -> None:
    assert [one.label for one in best_first(grades())] == [
        "Xuất sắc",
        "Tốt",
        "Hoàn thành",
        "Không hoàn thành",
    ]


def test_without_conditions_the_band_decides() -> None:
    got = assign_grades(given(a="95", b="90", c="89.99", d="10", e=None), grades())
    assert [one.label for one in got.values()] == ["Xuất sắc", "Xuất sắc", "Tốt", "Không hoàn thành", None]
    assert all(one.reasons == () for one in got.values())
    assert assign_grades(given(a="95"), [])["a"] == Graded(None)


@pytest.mark.parametrize(
    ("known", "label"),
    [
        ({"facts": {"xong mọi nhiệm vụ": True}, "areas": {"3": D(80)}, "counts": {"vượt": D(3)}}, "Xuất sắc"),
        ({"facts": {"xong mọi nhiệm vụ": True}, "areas": {"3": D(79)}, "counts": {"vượt": D(3)}}, "Tốt"),
        ({"facts": {"xong mọi nhiệm vụ": True}, "areas": {"3": D(80)}, "counts": {"vượt": D(2)}}, "Tốt"),
        ({"facts": {"xong mọi nhiệm vụ": True}, "areas": {"3": None}, "counts": {"vượt": D(3)}}, "Tốt"),
        ({"facts": {"xong mọi nhiệm vụ": True}, "areas": {"3": D(80)}}, "Tốt"),
        # what does not apply stands in nobody's way, neither a count nor a fact
        (
            {"facts": {"xong mọi nhiệm vụ": True}, "areas": {"3": D(80)}, "waived": frozenset({"vượt"})},
            "Xuất sắc",
        ),
        (
            {"waived": frozenset({"xong mọi nhiệm vụ"}), "areas": {"3": D(80)}, "counts": {"vượt": D(3)}},
            "Xuất sắc",
        ),
        # a count holds in each part of the year
        (
            {
                "facts": {"xong mọi nhiệm vụ": True},
                "areas": {"3": D(80)},
                "counts_of_parts": ({"vượt": D(3)}, {}, {"vượt": D(2)}),
            },
            "Tốt",
        ),
        # Tốt needs all tasks done too
        ({"areas": {"3": D(80)}, "counts": {"vượt": D(3)}}, "Hoàn thành"),
    ],
)
def test_gates(known: dict[str, Any], label: str) -> None:
    done = {"fact": "xong mọi nhiệm vụ"}
    some = grades(
        Xuất_sắc={"gates": [done, {"area": "3", "ge": "80"}, {"count": "vượt", "gt": "2"}]},
        Tốt={"gates": [done]},
    )
    got = assign_grades({"a": Candidate(D(95), **known)}, some)["a"]
    assert got.label == label
    assert set(got.reasons) <= {"gate"}


def test_a_gate_may_ask_for_the_absence_of_a_fact() -> None:
    some = grades(Xuất_sắc={"gates": [{"fact": "có đơn vị yếu", "is": False}]})
    for fact, label in ((False, "Xuất sắc"), (True, "Tốt")):
        assert assign_grades({"a": Candidate(D(95), facts={"có đơn vị yếu": fact})}, some)["a"].label == label


@pytest.mark.parametrize(
    ("value", "effects", "label", "reasons"),
    [
        ("95", ("not_top",), "Tốt", ("not_top",)),
        ("80", ("not_top",), "Tốt", ()),
        ("95", ("one_down", "one_down"), "Hoàn thành", ("one_down", "one_down")),
        ("60", ("one_down", "one_down", "one_down"), "Không hoàn thành", ("one_down",)),
        ("95", ("lowest", "one_down"), "Không hoàn thành", ("lowest",)),
    ],
)
def test_effects(value: str, effects: tuple[str, ...], label: str, reasons: tuple[str, ...]) -> None:
    got = assign_grades({"a": Candidate(D(value), effects=effects)}, grades())["a"]
    assert got == Graded(label, reasons)
    assert all(render(REASONS[reason], {}) for reason in got.reasons)


def test_a_quota_keeps_the_strongest() -> None:
    # "không vượt quá 25 %" of eight agencies with a place
    some = grades(Xuất_sắc={"quota": {"pct": "25"}})
    block = given(a="99", b="98", c="97", d="96", e="80", f="80", g="80", h="80", i=None)
    got = assign_grades(block, some)
    assert [key for key, one in got.items() if one.label == "Xuất sắc"] == ["a", "b"]
    assert got["c"] == Graded("Tốt", ("quota",))
    assert got["i"].label is None


def test_equals_at_the_edge_fall_together_unless_the_chain_parts_them() -> None:
    some = grades(Xuất_sắc={"quota": {"pct": "50", "rounding": "up"}})
    got = assign_grades(given(a="99", b="95", c="95"), some)
    assert [one.label for one in got.values()] == ["Xuất sắc", "Tốt", "Tốt"]
    parted = {"a": Candidate(D(99)), "b": Candidate(D(95), (D(1),)), "c": Candidate(D(95), (D(2),))}
    assert [one.label for one in assign_grades(parted, some).values()] == ["Xuất sắc", "Tốt", "Xuất sắc"]


def test_a_quota_of_another_grade_and_a_quota_that_is_not_full() -> None:
    # Nghị định 335/2025: 20 % of the number of Tốt
    some = grades(Xuất_sắc={"quota": {"pct": "20", "of": "Tốt"}}, Không_hoàn_thành={"quota": {"pct": "0"}})
    block = given(**{f"x{n}": str(90 + n) for n in range(3)}, **{f"t{n}": "80" for n in range(10)}, low="3")
    got = assign_grades(block, some)
    assert [got[f"x{n}"].label for n in range(3)] == ["Tốt", "Xuất sắc", "Xuất sắc"]
    # nothing lies below the lowest grade
    assert got["low"] == Graded("Không hoàn thành")
    assert (
        assign_grades(
            given(a="95", b="80"), grades(Xuất_sắc={"quota": {"pct": "50", "rounding": "half_up"}})
        )["a"].label
        == "Xuất sắc"
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"gates": [{"area": "3"}]}, [("grades[1].gates[0]", "one_of_needed")]),
        ({"gates": [{"ge": "3"}]}, [("grades[1].gates[0].area", "missing_key")]),
        (
            {"gates": [{"fact": "f", "count": "c"}]},
            [("grades[1].gates[0].fact", "conflict"), ("grades[1].gates[0].count", "unknown_key")],
        ),
        (
            {"gates": [{"area": "3", "fact": "f"}]},
            [("grades[1].gates[0].fact", "conflict"), ("grades[1].gates[0].area", "unknown_key")],
        ),
        ({"quota": {}}, [("grades[1].quota.pct", "missing_key")]),
        ({"quota": 5}, [("grades[1].quota", "not_object")]),
        (
            {"quota": {"pct": "101", "of": "Khá", "rounding": "x"}},
            [
                ("grades[1].quota.pct", "number_above"),
                ("grades[1].quota.rounding", "not_one_of"),
                ("grades[1].quota.of", "not_one_of"),
            ],
        ),
    ],
)
def test_wrong_conditions(change: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    data = [grade | (change if grade["label"] == "Xuất sắc" else {}) for grade in PLAIN]
    assert faults(RankingSettings.parse, {"grades": data}) == expected


def test_tie_breakers() -> None:
    settings = RankingSettings.parse({"tie_breakers": ["survey", "3"]})
    assert settings.tie_breakers == ("survey", "3")
    assert RankingSettings.parse(settings.as_dict()) == settings
    assert RankingSettings.parse({"tie_breakers": []}) == RankingSettings()
    assert faults(RankingSettings.parse, {"tie_breakers": ["3", "3"]}) == [("tie_breakers[1]", "duplicate")]
