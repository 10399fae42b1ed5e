"""What no page of ours sends: it changes nothing and never ends in a fault of the server."""

from __future__ import annotations

import pytest
from django.urls import reverse

from scoring.criteria.editing.cells import typed_cells
from scoring.criteria.editing.paste import MAX_ROWS, read_lines
from scoring.criteria.rule_forms.tree import acted
from tests.criteria.test_pages import client


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["ties", "link_drop"])
def test_an_address_with_a_number_that_no_table_holds(name: str) -> None:
    url = reverse(f"criteria:{name}", args=[10**20, 10**20])
    assert client().get(url).status_code == client().post(url).status_code == 404


@pytest.mark.parametrize("number", ["²", "9" * 5000, "-1", "٣"])
@pytest.mark.parametrize("verb", ["drop", "up", "down", "add"])
def test_a_button_of_a_row_that_is_no_number(verb: str, number: str) -> None:
    values = {"bands": [{"low": "1"}], "parts": [{"bands": [{}]}]}
    assert acted(values, f"{verb}:r-bands-{number}") == ""
    assert acted(values, f"{verb}:r-parts-{number}-bands") in ("", "r")
    assert values["bands"] == [{"low": "1"}]


def test_a_mark_of_a_row_with_thousands_of_digits() -> None:
    assert typed_cells({"shown": f"{'9' * 5000}:a.b.c 1:a.b.c"}, {}) == {}


def test_a_paste_of_more_rows_than_any_table_has() -> None:
    pasted = read_lines("\n" * (MAX_ROWS + 1))
    assert len(pasted.errors) == 1 and not pasted.nodes


def test_headings_of_every_page_and_of_endless_length() -> None:
    page = "STT\tTiêu chí\tĐiểm\n1\tMột\t5\n"
    assert len(read_lines(page * 50).nodes) == 50
    assert not read_lines("(" * 400_000 + "\tTiêu chí\tĐiểm").is_good
