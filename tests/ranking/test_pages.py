"""The ranking's pages: what they show, and how many queries they take."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from agencies.models import Role
from scoring.assessment.models import SheetState
from scoring.ranking import services
from scoring.ranking.models import RankingRun
from tests.factories import person
from tests.factories_scoring import make_block, make_set
from tests.ranking.years import finalised_year, leaves

pytestmark = pytest.mark.django_db


@pytest.fixture
def secretary(client: Client) -> Client:
    client.force_login(person(Role.SECRETARY))
    return client


def done(block: Any) -> RankingRun:
    run = services.queue_run(cycle_block=block, actor=None, dispatch=False)
    services.work(run.pk)
    run.refresh_from_db()
    return run


def blocks(count: int) -> None:
    for seed in range(count):
        done(finalised_year(2, seed=seed, criteria_set=make_set(leaves(9), block=make_block(), year=2025)))


@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_the_list(secretary: Client, count: int, django_assert_num_queries: Any) -> None:
    blocks(count)
    with django_assert_num_queries(6):
        page = secretary.get(reverse("ranking:index"))
    assert page.content.decode().count('<section class="card"') == count


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("by", ["total", "area"])
def test_queries_of_a_run(secretary: Client, count: int, by: str, django_assert_num_queries: Any) -> None:
    run = done(finalised_year(count))
    with django_assert_num_queries(5):
        page = secretary.get(reverse("ranking:run", args=[run.public_id]), {"by": by})
    assert page.content.decode().count("Cơ quan 1-2025-") >= count


def test_asking_leads_to_the_run_and_a_refusal_back_to_the_list(secretary: Client) -> None:
    block = finalised_year(2)
    answer = secretary.post(reverse("ranking:request", args=[block.pk]), {"stage": "final"})
    run = RankingRun.objects.get()
    assert answer["Location"] == reverse("ranking:run", args=[run.public_id])
    assert "hx-get" in secretary.get(answer["Location"]).content.decode()
    services.work(run.pk)
    finished = secretary.get(reverse("ranking:progress", args=[run.public_id]))
    assert finished["HX-Refresh"] == "true"

    sheet = block.participations.first().sheets.first()
    type(sheet).objects.filter(pk=sheet.pk).update(state=SheetState.REVIEWING)
    refused = secretary.post(reverse("ranking:request", args=[block.pk]), {"stage": "final"}, follow=True)
    assert sheet.participation.agency.name in refused.content.decode()


def test_sorting_without_script(secretary: Client) -> None:
    run = done(finalised_year(9))
    address = reverse("ranking:run", args=[run.public_id])

    def names(sort: str) -> list[str]:
        return [line.name for line in secretary.get(address, {"sort": sort}).context["lines"]]

    assert names("name") == list(reversed(names("-name")))
    assert names("rank")[-1] == names("-rank")[-1]  # an agency outside the ranking stays last
    assert sorted(names("-points")) == sorted(names("nonsense"))
