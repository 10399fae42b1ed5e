"""One sheet with a cap, a bonus area and a penalty area: the same sum on every page, in the run and in public."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from agencies.actors import actor_for
from agencies.models import Role, User
from parindex.clock import db_now
from scoring.assessment.models import Participation, SheetState, Stage
from scoring.assessment.queries.appraisal_sums import caps_above, marked_sums
from scoring.assessment.queries.appraisal_totals import council_lines
from scoring.assessment.queries.home import results_of
from scoring.assessment.queries.panels import reach_of
from scoring.assessment.queries.points import adjustments_of, sheet_totals
from scoring.assessment.queries.progress import progress_of
from scoring.assessment.queries.rounds import plan_closing
from scoring.assessment.queries.sums import Adjusted, adjusted_by
from scoring.assessment.services.adjustments import add_adjustment
from scoring.assessment.services.bulk_marks import mark_in_bulk
from scoring.assessment.services.council import finalise
from scoring.assessment.services.rounds import close_round
from scoring.assessment.services.submission import approve, submit_for_approval
from scoring.ranking.models import NodeRow, RankingRow
from tests.assessment.sheet.conftest import Place, actor_of, make_place
from tests.factories import person
from tests.factories_scoring import home_affairs, make_set
from tests.publication.years import publish, run_of

D = Decimal
#: 1.1 gives 4 and counts 3; area 2 adds 2 and counts 1; area 3 takes 0.5 away; 4 gives 1 of 3.
LEAVES = [
    ("1.1.1", "2", {"kind": "boolean", "yes": "2", "no": "0"}),
    ("1.1.2", "2", {"kind": "boolean", "yes": "2", "no": "0"}),
    ("2.1", "1", {"kind": "boolean", "yes": "1", "no": "0"}),
    ("2.2", "1", {"kind": "boolean", "yes": "1", "no": "0"}),
    ("3.1", "1", {"kind": "manual", "step": "0.5"}),
    ("4.1", "3", {"kind": "boolean", "yes": "3", "no": "1"}),
]
NODES = {"1.1": {"cap": D(3)}, "2": {"cap": D(1), "role": "bonus"}, "3": {"role": "penalty"}}


@pytest.fixture
def as_user() -> Any:
    def enter(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return enter


@pytest.fixture
def place(db: None) -> Place:
    return make_place(criteria_set=make_set(LEAVES, nodes=NODES, total=D(6)))


def fill(place: Place) -> None:
    for code in ("1.1.1", "1.1.2", "2.1", "2.2"):
        place.save(code, note="Có báo cáo.", value="true")
    place.save("3.1", note="Trễ hạn.", points="0,5")
    place.save("4.1", note="Chưa xong.", value="false")


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def test_one_sum_everywhere(place: Place, as_user: Any, settings: Any, tmp_path: Any) -> None:
    settings.DATA_DIR = tmp_path
    block = place.year.cycle_block
    Participation.objects.exclude(pk=place.sheet.participation_id).update(ranked=False)
    fill(place)
    progress = progress_of(place.sheet)
    assert (progress.points, progress.maximum) == (D("4.5"), D(6))
    editor = as_user(place.editor)
    page = text(editor, reverse("workspace:sheet", args=[place.sheet.public_id]))
    assert "4,5" in page and 'class="cap-note is-cut"' in page
    assert "+1" in text(editor, reverse("workspace:print", args=[place.sheet.public_id]))

    submit_for_approval(sheet=place.sheet, actor=actor_of(place.coordinator))
    approve(sheet=place.sheet, actor=actor_of(place.head))
    own = sheet_totals(block, "self")[place.sheet.participation_id]
    assert (own.points, own.maximum, own.open) == (D("4.5"), D(6), 0)

    home = home_affairs()
    assessor, secretary = person(Role.ASSESSOR, home), person(Role.SECRETARY, home)
    council = person(Role.COUNCIL_MEMBER)
    answers = {a.pk: a.version for a in place.sheet.answers.all()}
    mark_in_bulk(answers=answers, actor=actor_for(assessor), round=1)
    marking = as_user(assessor)
    page = text(marking, reverse("appraisal:leaf", args=[place.answer("1.1.1").public_id]))
    assert 'class="cap-note is-cut"' in page
    plan = plan_closing(block, Stage.ROUND_1, now=db_now())
    close_round(cycle_block=block, stage=Stage.ROUND_1, actor=actor_for(secretary), expected_key=plan.key)
    for kind, points in (("bonus", "1"), ("penalty", "0,25")):
        add_adjustment(
            sheet=place.sheet,
            actor=actor_for(secretary),
            kind=kind,
            points_raw=points,
            reason="Theo quyết định",
        )
    total = (D("5.25"), D(6))
    sums = marked_sums(place.sheet, adjusted_by(place.sheet.adjustments.all()))
    assert (sums.points, sums.maximum, sums.open) == (*total, 0)
    assert "5,25" in text(as_user(secretary), reverse("appraisal:sheet", args=[place.sheet.public_id]))
    reach = reach_of(actor_for(secretary), block)
    line = council_lines(block, reach)[0]
    assert (line.points, line.now.maximum, line.index, line.gap) == (*total, D("87.50"), D(0))
    assert "5,25" in text(as_user(secretary), reverse("appraisal:council", args=[block.public_id]))
    above = caps_above(place.sheet, place.year.criterion("1.1.1"), reach)
    assert [(one.cap.code, one.cap.parts, one.cap.lost) for one in above] == [("1.1", D(4), D(1))]

    finalise(sheets={place.sheet.pk: place.sheet.version}, actor=actor_for(council))
    sheet = place.sheet
    assert sheet.state == SheetState.FINALISED
    assert results_of([sheet])[sheet.pk][:3] == (*total, D("87.50"))
    assert adjustments_of(block)[sheet.participation_id] == Adjusted(D(1), D("0.25"))
    page = text(as_user(place.head), reverse("workspace:sheet", args=[sheet.public_id]))
    assert "5,25" in page and "87,5" in page
    run = run_of(block)
    row = RankingRow.objects.get(run=run)
    assert (row.points, row.maximum, row.index) == (*total, D("87.50"))
    nodes = {
        node.criterion.code: node for node in NodeRow.objects.filter(run=run).select_related("criterion")
    }
    assert (nodes["1.1"].points, nodes["1.1"].maximum) == (D(3), D(3))
    assert (nodes["2"].points, nodes["2"].index, nodes["2"].rank) == (D(1), None, None)
    assert (nodes["3"].points, nodes["3.1"].index) == (D("0.5"), None)

    publish(block)
    agency = place.year.agencies[0]
    public = reverse("public:agency", args=[block.cycle.year, block.block.slug, agency.slug])
    page = text(Client(), public)
    assert "5,25" in page and "87,50" in page and "−0,5" in page and "+1" in page
    data = Client().get(reverse("public:block_json", args=[block.cycle.year, block.block.slug])).json()
    assert [area.get("role") for area in data["areas"]] == [None, "bonus", "penalty", None]
    assert data["rows"][0]["points"] == "5.25"
    assert [one["index"] for one in data["rows"][0]["areas"]][1:3] == [None, None]
