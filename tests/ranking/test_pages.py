"""The ranking's pages: what they show, and how many queries they take."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from agencies.models import Role
from scoring.assessment.models import Scoresheet, SheetState
from scoring.engine import mean
from scoring.ranking import queries, services
from scoring.ranking.models import RankingRun
from scoring.ranking.tables import area_tables
from tests.factories import SuccessionFactory, person
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


def test_an_interim_run_tells_nobody_of_the_own_house_and_of_no_draft(client: Client) -> None:
    block = finalised_year(4)
    sheets = list(Scoresheet.objects.select_related("participation__agency").order_by("pk"))
    own, draft = (sheet.participation.agency for sheet in sheets[:2])
    forerunner = SuccessionFactory(successor=own).predecessor  # the frame shows a person's own agency by name
    type(sheets[0]).objects.filter(pk__in=[sheet.pk for sheet in sheets]).update(state=SheetState.APPRAISING)
    type(sheets[1]).objects.filter(pk=sheets[1].pk).update(state=SheetState.DRAFTING)
    for stage in ("self", "round_1"):
        run = services.work(services.queue_run(cycle_block=block, stage=stage, actor=None, dispatch=False).pk)
        for role, house, sees in (
            (Role.SECRETARY, forerunner, False),
            (Role.PUBLISHER, forerunner, False),
            (Role.SECRETARY, None, True),
            (Role.INSPECTOR, forerunner, True),
        ):
            client.force_login(person(role, house))
            for by in ("total", "area"):
                page = client.get(reverse("ranking:run", args=[run.public_id]), {"by": by}).content.decode()
                assert (own.name in page) is sees, (stage, role, by)
                assert draft.name not in page and sheets[2].participation.agency.name in page


def test_the_mean_of_an_area_is_that_of_the_ranked_agencies(secretary: Client) -> None:
    run = done(finalised_year(7))
    nodes = queries.node_table(run, by="area")
    for table in area_tables(run, nodes):
        ranked = [
            node.index for node in nodes if node.criterion_id == table.area.pk and node.rank is not None
        ]
        assert len(ranked) < 7 and table.mean == mean(ranked)
