"""Two sets in one year: adding, naming and weighing the parts; the cycle's pages; the agency's two sheets."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse

from agencies.models import Role
from parindex.audit.models import AuditEntry
from parindex.clock import db_now
from parindex.errors import Invalid, NotPermitted, WrongState
from scoring.assessment.models import CycleBlock, Scoresheet, Window
from scoring.assessment.queries.parts import parts_of_year
from scoring.assessment.services import cycles, opening
from scoring.assessment.services.parts import Share, add_part, change_parts, remove_part
from tests.factories import actor, person
from tests.factories_scoring import make_agency, make_block, make_set, open_cycle, open_windows

pytestmark = pytest.mark.django_db
D = Decimal
FIRST, SECOND = "6 tháng đầu năm", "6 tháng cuối năm"


def year(agencies: int = 2, **more: Any) -> CycleBlock:
    return open_cycle(agencies, **more).cycle_block


def second(main: CycleBlock, **more: Any) -> CycleBlock:
    given = {
        "actor": actor(Role.SECRETARY),
        "cycle_block": main,
        "criteria_set": make_set(block=main.block, title="Bộ tiêu chí hai cấp"),
        "share": Share(SECOND, D(60)),
        "main_period": FIRST,
    }
    return add_part(**(given | more))


def test_a_part_takes_its_weight_and_the_agencies_from_the_main_row() -> None:
    main = year()
    one = main.participations.first()
    one.profiles, one.ranked = ["no_tthc"], False
    one.save()
    part = second(main)
    main.refresh_from_db()
    assert [(row.period, row.weight_pct) for row in (main, part)] == [(FIRST, 40), (SECOND, 60)]
    assert (part.part_of, part.block, part.opened_at) == (main, main.block, None)
    assert part.participations.count() == 2
    assert (
        part.participations.get(agency=one.agency).profiles,
        part.participations.get(agency=one.agency).ranked,
    ) == (
        ["no_tthc"],
        False,
    )
    assert main.name == f"{main.block.name} · {FIRST}"
    assert AuditEntry.objects.filter(action="cycle_block.part_added").count() == 1
    assert parts_of_year(part).rows == [main, part]
    assert second(main, share=Share("Quý IV", D("0.5")), main_period="").weight_pct == D("0.5")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"share": Share("", D(60))}, "period"),
        ({"share": Share("x" * 121, D(60))}, "period"),
        ({"share": Share(FIRST.upper(), D(60))}, "period"),
        ({"share": Share(SECOND, D(100))}, "weight"),
        ({"share": Share(SECOND, D(0))}, "weight"),
        ({"share": Share(SECOND, D("NaN"))}, "weight"),
        ({"share": Share(SECOND, D("0.0000001"))}, "weight"),
        ({"main_period": " "}, "main_period"),
        ({"main_period": "x" * 121}, "main_period"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(given: dict[str, Any], field: str) -> None:
    main = year(1)
    with pytest.raises(Invalid) as refused:
        second(main, **given)
    assert field in refused.value.fields
    assert not CycleBlock.objects.exclude(pk=main.pk).exists()
    main.refresh_from_db()
    assert (main.weight_pct, main.period) == (100, "")


def test_each_part_has_a_set_of_its_own() -> None:
    main = year(1)
    with pytest.raises(Invalid) as refused:
        second(main, criteria_set=main.criteria_set)
    assert "criteria_set" in refused.value.fields
    with pytest.raises(Invalid):
        second(main, criteria_set=make_set())  # of another block
    part = second(main)
    with pytest.raises(Invalid) as refused:
        cycles.choose_set(actor=None, cycle_block=part, criteria_set=main.criteria_set)
    assert "criteria_set" in refused.value.fields
    other = make_set(block=main.block)
    assert cycles.choose_set(actor=None, cycle_block=part, criteria_set=other).criteria_set == other


def test_weights_change_together_and_add_up_to_100() -> None:
    main = year(1)
    part = second(main)

    def shares(first: str, other: str, name: str = SECOND) -> dict[int, Share]:
        return {main.pk: Share(FIRST, D(first)), part.pk: Share(name, D(other))}

    for wrong, field in (
        (shares("40", "59.5"), "total"),
        (shares("100", "0"), f"weight_{part.pk}"),
        (shares("40", "60", ""), f"period_{part.pk}"),
        (shares("40", "60", FIRST), f"period_{part.pk}"),
    ):
        with pytest.raises(Invalid) as refused:
            change_parts(actor=None, cycle_block=main, shares=wrong)
        assert field in refused.value.fields
    change_parts(actor=None, cycle_block=part, shares=shares("33.333333", "66.666667"))
    part.refresh_from_db()
    assert part.weight_pct == D("66.666667")
    change_parts(actor=None, cycle_block=part, shares=shares("33.333333", "66.666667"))
    assert AuditEntry.objects.filter(action="cycle_block.parts_changed").count() == 1
    with pytest.raises(WrongState):
        change_parts(actor=None, cycle_block=main, shares={main.pk: Share(FIRST, D(100))})


def test_only_the_secretary_and_no_year_from_outside() -> None:
    main = year(1)
    with pytest.raises(NotPermitted):
        second(main, actor=actor(Role.ASSESSOR))
    part = second(main)
    for act in (
        lambda: change_parts(actor=actor(Role.PUBLISHER), cycle_block=main, shares={}),
        lambda: remove_part(actor=actor(Role.PUBLISHER), cycle_block=part),
    ):
        with pytest.raises(NotPermitted):
            act()
    main.cycle.imported = True
    main.cycle.save()
    with pytest.raises(WrongState):
        second(main, share=Share("Quý IV", D(5)))


def test_a_part_leaves_until_it_is_opened_and_the_main_row_stays_while_it_has_parts() -> None:
    main = year(1)
    part = second(main)
    CycleBlock.objects.filter(pk=main.pk).update(opened_at=None)
    with pytest.raises(WrongState):
        cycles.remove_block(actor=None, cycle_block=main)
    CycleBlock.objects.filter(pk=main.pk).update(opened_at=db_now())
    open_windows(part)
    opening.open_block(actor=None, cycle_block=part)
    with pytest.raises(WrongState):
        remove_part(actor=None, cycle_block=part)
    third = second(main, share=Share("Quý IV", D(10)))
    assert remove_part(actor=None, cycle_block=third).weight_pct == 40
    with pytest.raises(WrongState):
        remove_part(actor=None, cycle_block=main)
    CycleBlock.objects.filter(pk=part.pk).update(opened_at=None)
    Scoresheet.objects.filter(participation__cycle_block=part).update(state="drafting")


def test_the_last_part_gone_leaves_a_year_of_one_set() -> None:
    main = year(1)
    part = second(main)
    left = remove_part(actor=None, cycle_block=part)
    assert (left.weight_pct, left.period, left.parts.count()) == (100, "", 0)


def test_the_next_year_begins_as_this_one_ended() -> None:
    main = year(2)
    part = second(main, with_agencies=False)
    new = make_agency(block=main.block)
    opening.add_participations(actor=None, cycle_block=part, agencies=[new])
    open_windows(part)
    Window.objects.filter(cycle_block=part).update(closes=F("closes") + 1 * (db_now() - db_now()))
    Window.objects.filter(cycle_block=main, stage="council").delete()
    Window.objects.filter(cycle_block=main).update(closes=db_now())
    copied = cycles.create_cycle(actor=None, year=2026, copy_from=main.cycle)
    (row,) = copied.blocks.all()
    assert (row.part_of, row.weight_pct, row.period) == (None, 100, "")
    assert row.criteria_set == part.criteria_set
    assert [one.agency for one in row.participations.all()] == [new]


def test_adding_a_block_that_has_parts_is_refused_as_ever() -> None:
    main = year(1)
    second(main)
    with pytest.raises(Invalid):
        cycles.add_block(actor=None, cycle=main.cycle, block=main.block, criteria_set=main.criteria_set)


# --- pages ----------------------------------------------------------------------------------------


@pytest.fixture
def secretary(client: Client) -> Client:
    client.force_login(person(Role.SECRETARY))
    return client


def test_the_pages_add_weigh_and_remove_a_part(secretary: Client) -> None:
    main = year(2)
    add = reverse("cycles:add_part", args=[main.pk])
    assert add in secretary.get(reverse("cycles:block", args=[main.pk])).content.decode()
    other = make_set(block=main.block, title="Bộ tiêu chí hai cấp")
    typed = {
        "main_period": FIRST,
        "criteria_set": other.pk,
        "period": SECOND,
        "weight": "59,5",
        "with_agencies": "on",
    }
    wrong = secretary.post(add, typed | {"weight": "100"})
    assert wrong.status_code == 400
    assert "is-invalid" in wrong.content.decode() and SECOND in wrong.content.decode()
    done = secretary.post(add, typed)
    part = main.parts.get()
    assert done.url == reverse("cycles:block", args=[part.pk])
    page = secretary.get(done.url).content.decode()
    assert f"{main.block.name} · {SECOND}" in page and "59,5" in page
    change = reverse("cycles:parts", args=[main.pk])
    weights = {
        f"period_{main.pk}": FIRST, f"weight_{main.pk}": "40",
        f"period_{part.pk}": SECOND, f"weight_{part.pk}": "59,5",
    }  # fmt: skip
    wrong = secretary.post(change, weights)
    assert wrong.status_code == 400 and "99,5" in wrong.content.decode()
    assert secretary.post(change, weights | {f"weight_{part.pk}": "60"}).status_code == 302
    overview = secretary.get(reverse("cycles:cycle", args=[main.cycle_id])).content.decode()
    assert overview.count(main.block.name) >= 2 and FIRST in overview and SECOND in overview
    gone = secretary.post(reverse("cycles:remove", args=[part.pk]))
    assert gone.url == reverse("cycles:block", args=[main.pk])
    assert not main.parts.exists()
    assert secretary.get(change).url == reverse("cycles:block", args=[main.pk])


def test_without_a_further_set_the_page_says_what_to_do(secretary: Client) -> None:
    main = year(1)
    page = secretary.get(reverse("cycles:add_part", args=[main.pk]))
    assert page.status_code == 200 and reverse("criteria:index") in page.content.decode()


def test_the_agency_sees_both_sheets_with_their_parts(client: Client) -> None:
    agency = make_agency(block=make_block())
    main = year(agencies=[agency], block=agency.block)  # type: ignore[arg-type]
    part = second(main)
    open_windows(part)
    opening.open_block(actor=None, cycle_block=part)
    client.force_login(person(Role.COORDINATOR, agency))
    home = client.get(reverse("workspace:home")).content.decode()
    assert home.count(f"2025 · {FIRST}</a>") == 1 and home.count(f"2025 · {SECOND}</a>") == 1
    for sheet in Scoresheet.objects.filter(participation__agency=agency):
        shown = client.get(reverse("workspace:sheet", args=[sheet.public_id])).content.decode()
        assert sheet.participation.cycle_block.period in shown


def test_the_assessors_list_tells_the_parts_apart(secretary: Client) -> None:
    main = year(1)
    part = second(main)
    open_windows(part)
    opening.open_block(actor=None, cycle_block=part)
    for row in (main, part):
        Scoresheet.objects.filter(participation__cycle_block=row).update(state="appraising")
    url = reverse("appraisal:worklist")
    page = secretary.get(url).content.decode()
    main.refresh_from_db()
    assert f'value="{main.key}"' in page and f'value="{part.key}"' in page
    assert secretary.get(url, {"block": part.key}).status_code == 200
    assert part.key != main.key == main.block.slug
