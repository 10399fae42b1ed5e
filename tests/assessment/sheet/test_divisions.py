"""The coordinator gives work to divisions; a division finds its own first."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from parindex.errors import Invalid, NotPermitted, NotVisible
from scoring.assessment.models import DivisionAssignment
from scoring.assessment.queries.divisions import division_of
from scoring.assessment.services.divisions import Given, assign_divisions
from tests.assessment.sheet.conftest import Place, actor_of
from tests.factories import DivisionFactory


def give(place: Place, code: str, division: Any, due: date | None = None, user: Any = None) -> int:
    return assign_divisions(
        sheet=place.sheet,
        actor=actor_of(user or place.coordinator),
        given={place.year.criterion(code).pk: Given(division.pk if division else None, due)},
    )


def test_the_nearest_assignment_counts(place: Place) -> None:
    other = DivisionFactory(agency=place.year.agencies[0])
    give(place, "2", place.division)
    assert division_of(place.answer("2.1.1")) == place.division.pk
    give(place, "2.1", other)
    assert division_of(place.answer("2.1.1")) == other.pk
    assert division_of(place.answer("2.2.1")) == place.division.pk
    assert division_of(place.answer("1.1.1")) is None
    give(place, "2.1", None)
    assert division_of(place.answer("2.1.1")) == place.division.pk


def test_only_the_coordinator_and_only_own_divisions(place: Place) -> None:
    for user in (place.editor, place.head, place.division_editor):
        with pytest.raises(NotPermitted):
            give(place, "1", place.division, user=user)
    with pytest.raises(NotVisible):
        give(place, "1", place.division, user=place.stranger)
    with pytest.raises(NotVisible):
        give(place, "1", DivisionFactory(agency=place.year.agencies[1]))
    with pytest.raises(Invalid):
        give(place, "1", None, date(2025, 11, 20))


def test_the_page_assigns_and_shows_progress(place: Place, as_user: Any) -> None:
    client = as_user(place.coordinator)
    address = reverse("workspace:divisions", args=[place.sheet.public_id])
    node = place.year.criterion("2")
    assert f'name="division-{node.pk}"' in client.get(address).content.decode()
    client.post(address, {f"division-{node.pk}": str(place.division.pk), f"due-{node.pk}": "2025-11-20"})
    row = DivisionAssignment.objects.get()
    assert (row.criterion, row.division, row.due_on) == (node, place.division, date(2025, 11, 20))
    place.save("2.1.1", user=place.division_editor)
    text = client.get(address).content.decode()
    assert "1 / 4" in text and "Phòng Hành chính" in text
    wrong = client.post(address, {f"division-{node.pk}": str(place.division.pk), f"due-{node.pk}": "20/11"})
    assert wrong.status_code == 422


def test_a_division_sees_its_own_first(place: Place, as_user: Any) -> None:
    give(place, "2", place.division, date(2025, 11, 20))
    text = (
        as_user(place.division_editor)
        .get(reverse("workspace:sheet", args=[place.sheet.public_id]))
        .content.decode()
    )
    assert "Phòng Hành chính" in text and "20/11/2025" in text and "được giao" in text
    assert f'id="leaf-{place.answer("2.1.1").public_id}"' in text
    assert f'id="leaf-{place.answer("1.1.1").public_id}"' not in text
