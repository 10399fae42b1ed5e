"""Vietnamese order and search: the same keys on every database, sorted byte by byte."""

from __future__ import annotations

import unicodedata

import pytest
from django.db import connection

from parindex.ui.collation import ALPHABET, code_sort_key, fold, sort_key

PROVINCES = [
    "An Giang",
    "Bà Rịa",
    "Bắc Ninh",
    "Cà Mau",
    "Cao Bằng",
    "Cần Thơ",
    "Dầu Tiếng",
    "Đà Nẵng",
    "Đắk Lắk",
    "Điện Biên",
    "Đồng Nai",
    "Đồng Tháp",
    "Em",
    "Êa Kao",
    "Gia Lai",
    "Hà Nội",
    "Hà Tĩnh",
    "Huế",
    "Oai",
    "Ông Trang",
    "Ơn",
    "Quảng Trị",
    "Thanh Hóa",
    "Út Tịch",
    "Ưng Hòa",
    "Vĩnh Long",
]


def backwards(names: list[str]) -> list[str]:
    return list(reversed(names))


def test_names_stand_in_the_order_of_the_dictionary() -> None:
    assert sorted(backwards(PROVINCES), key=sort_key) == PROVINCES


def test_tones_only_break_ties() -> None:
    tones = ["ma", "mà", "mả", "mã", "má", "mạ"]
    assert sorted(backwards(tones), key=sort_key) == tones
    assert sort_key("mạ a") < sort_key("ma b")


def test_every_letter_of_the_alphabet_comes_after_the_one_before() -> None:
    keys = [sort_key(letter) for letter in ALPHABET]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(ALPHABET)


def test_a_name_comes_before_the_longer_one_that_begins_with_it() -> None:
    names = ["Sở Y", "Sở Y tế", "Sở Y tế 2", "Sở Ý"]
    assert sorted(names, key=sort_key) == ["Sở Y", "Sở Ý", "Sở Y tế", "Sở Y tế 2"]


def test_numbers_in_names_count_as_numbers() -> None:
    names = ["Phường 1", "Phường 2", "Phường 10", "Phường An Hội"]
    assert sorted(backwards(names), key=sort_key) == names


def test_keys_know_no_case_no_spelling_of_unicode_and_no_punctuation() -> None:
    assert sort_key("Sở, ban, ngành") == sort_key("SỞ BAN  NGÀNH")
    assert sort_key(unicodedata.normalize("NFD", "Điện Biên")) == sort_key("Điện Biên")
    assert sort_key("\u00d0à Nẵng") == sort_key("Đà Nẵng")


def test_keys_are_plain_ascii() -> None:
    for name in [*PROVINCES, "Ủy ban 🏛 №5", "Łódź", "北京"]:
        assert sort_key(name).isascii()


@pytest.mark.django_db
def test_the_database_sorts_keys_as_python_does() -> None:
    with connection.cursor() as cursor:
        collate = 'COLLATE "C"' if connection.vendor == "postgresql" else ""
        values = " UNION ALL ".join(["SELECT %s AS name, %s AS key"] * len(PROVINCES))
        parameters = [text for name in PROVINCES[::-1] for text in (name, sort_key(name))]
        cursor.execute(f"SELECT name FROM ({values}) AS names ORDER BY key {collate}", parameters)
        assert [row[0] for row in cursor.fetchall()] == PROVINCES


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Điện Biên", "dien bien"),
        ("ĐẮK LẮK", "dak lak"),
        (unicodedata.normalize("NFD", "Điện Biên"), "dien bien"),
        ("\u00d0à Nẵng", "da nang"),
        ("  Sở,\tban , ngành ", "so ban nganh"),
        ("so-ban-nganh", "so ban nganh"),
        ("45/KH-UBND", "45 kh ubnd"),
        ("Ưu, ơn, ỷ, ẵm", "uu on y am"),
        ("…", ""),
    ],
)
def test_search_ignores_accents_case_and_punctuation(text: str, folded: str) -> None:
    assert fold(text) == folded
    assert fold(folded) == folded


def test_codes_sort_by_their_numbers() -> None:
    codes = ["1", "1.1", "1.1.1", "1.2", "1.10", "1.10.2", "2", "2.1a", "2.1b", "10"]
    assert sorted(backwards(codes), key=code_sort_key) == codes
    assert code_sort_key("1.10.2") == "0001.0010.0002"
    roman = ["I", "II", "IV", "V", "IX", "X"]
    assert sorted(backwards(roman), key=code_sort_key) == roman
    assert sorted(["B.2", "A.10", "A.9"], key=code_sort_key) == ["A.9", "A.10", "B.2"]
    assert all(code_sort_key(code).isascii() for code in [*codes, "Đ.1"])
