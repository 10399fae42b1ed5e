"""A published year of two sets: pages, files and hash tell of both; afterwards its weights stay."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from agencies.models import Role
from parindex.errors import WrongState
from scoring.assessment.models import CycleBlock
from scoring.assessment.services.parts import Share, add_part, change_parts
from scoring.publication import services
from scoring.ranking.models import RankingPart
from tests.factories import actor, person
from tests.factories_scoring import make_agency, make_block, make_set
from tests.publication.years import propose, publish, run_of
from tests.ranking.halves import FIRST, SECOND, two_halves

pytestmark = pytest.mark.django_db


def example(others: int = 0) -> tuple[CycleBlock, CycleBlock]:
    """Three agencies: in both halves, in the first alone, in the second alone; and further ones in both."""
    block = make_block("Sở, ban, ngành", slug="so-ban-nganh")
    both, first, second = (make_agency(name, block=block) for name in ("Sở Y tế", "Sở Đất đai", "Sở Mới"))
    more = [make_agency(f"Sở thứ {number}", block=block) for number in range(others)]
    return two_halves(
        {both: ("40", "23.9"), first: ("45", "15"), **dict.fromkeys(more, ("40", "20"))},
        {both: ("35.48", "35"), second: ("36", "34"), **dict.fromkeys(more, ("40", "20"))},
        block=block,
    )


BLOCK = "/rankings/2025/so-ban-nganh"
METHOD = "/method/2025/so-ban-nganh/"


def read(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, url
    return response.content.decode("utf-8-sig")


def test_the_public_reads_both_parts(client: Client) -> None:
    publish(example()[0])
    block = read(client, f"{BLOCK}/")
    for text in (FIRST, SECOND, "40 %".replace(" ", "\u00a0"), "85,20", "88,10", "86,94", "63,90"):
        assert text in block
    agency = read(client, f"{BLOCK}/so-y-te/")
    for text in (FIRST, SECOND, "85,20", "88,10", "86,94", "Bộ tiêu chí 6 tháng cuối năm", "3. Lĩnh vực 3"):
        assert text in agency
    assert agency.count('class="part-head"') == 2
    alone = read(client, f"{BLOCK}/so-moi/")
    assert f"{SECOND}" in alone and alone.count('class="part-head"') == 1
    method = read(client, METHOD)
    assert method.index("Kế hoạch hai cấp") > method.index("Thực hiện kế hoạch")
    assert method.count(SECOND) >= 3


def test_the_files_carry_the_parts(client: Client) -> None:
    publish(example()[0])
    lines = list(csv.DictReader(io.StringIO(read(client, f"{BLOCK}.csv"))))
    health = next(line for line in lines if line["slug"] == "so-y-te")
    assert (health["points"], health["max"], health["index"]) == ("86.94", "100", "86.94")
    assert (health["part_1_period"], health["part_1_weight"]) == (FIRST, "40")
    assert (health["part_2_points"], health["part_2_max"], health["part_2_index"]) == ("70.48", "80", "88.10")
    assert health["part_1_area_1_points"] == "40" and health["part_2_area_1_points"] == "35.48"
    assert "area_1_points" not in health
    land = next(line for line in lines if line["slug"] == "so-dat-dai")
    assert (land["part_2_index"], land["part_2_area_1_points"], land["part_1_index"]) == ("", "", "80.00")
    data = json.loads(read(client, f"{BLOCK}.json"))
    assert [(one["part"], one["period"], one["weight"]) for one in data["parts"]] == [
        (1, FIRST, "40"),
        (2, SECOND, "60"),
    ]
    assert [(area["part"], area["code"]) for area in data["areas"]] == [
        (1, "1"),
        (1, "2"),
        (2, "1"),
        (2, "3"),
    ]
    row = next(one for one in data["rows"] if one["agency"]["slug"] == "so-y-te")
    assert [(one["part"], one["points"], one["max"], one["index"]) for one in row["parts"]] == [
        (1, "63.9", "75", "85.20"),
        (2, "70.48", "80", "88.10"),
    ]
    assert row["index"] == "86.94"
    assert {one["part"] for one in row["areas"]} == {1, 2}


def test_the_hash_covers_the_parts() -> None:
    run = run_of(example()[0])
    proposed = propose(run)
    before = services.content_sha256(proposed, [run])
    RankingPart.objects.filter(run=run).update(points=1)
    assert services.content_sha256(proposed, [run]) != before


def test_a_changed_weight_stops_the_approval_and_a_published_year_stays() -> None:
    main, part = example()
    proposed = propose(run_of(main))
    shares = {main.pk: Share(FIRST, Decimal(50)), part.pk: Share(SECOND, Decimal(50))}
    change_parts(actor=None, cycle_block=main, shares=shares)
    approver = actor(Role.APPROVER)
    with pytest.raises(WrongState):
        services.approve(actor=approver, publication=proposed, content=proposed.content_sha256)
    change_parts(
        actor=None,
        cycle_block=main,
        shares={main.pk: Share(FIRST, Decimal(40)), part.pk: Share(SECOND, Decimal(60))},
    )
    services.approve(actor=approver, publication=proposed, content=proposed.content_sha256)
    with pytest.raises(WrongState):
        change_parts(actor=None, cycle_block=main, shares=shares)
    with pytest.raises(WrongState):
        add_part(
            actor=None,
            cycle_block=main,
            criteria_set=make_set(block=main.block),
            share=Share("Quý IV", Decimal(5)),
        )


def test_a_reopened_sheet_of_a_part_stops_the_approval() -> None:
    main, part = example()
    proposed = propose(run_of(main))
    sheet = part.participations.first().sheets.first()  # type: ignore[union-attr]
    sheet.state = "reviewing"
    sheet.save()
    with pytest.raises(WrongState):
        services.approve(actor=actor(Role.APPROVER), publication=proposed, content=proposed.content_sha256)


def test_only_the_block_is_proposed_not_its_parts(client: Client) -> None:
    main, _part = example()
    run_of(main)
    client.force_login(person(Role.PUBLISHER))
    shown = client.get(reverse("publication:propose") + "?year=2025").content.decode()
    assert shown.count('class="pad block-choice"') == 1


@pytest.mark.parametrize("others", [1, 3])
def test_the_pages_take_fixed_numbers_of_queries(
    client: Client, django_assert_num_queries: Any, others: int
) -> None:
    publish(example(others)[0])
    read(client, f"{BLOCK}/so-y-te/")  # reads the trees of the locked sets once
    for url, number in PAGES.items():
        with django_assert_num_queries(number):
            assert client.get(url).status_code == 200


PAGES = {f"{BLOCK}/": 8, f"{BLOCK}/so-y-te/": 11, METHOD: 2, f"{BLOCK}.csv": 6, f"{BLOCK}.json": 6}
