"""POINTS.csv, row by row: what is read, what is refused and where."""

from __future__ import annotations

from decimal import Decimal

import pytest

from scoring.assessment.past_points import read_points

LEAVES = {"1": Decimal(65), "2": Decimal(35)}


def faults(text: str | bytes, leaves: dict[str, Decimal] | None = None) -> list[tuple[int, str]]:
    data = text if isinstance(text, bytes) else text.encode()
    return [(error.line, error.message) for error in read_points(data, leaves or LEAVES).errors]


def test_commas_with_points() -> None:
    points = read_points(b"agency,criterion,points,max,unranked\nA,1,51.75,,\nA,2,32.833,35,0\n", LEAVES)
    assert points.errors == []
    leaves = points.agencies["a"].leaves
    assert (leaves["1"].points, leaves["1"].maximum) == (Decimal("51.75"), Decimal(65))
    assert leaves["2"].points == Decimal("32.833")  # three decimals are decimals, never thousands


def test_semicolons_with_decimal_commas_and_a_mark_at_the_start() -> None:
    text = "\ufeffagency;criterion;points;max\r\nSở Y tế;1;51,75;60,5\r\nSở Y tế;2;;0\r\n"
    points = read_points(text.encode(), LEAVES)
    assert points.errors == []
    agency = points.agencies["so y te"]
    assert agency.leaves["1"].maximum == Decimal("60.5")
    assert (agency.leaves["2"].points, agency.leaves["2"].maximum) == (0, 0)
    assert agency.unranked is None


def test_one_agency_in_two_spellings() -> None:
    points = read_points("agency,criterion,points\nSở Y tế,1,1\nsở  y tế,2,2\n".encode(), LEAVES)
    assert points.errors == []
    assert [agency.name for agency in points.agencies.values()] == ["Sở Y tế"]


def test_columns_in_any_order_and_empty_lines() -> None:
    points = read_points(b"points,agency,criterion\n\n1,A,1\n,,\n2,A,2\n", LEAVES)
    assert points.errors == []
    assert points.rows == 2


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("A,9,1,,", "“9”"),
        ("A,1,66,,", "66"),
        ("A,1,10,66,", "66"),
        ("A,1,60,50,", "50"),
        ("A,1,-1,,", "“-1”"),
        ("A,1,một,,", "“một”"),
        ("A,1,1e3,,", "“1e3”"),
        ("A,1,NaN,,", "“NaN”"),
        ("A,1,1.2345678,,", "1.2345678"),
        ("A,1,,,", "max"),
        ("A,1,1,0,", "0"),
        (",1,1,,", ""),
        ("A,1,1,,yes", "yes"),
        ("A,1,51,75,,5", ""),
    ],
)
def test_wrong_rows_are_named_by_line(row: str, words: str) -> None:
    found = faults(f"agency,criterion,points,max,unranked\n{row}\n")
    assert found
    assert found[0][0] == 2
    assert words in found[0][1]


def test_a_leaf_given_twice_and_a_leaf_not_given() -> None:
    assert [line for line, _ in faults("agency,criterion,points\nA,1,1\nA,1,2\nA,2,1\n")] == [3]
    [(line, message)] = faults("agency,criterion,points\nA,1,1\nA,2,1\nB,2,1\n")
    assert line == 4
    assert "1" in message


def test_ranked_in_one_row_and_unranked_in_another() -> None:
    assert [line for line, _ in faults("agency,criterion,points,unranked\nA,1,1,1\nA,2,1,0\n")] == [3]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"agency,criterion\nA,1\n",
        b"agency,criterion,points,colour\nA,1,1,red\n",
        b"agency,criterion,points,points\nA,1,1,1\n",
        b"agency,criterion,points\n",
        "agency,criterion,points\nSở,1,1\n".encode("utf-16"),
        b'agency,criterion,points\n"A,1,1\n',
        b"\x00\x01\x02",
    ],
)
def test_a_file_that_is_no_table(text: bytes) -> None:
    assert faults(text)


def test_what_is_no_csv_is_said_in_the_readers_language() -> None:
    [(_, message)] = faults(b'agency,criterion,points\n"A,1,1\n')
    assert message.startswith("Không đọc được tệp CSV: có dấu ngoặc kép") and "unexpected" not in message
