"""A year of two sets: the index of the year, places and grades from both, refusals that name the part."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.test import Client
from django.urls import reverse

from agencies.models import Agency, Block, Role
from parindex.clock import db_now
from parindex.errors import WrongState
from scoring.assessment.models import (
    Adjustment,
    Answer,
    CycleBlock,
    Mark,
    Participation,
    Scoresheet,
    SheetState,
)
from scoring.assessment.services.parts import Share, change_parts
from scoring.ranking import queries, services, year
from scoring.ranking.models import NodeRow, RankingPart, RankingRow, RankingRun
from tests.factories import actor, person
from tests.factories_scoring import make_agency, make_block
from tests.publication.years import GRADES, SETTINGS, change, run_of, scored
from tests.ranking.halves import FIRST, FIRST_LEAVES, SECOND, add_half, two_halves

pytestmark = pytest.mark.django_db
D = Decimal


def agencies(block: Block, *names: str) -> list[Agency]:
    return [make_agency(name, block=block) for name in names]


def rows(run: RankingRun) -> dict[str, RankingRow]:
    return {row.agency.name: row for row in queries.table(run)}


def example() -> tuple[CycleBlock, CycleBlock, RankingRun]:
    """The example of docs/scoring.md."""
    block = make_block("Sở, ban, ngành", slug="so-ban-nganh")
    health, land, light, new = agencies(block, "Sở Y tế", "Sở Đất đai", "Sở Ánh sáng", "Sở Mới")
    main, part = two_halves(
        {health: ("40", "23.9"), land: ("45", "30"), light: ("30", "15")},  # 63.9, 75, 45 of 75
        {health: ("35.48", "35"), land: ("38", "32"), new: ("36", "34")},  # 70.48, 70, 70 of 80
        block=block,
        unranked=[light],
    )
    return main, part, run_of(main)


def test_the_index_of_the_year_is_the_weighted_mean_of_exact_indexes() -> None:
    main, part, run = example()
    found = rows(run)
    # 63.9/75 = 85.2 %, 70.48/80 = 88.1 %: 85.2 × 0.4 + 88.1 × 0.6 = 86.94
    assert found["Sở Y tế"].index == found["Sở Y tế"].index_exact == found["Sở Y tế"].points == D("86.94")
    assert found["Sở Y tế"].maximum == 100
    # 100 × 0.4 + 87.5 × 0.6 = 92.5
    assert found["Sở Đất đai"].index == D("92.5")
    # the second half alone: 70/80
    assert (found["Sở Mới"].index, found["Sở Mới"].ranked, found["Sở Mới"].rank) == (D("87.5"), True, 2)
    # the first half alone: 45/75, and outside the ranking by the main row
    assert (found["Sở Ánh sáng"].index, found["Sở Ánh sáng"].rank) == (D(60), None)
    assert [found[name].rank for name in ("Sở Đất đai", "Sở Mới", "Sở Y tế")] == [1, 2, 3]
    assert [found[name].grade for name in ("Sở Đất đai", "Sở Mới", "Sở Y tế", "Sở Ánh sáng")] == [
        "Xuất sắc", "Tốt", "Tốt", "Trung bình",
    ]  # fmt: skip
    kept = RankingPart.objects.filter(run=run, agency__name="Sở Y tế").order_by("cycle_block")
    assert [(one.cycle_block, one.weight_pct, one.points, one.maximum, one.index) for one in kept] == [
        (main, 40, D("63.9"), 75, D("85.2")),
        (part, 60, D("70.48"), 80, D("88.1")),
    ]
    assert RankingPart.objects.filter(run=run).count() == 6
    told = [(one["period"], one["weight"], one["set"]) for one in run.settings["parts"]]
    assert told == [
        (FIRST, "40", f"{main.criteria_set.public_id} v1"),
        (SECOND, "60", f"{part.criteria_set.public_id} v2"),
    ]


def test_the_nodes_of_both_sets_are_kept_and_ranked_within_their_part() -> None:
    main, part, run = example()
    for row in (main, part):
        nodes = NodeRow.objects.filter(run=run, criterion__criteria_set=row.criteria_set_id)
        assert nodes.count() == 3 * row.criteria_set.criteria.count()
    area = NodeRow.objects.filter(run=run, criterion__criteria_set=part.criteria_set, criterion__code="1")
    assert {one.agency.name: one.rank for one in area} == {"Sở Đất đai": 1, "Sở Mới": 2, "Sở Y tế": 3}


def test_the_same_inputs_are_the_same_run_and_a_weight_another() -> None:
    main, part, run = example()
    again = services.queue_run(cycle_block=main, actor=None, dispatch=False)
    assert services.work(again.pk) == run
    assert services.inputs_digest(main, stage="final") == run.inputs_sha256
    change_parts(
        actor=None,
        cycle_block=main,
        shares={main.pk: Share(FIRST, D(50)), part.pk: Share(SECOND, D(50))},
    )
    main.refresh_from_db()
    assert services.inputs_digest(main, stage="final") != run.inputs_sha256
    other = run_of(main)
    assert rows(other)["Sở Y tế"].index == D("86.65")
    agency = Agency.objects.get(name="Sở Y tế")
    change(part, agency, "3.1.1", "40")
    assert rows(run_of(main))["Sở Y tế"].index == D("89.78")  # (85.2 + 94.35) / 2 = 89.775


@pytest.mark.parametrize(("rounding", "shown"), [("half_up", "66.67"), ("down", "66.66")])
def test_print_rounds_once_and_ties_follow_print_or_the_exact_value(rounding: str, shown: str) -> None:
    block = make_block()
    one, two = agencies(block, "Sở Một", "Sở Hai")
    points: dict[Agency, Sequence[str]] = {one: ("45", "5"), two: ("45", "5.0001")}  # 50/75, 50.0001/75
    later: dict[Agency, Sequence[str]] = {one: ("40", "13.333333"), two: ("40", "13.333333")}
    main, _part = two_halves(
        points, later, block=block, weight="50", settings={**SETTINGS, "rounding": rounding, "grades": []}
    )
    found = rows(run_of(main))
    assert {row.index for row in found.values()} == {D(shown)}
    assert {row.rank for row in found.values()} == {1}
    main.cycle.settings = {**main.cycle.settings, "rank_on": "exact"}
    main.cycle.save()
    exact = rows(run_of(main))
    assert (exact["Sở Hai"].rank, exact["Sở Một"].rank) == (1, 2)


def test_equal_years_made_of_unequal_thirds_share_a_place() -> None:
    block = make_block()
    one, two = agencies(block, "Sở Một", "Sở Hai")
    main = scored(
        {one: ("25", "0"), two: ("45", "5")},  # 1/3, 2/3 of 75
        block=block,
        leaves=FIRST_LEAVES,
        settings={**SETTINGS, "rank_on": "exact"},
    )
    sixty = [{"code": "1.1.1", "max": "60", "rule": {"kind": "manual"}}]
    add_half(main, {one: ("40",), two: ("20",)}, weight="50", leaves=sixty)  # 2/3, 1/3
    main.refresh_from_db()
    found = rows(run_of(main))
    assert {(row.index_exact, row.rank) for row in found.values()} == {(D(50), 1)}


def test_bonus_counts_within_its_part_and_ties_break_over_both_sets() -> None:
    block = make_block()
    one, two, three = agencies(block, "Sở Một", "Sở Hai", "Sở Ba")
    same = {one: ("30", "30"), two: ("45", "15"), three: ("40", "14")}
    main, part = two_halves(
        same,
        {one: ("32", "32"), two: ("32", "32"), three: ("32", "32")},
        block=block,
        settings={**SETTINGS, "tie_breakers": ["1", "bonus"]},
    )
    sheet = Scoresheet.objects.get(participation__cycle_block=main, participation__agency=three)
    Adjustment.objects.create(
        scoresheet=sheet, kind="bonus", points=D(9), reason="Sáng kiến", by=actor(Role.SECRETARY).user,
        at=sheet.created_at,
    )  # fmt: skip
    found = rows(run_of(main))
    # 54 + 5 (the cap) of 75 = 78.666… %, × 0.4 + 80 × 0.6
    assert found["Sở Ba"].index == D("79.47")
    assert (found["Sở Ba"].bonus, found["Sở Ba"].points) == (0, D("79.466667"))
    kept = RankingPart.objects.get(agency=three, cycle_block=main)
    assert (kept.bonus, kept.points) == (5, 59)
    assert (found["Sở Hai"].rank, found["Sở Một"].rank) == (
        1,
        2,
    )  # area 1 has 100 % against 66.67 % in the first half


def test_a_gate_of_a_grade_asks_the_areas_of_both_sets() -> None:
    block = make_block()
    one, two = agencies(block, "Sở Một", "Sở Hai")
    gated = [{**GRADES[0], "gates": [{"area": "3", "ge": "90"}]}, *GRADES[1:]]
    main, _part = two_halves(
        {one: ("45", "30"), two: ("45", "30")},
        {one: ("40", "35"), two: ("36", "39")},  # area 3: 87.5 % and 97.5 %
        block=block,
        settings={**SETTINGS, "grades": gated},
    )
    found = rows(run_of(main))
    assert {name: (row.index, row.grade) for name, row in found.items()} == {
        "Sở Một": (D("96.25"), "Tốt"),
        "Sở Hai": (D("96.25"), "Xuất sắc"),
    }


def test_an_agency_to_which_a_half_does_not_apply_counts_by_the_other() -> None:
    main, part, _run = example()
    answers = Answer.objects.filter(
        scoresheet__participation__cycle_block=part, scoresheet__participation__agency__name="Sở Y tế"
    )
    for answer in answers:
        Mark.objects.create(
            answer=answer, round=3, by=actor(Role.COUNCIL_MEMBER).user, points=0, applicable_max=0, trace={},
            reason="Không áp dụng", at=db_now(),
        )  # fmt: skip
    assert rows(run_of(main))["Sở Y tế"].index == D("85.2")
    for answer in Answer.objects.filter(
        scoresheet__participation__cycle_block=main, scoresheet__participation__agency__name="Sở Y tế"
    ):
        Mark.objects.create(
            answer=answer, round=3, by=actor(Role.COUNCIL_MEMBER).user, points=0, applicable_max=0, trace={},
            reason="Không áp dụng", at=db_now(),
        )  # fmt: skip
    found = rows(run_of(main))["Sở Y tế"]
    assert (found.index, found.rank, found.grade, found.maximum) == (None, None, "", 0)


def test_interim_runs_are_of_one_part_and_a_part_has_no_final_run() -> None:
    main, part, _run = example()
    for row, maximum in ((main, 75), (part, 80)):
        asked = services.queue_run(cycle_block=row, stage="round_1", actor=None, dispatch=False)
        done = services.work(asked.pk)
        assert done is not None and done.state == "done", asked.error
        assert set(RankingRow.objects.filter(run=done).values_list("maximum", flat=True)) == {maximum}
        assert "parts" not in done.settings
        assert not RankingPart.objects.filter(run=done).exists()
    with pytest.raises(services.NotReady, match="."):
        services.queue_run(cycle_block=part, actor=None)


def test_what_is_not_ready_is_named_with_its_part() -> None:
    main, part, _run = example()
    sheet = Scoresheet.objects.filter(participation__cycle_block=part, participation__agency__name="Sở Mới")
    sheet.update(state=SheetState.REVIEWING)
    with pytest.raises(services.NotReady, match=rf"Sở Mới \({SECOND}\)"):
        services.queue_run(cycle_block=main, actor=None)
    sheet.update(state=SheetState.FINALISED)
    CycleBlock.objects.filter(pk=part.pk).update(opened_at=None)
    with pytest.raises(services.NotReady, match=f"Sở, ban, ngành · {SECOND}"):
        services.queue_run(cycle_block=main, actor=None)
    CycleBlock.objects.filter(pk=part.pk).update(opened_at=main.opened_at, weight_pct=D("59.5"))
    with pytest.raises(services.NotReady, match="99,5"):
        services.queue_run(cycle_block=main, actor=None)


def test_a_ranked_agency_whose_other_half_is_unranked_and_open_holds_the_run() -> None:
    main, part, _run = example()
    other = Participation.objects.get(cycle_block=part, agency__name="Sở Y tế")
    Participation.objects.filter(pk=other.pk).update(ranked=False)
    assert rows(run_of(main))["Sở Y tế"].rank == 3  # the main row decides
    Scoresheet.objects.filter(participation=other).update(state=SheetState.REVIEWING)
    with pytest.raises(services.NotReady, match="Sở Y tế"):
        services.queue_run(cycle_block=main, actor=None)
    with pytest.raises(WrongState):
        services.inputs_digest(main, stage="final")


def test_a_sheet_of_a_part_reopened_meanwhile_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    main, part, _run = example()
    CycleBlock.objects.filter(pk__in=(main.pk, part.pk)).update(weight_pct=50)
    run = services.queue_run(cycle_block=main, actor=None, dispatch=False)
    original = year.compute

    def reopened(*args: Any, **kwargs: Any) -> Any:
        Scoresheet.objects.filter(participation__cycle_block=part).update(version=F("version") + 1)
        return original(*args, **kwargs)

    monkeypatch.setattr(year, "compute", reopened)
    failed = services.work(run.pk)
    assert failed is not None and failed.state == "failed"


def test_the_command_prints_the_year_and_takes_points_for_a_part(capsys: Any, tmp_path: Any) -> None:
    main, part, _run = example()
    call_command("compute_ranking", "2025")
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "Sở Đất đai,92.5,100,92.50,1,Xuất sắc"
    assert len(lines) == 5
    file = tmp_path / "diem.csv"
    file.write_text("agency,criterion,points\n", encoding="utf-8")
    with pytest.raises(CommandError, match="There is no part “quý 1”"):
        call_command("import_points", "2025", str(file), "--block", "so-ban-nganh", "--part", "quý 1")


def test_three_parts_count_by_their_weights() -> None:
    block = make_block()
    (one,) = agencies(block, "Sở Một")
    main, part = two_halves({one: ("45", "30")}, {one: ("20", "20")}, block=block, weight="30")
    add_half(
        main, {one: ("10",)}, weight="20", period="Quý IV",
        leaves=[{"code": "9.1.1", "max": "40", "rule": {"kind": "manual"}}],
    )  # fmt: skip
    main.refresh_from_db()
    assert main.weight_pct == 50
    # 100 × 0.5 + 50 × 0.3 + 25 × 0.2
    assert rows(run_of(main))["Sở Một"].index == 70


# --- the pages ------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 3])
def test_the_ranking_pages_take_fixed_numbers_of_queries(
    client: Client, django_assert_num_queries: Any, number: int
) -> None:
    block = make_block()
    several = agencies(block, *(f"Sở số {place}" for place in range(number)))
    main, _part = two_halves(
        dict.fromkeys(several, ("45", "30")), dict.fromkeys(several, ("20", "20")), block=block
    )
    run = run_of(main)
    client.force_login(person(Role.SECRETARY))
    pages = {reverse("ranking:index"): INDEX, reverse("ranking:run", args=[run.public_id]): RUN}
    pages[reverse("ranking:run", args=[run.public_id]) + "?by=area"] = AREAS
    for url, queries_of_page in pages.items():
        client.get(url)
        with django_assert_num_queries(queries_of_page):
            assert client.get(url).status_code == 200


INDEX, RUN, AREAS = 6, 6, 6


def test_the_pages_tell_of_both_parts(client: Client) -> None:
    _main, _part, run = example()
    client.force_login(person(Role.SECRETARY))
    page = client.get(reverse("ranking:index")).content.decode()
    assert FIRST in page and SECOND in page and "40" in page
    shown = client.get(reverse("ranking:run", args=[run.public_id])).content.decode()
    for text in (FIRST, SECOND, "85,20", "88,10", "86,94", "70,48"):
        assert text in shown
    areas = client.get(reverse("ranking:run", args=[run.public_id]) + "?by=area").content.decode()
    assert areas.count(f"{SECOND} ·") == 2
