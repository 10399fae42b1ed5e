"""The criteria-set file: what is read, and every fault with its place."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from scoring.criteria import fileformat, json_source
from scoring.criteria.fileformat import check, read
from tests.criteria.files import ALL_FILES, CA_MAU, SAMPLES, encoded, leaf, small, with_value

LEAF = "areas[0].children[0].children[0]"
P_LEAF: list[str | int] = ["areas", 0, "children", 0, "children", 0]


def places(data: bytes) -> dict[str, str]:
    reading = read(data)
    assert (reading.file is None) == bool(reading.errors)
    return {finding.place: finding.message for finding in reading.errors}


@pytest.mark.parametrize("path", ALL_FILES, ids=lambda path: path.stem)
def test_the_samples_are_read_without_warning(path: Any) -> None:
    reading = read(path.read_bytes())
    assert reading.errors == () and reading.warnings == ()
    assert reading.file is not None
    assert sum(node.max_points for node in reading.file.leaves) == reading.file.total


def test_the_departments_sample_is_complete() -> None:
    file = read((SAMPLES / "departments.json").read_bytes()).file
    assert file is not None
    assert (len(file.nodes), len(file.leaves), file.total) == (100, 56, Decimal(100))
    assert [node.code for node in file.nodes][:4] == ["1", "1.1", "1.1.1", "1.1.2"]
    assert file.nodes[2].parent == 1 and file.nodes[2].level == 3
    kinds = {leaf.rule.kind for leaf in file.leaves if leaf.rule}
    assert kinds >= {
        "boolean",
        "choice",
        "tiers",
        "proportion",
        "count",
        "deduction",
        "survey",
        "external_index",
    }


def test_the_communes_sample_is_a_sample_of_eight_areas_with_every_kind() -> None:
    file = read((SAMPLES / "communes.json").read_bytes()).file
    assert file is not None and not file.official
    assert "mẫu" in file.title and "thử phần mềm" in file.title
    assert len([node for node in file.nodes if node.level == 1]) == 8 and file.total == 100
    assert 28 <= len(file.leaves) <= 36
    assert {leaf.rule.kind for leaf in file.leaves if leaf.rule} == {
        "boolean", "choice", "checklist", "tiers", "proportion", "count", "deduction", "survey",
        "external_index", "manual",
    }  # fmt: skip
    assert any("target_pct" in leaf.rule.data for leaf in file.leaves if leaf.rule)


def test_a_small_set_is_read() -> None:
    file = read(encoded(small())).file
    assert file is not None
    assert (
        file.year == 2025 and file.block == "so-ban-nganh" and file.effective_from.isoformat() == "2025-01-01"
    )
    assert [node.position for node in file.nodes] == [0, 1, 2, 3]


def test_a_bom_does_no_harm_and_note_and_provenance_are_ignored() -> None:
    document = small(leaf(note="x", provenance="y"), note="z")
    assert read(b"\xef\xbb\xbf" + encoded(document)).file is not None


def test_what_may_be_left_out_takes_its_default() -> None:
    document = {
        "format": "parindex.criteria-set/1",
        "title": "Một tiêu chí",
        "areas": [{"code": "1", "title": "Điểm", "max": "100", "rule": {"kind": "manual"}}],
    }
    file = read(encoded(document)).file
    assert file is not None
    assert file.total == 100 and file.bonus_cap == 0 and file.year is None and file.block == ""
    assert file.nodes[0].method == "appraisal" and file.nodes[0].level == 1
    survey = {"kind": "survey", "mean_pct": "điểm trung bình", "factor": "2"}
    node = leaf(rule=survey)
    del node["method"]
    assert read(encoded(small(node))).file.leaves[0].method == "survey"  # type: ignore[union-attr]


TIERS = {
    "kind": "tiers",
    "variable": "tỷ lệ",
    "bands": [{"ge": "50", "points": "2"}, {"lt": "60", "points": "0"}],
}
FAULTS: list[tuple[str, list[str | int], Any, str]] = [
    ("format", ["format"], "parindex.criteria-set/2", "format"),
    ("no format", ["format"], ..., "format"),
    ("no title", ["title"], ..., "title"),
    ("title is a number", ["title"], 5, "title"),
    ("title too long", ["title"], "x" * 301, "title"),
    ("unknown key", ["colour"], "red", "colour"),
    ("unknown key of a node", ["areas", 0, "color"], "red", "areas[0].color"),
    ("year is a text", ["year"], "2025", "year"),
    ("year is true", ["year"], True, "year"),
    ("year out of range", ["year"], 20255, "year"),
    ("official is a text", ["official"], "no", "official"),
    ("decision is a text", ["decision"], "QĐ 1", "decision"),
    ("decision has a wrong date", ["decision"], {"date": "31/10/2025"}, "decision.date"),
    ("decision has an unknown key", ["decision"], {"day": "2025-10-31"}, "decision.day"),
    ("a date that does not exist", ["effective_from"], "2025-02-30", "effective_from"),
    ("total is a number", ["total"], 4, "total"),
    ("total has a comma", ["total"], "4,0", "total"),
    ("total is negative", ["total"], "-4", "total"),
    ("bonus cap is a word", ["bonus_cap"], "five", "bonus_cap"),
    ("profiles are a list", ["applicability_profiles"], ["no_tthc"], "applicability_profiles"),
    ("a profile without a meaning", ["applicability_profiles", "a"], "", "applicability_profiles.a"),
    ("a profile with spaces", ["applicability_profiles", "a b"], "x", "applicability_profiles.a b"),
    ("areas are an object", ["areas"], {}, "areas"),
    ("no areas", ["areas"], [], "areas"),
    ("areas are missing", ["areas"], ..., "areas"),
    ("an area is a text", ["areas", 0], "1", "areas[0]"),
    ("a node with rule and parts", [*P_LEAF, "children"], [], LEAF),
    ("a node with neither", ["areas", 0, "children"], ..., "areas[0]"),
    ("empty parts", ["areas", 0, "children"], [], "areas[0].children"),
    ("method above the leaves", ["areas", 0, "method"], "appraisal", "areas[0].method"),
    ("no code", [*P_LEAF, "code"], ..., f"{LEAF}.code"),
    ("an empty code", [*P_LEAF, "code"], " ", f"{LEAF}.code"),
    ("a code with a space", [*P_LEAF, "code"], "1. 1", f"{LEAF}.code"),
    ("a repeated code", [*P_LEAF, "code"], "1.1.2", "areas[0].children[0].children[1].code"),
    ("no node title", [*P_LEAF, "title"], ..., f"{LEAF}.title"),
    ("no max", [*P_LEAF, "max"], ..., f"{LEAF}.max"),
    ("max is a number", [*P_LEAF, "max"], 2, f"{LEAF}.max"),
    ("max has seven places", [*P_LEAF, "max"], "2.0000001", f"{LEAF}.max"),
    ("max is a million", [*P_LEAF, "max"], "1000000", f"{LEAF}.max"),
    ("max is negative", [*P_LEAF, "max"], "-2", f"{LEAF}.max"),
    ("an unknown method", [*P_LEAF, "method"], "guess", f"{LEAF}.method"),
    ("a survey that is self-scored", [*P_LEAF, "rule"],
     {"kind": "survey", "mean_pct": "x", "factor": "2"}, f"{LEAF}.method"),
    ("an unknown kind", [*P_LEAF, "rule", "kind"], "magic", f"{LEAF}.rule.kind"),
    ("no kind", [*P_LEAF, "rule", "kind"], ..., f"{LEAF}.rule.kind"),
    ("rule is a text", [*P_LEAF, "rule"], "boolean", f"{LEAF}.rule"),
    ("an unknown parameter", [*P_LEAF, "rule", "maybe"], "1", f"{LEAF}.rule.maybe"),
    ("a rule above its maximum", [*P_LEAF, "rule", "yes"], "2.5", f"{LEAF}.rule.yes"),
    ("overlapping bands", [*P_LEAF, "rule"], TIERS, f"{LEAF}.rule.bands[1]"),
    ("a wrong end", [*P_LEAF, "rule"],
     {**TIERS, "bands": [{"ge": "50", "points": "2"}, {"lt": "5o", "points": "0"}]}, f"{LEAF}.rule.bands[1].lt"),
    ("an unknown profile", [*P_LEAF, "not_applicable_for"], ["no_such"], f"{LEAF}.not_applicable_for[0]"),
    ("a profile twice", [*P_LEAF, "not_applicable_for"], ["no_tthc", "no_tthc"], f"{LEAF}.not_applicable_for[1]"),
    ("profiles of a leaf as a text", [*P_LEAF, "not_applicable_for"], "no_tthc", f"{LEAF}.not_applicable_for"),
    ("na_request as a text", [*P_LEAF, "na_request"], "false", f"{LEAF}.na_request"),
    ("evidence as a list", [*P_LEAF, "evidence"], ["x"], f"{LEAF}.evidence"),
    ("points that move nowhere", [*P_LEAF, "rule", "moves_to"], ["9.9"], f"{LEAF}.rule"),
    ("points that move to themselves", [*P_LEAF, "rule", "moves_to"], ["1.1.1"], f"{LEAF}.rule"),
    ("a case that looks at no leaf", [*P_LEAF, "rule", "cases"],
     [{"when": {"answer": "1.1", "field": "value", "is": True}, "rule": {"kind": "manual"}}], f"{LEAF}.rule"),
    ("a NUL in a text", [*P_LEAF, "title"], "a\x00b", f"{LEAF}.title"),
    ("half a surrogate pair", [*P_LEAF, "guidance"], "a\ud800b", f"{LEAF}.guidance"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value", "place"), [fault[1:] for fault in FAULTS], ids=[f[0] for f in FAULTS]
)
def test_every_fault_is_named_with_its_place(path: list[str | int], value: Any, place: str) -> None:
    data = json.dumps(with_value(small(), path, value)).encode()
    found = places(data)
    assert set(found) == {place}, found
    assert all(message and "%(" not in message for message in found.values())


def test_all_faults_come_at_once_with_the_code_of_their_node() -> None:
    document = with_value(small(), [*P_LEAF, "rule", "yes"], "9")
    document = with_value(document, ["areas", 0, "children", 0, "children", 1, "max"], "x")
    document = with_value(document, ["title"], "")
    errors = read(encoded(document)).errors
    assert {(error.place, error.code) for error in errors} == {
        ("title", ""),
        (f"{LEAF}.rule.yes", "1.1.1"),
        ("areas[0].children[0].children[1].max", "1.1.2"),
    }


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"", ""),
        (b"  \n", ""),
        (b"{", "dòng 1, cột 2"),
        (b'{"a": 1,}', "dòng 1, cột 9"),
        (b"[1, 2]", ""),
        (b"null", ""),
        (b'"text"', ""),
        (b"\xff\xfe{\x00}\x00", ""),
        (b"PK\x03\x04rest", ""),
        ("{\n\"title\": \"Sở\"}".encode("cp1258", "replace").replace(b"?", b"\xf5"), "dòng 2"),
        (b"[" * 200_000, ""),
        (b"x" * (json_source.MAX_BYTES + 1), ""),
    ],
    ids=["empty", "blank", "cut", "comma", "list", "null", "text", "utf-16", "zip", "cp1258", "deep", "large"],
)  # fmt: skip
def test_what_is_no_criteria_set_at_all(data: bytes, place: str) -> None:
    assert set(places(data)) == {place}


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('"total": "4"', '"total": 4.0', "total"),
        ('"total": "4"', '"total": NaN', "total"),
        ('"total": "4"', '"total": Infinity', "total"),
        ('"total": "4"', '"total": ' + "9" * 5000, "total"),
        ('"yes": "2"', '"yes": 2.0', f"{LEAF}.rule.yes"),
        ('"title": "Bộ tiêu chí thử"', '"title": "a", "title": "b"', "title"),
        ('"yes": "2"', '"yes": "2", "yes": "1"', f"{LEAF}.rule.yes"),
    ],
)
def test_numbers_and_repeated_keys_that_json_readers_forgive(old: str, new: str, place: str) -> None:
    text = encoded(small()).decode()
    assert old in text
    assert place in places(text.replace(old, new, 1).encode())


def test_a_tree_that_is_too_deep_or_too_large() -> None:
    node: dict[str, Any] = leaf("1")
    for _level in range(fileformat.MAX_LEVEL):
        node = {"code": f"n{_level}", "title": "x", "max": "2", "children": [node]}
    assert [*places(encoded(small() | {"areas": [node]}))][0].count("children") == fileformat.MAX_LEVEL
    many = [leaf(f"1.{number}", "0", {"kind": "manual"}) for number in range(fileformat.MAX_NODES + 1)]
    assert f"areas[{fileformat.MAX_NODES}]" in places(encoded(small() | {"areas": many, "total": "0"}))


def test_a_flood_of_faults_is_cut() -> None:
    document = small() | {"areas": [1] * 2000}
    errors = read(encoded(document)).errors
    assert len(errors) == json_source.MAX_FINDINGS + 1 and "1700" in errors[-1].message


def test_points_that_do_not_add_up_are_warnings_at_each_node() -> None:
    document = with_value(small(), ["total"], "5")
    document = with_value(document, ["areas", 0, "max"], "4.55")
    reading = read(encoded(document))
    assert reading.file is not None
    assert [(warning.place, warning.code) for warning in reading.warnings] == [
        ("total", ""),
        ("areas[0].max", "1"),
    ]
    assert "4,55" in reading.warnings[0].message and "5" in reading.warnings[0].message


def test_nine_areas_of_99_55_points() -> None:
    areas = [leaf(str(number), "11.05") for number in range(1, 9)] + [leaf("9", "11.15")]
    reading = read(encoded(small() | {"areas": areas, "total": "100"}))
    assert reading.file is not None and len(reading.warnings) == 1


def test_checking_needs_no_bytes() -> None:
    assert check(small()).file == read(encoded(small())).file


def test_a_leaf_worth_nothing_is_shown_and_never_scored() -> None:
    rule = {"kind": "boolean", "yes": None, "no": None}
    assert read(encoded(small(leaf(maximum="0", rule=rule)))).file is not None


def test_ca_mau_is_the_real_fragment() -> None:
    file = read(CA_MAU.read_bytes()).file
    assert file is not None and file.total == 7
