"""The agency's pages: they answer, in Vietnamese, in a fixed number of queries."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from tests.assessment.sheet.conftest import Place

PAGES = ("sheet", "print", "check", "history")


def test_pages_answer(place: Place, as_user: Any) -> None:
    client = as_user(place.coordinator)
    assert client.get(reverse("workspace:home")).status_code == 200
    for name in (*PAGES, "divisions"):
        response = client.get(reverse(f"workspace:{name}", args=[place.sheet.public_id]))
        assert response.status_code == 200, name
        assert "<h1" in response.content.decode()


@pytest.mark.parametrize("name", PAGES)
def test_foreign_and_absent_sheets_answer_alike(place: Place, as_user: Any, name: str) -> None:
    client = as_user(place.editor)
    foreign = client.get(reverse(f"workspace:{name}", args=[place.foreign.public_id]))
    absent = client.get(reverse(f"workspace:{name}", args=["00000000-0000-4000-8000-000000000000"]))
    assert foreign.status_code == absent.status_code == 404
    assert foreign.content == absent.content
