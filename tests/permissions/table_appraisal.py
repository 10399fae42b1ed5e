"""The appraising side inside the administration.

Two blocks stand behind these rows: the sheets of agency A ("own") and of agency B ("foreign"), both submitted,
each with one leaf that Home Affairs appraises. Whoever belongs to A never reaches A's sheet.
"""

from __future__ import annotations

import uuid

from parindex.clock import db_now
from scoring.assessment.models import Adjustment, Answer, ImportBatch, Mark, Scoresheet, SheetState
from tests.factories_scoring import OpenedYear, make_set, open_cycle
from tests.permissions.table import Kinds, Row, World, admin_rows

LEAVES = [
    ("1.1", "1", {"kind": "boolean", "yes": "1", "no": "0"}),
    ("2.1", "1", {"kind": "manual"}, "office"),
]
BOTH, POST = ("GET", "POST"), ("POST",)
ASSESSORS = frozenset({"assessor"})
OVERSEERS = frozenset({"secretary", "council_member", "inspector"})
ENTER = frozenset(
    {"assessor", "own_assessor", "secretary", "council_member", "own_council_member", "inspector"}
)
OVERSEE = frozenset({"secretary", "council_member", "own_council_member", "inspector"})
RUN = frozenset({"secretary"})
#: Everybody who sees the sheet of A, and that of B (own_assessor belongs to A and is no assessor of Home Affairs).
SEE_A = ASSESSORS | OVERSEERS
SEE_B = SEE_A | {"own_council_member"}


def _year(world: World, *, state: str = SheetState.SUBMITTED) -> OpenedYear:
    if "appraisal" not in vars(world):
        criteria_set = make_set(LEAVES, block=world.block, appraiser=world.home)
        world.appraisal = open_cycle([world.a, world.b], criteria_set=criteria_set, block=world.block)  # type: ignore[attr-defined]
    year: OpenedYear = world.appraisal  # type: ignore[attr-defined]
    Scoresheet.objects.filter(pk__in=[sheet.pk for sheet in year.sheets]).update(state=state)
    return year


def _public(own: object, foreign: object) -> Kinds:
    return Kinds({"public_id": own}, {"public_id": foreign}, {"public_id": uuid.uuid4()})


def _sheets(world: World) -> Kinds:
    return _public(*(sheet.public_id for sheet in _year(world).sheets))


def _reviewed(world: World) -> Kinds:
    return _public(*(sheet.public_id for sheet in _year(world, state=SheetState.REVIEWING).sheets))


def _answers(world: World) -> list[Answer]:
    return [Answer.objects.get(scoresheet=sheet) for sheet in _year(world).sheets]


def _leaves(world: World) -> Kinds:
    return _public(*(answer.public_id for answer in _answers(world)))


def _blocks(world: World) -> Kinds:
    """A block holds many agencies: "foreign" is another block."""
    other = open_cycle([world.a], criteria_set=make_set(LEAVES, year=2044, appraiser=world.home), year=2044)
    return _public(_year(world).cycle_block.public_id, other.cycle_block.public_id)


def _stages(world: World) -> Kinds:
    kinds = _blocks(world)
    return Kinds(*({**one, "stage": "round_1"} for one in (kinds.own, kinds.foreign, kinds.absent)))  # type: ignore[arg-type, dict-item]


def _templates(world: World) -> Kinds:
    kinds = _blocks(world)
    named = {"method": "office", "extension": "csv"}
    return Kinds(*({**one, **named} for one in (kinds.own, kinds.foreign, kinds.absent)))  # type: ignore[arg-type, dict-item]


def _given(world: World) -> list[Adjustment]:
    who = world.people["council_member"]
    return [
        Adjustment.objects.create(
            scoresheet=sheet, kind="bonus", points=1, reason="Sáng kiến", by=who, at=db_now()
        )
        for sheet in _year(world).sheets
    ]


def _adjustments(world: World) -> Kinds:
    return _public(*(one.public_id for one in _given(world)))


def _pks(own: object, foreign: object) -> Kinds:
    return Kinds({"object_id": own.pk}, {"object_id": foreign.pk}, {"object_id": 999_999})  # type: ignore[attr-defined]


def _marks(world: World) -> Kinds:
    who = world.people["assessor"]
    return _pks(
        *(
            Mark.objects.create(
                answer=answer, round=1, by=who, points=1, applicable_max=1, trace={}, at=db_now()
            )
            for answer in _answers(world)
        )
    )


def _batches(world: World) -> Kinds:
    return _pks(
        *(
            ImportBatch.objects.create(
                cycle_block=_year(world).cycle_block,
                source="survey",
                file_name="diem.csv",
                sha256="0" * 64,
                rows=1,
                at=db_now(),
            )
            for _ in range(2)
        )
    )


OBJECTS = {
    "appraised_sheet": _sheets,
    "reviewed_sheet": _reviewed,
    "appraised_leaf": _leaves,
    "appraised_block": _blocks,
    "appraised_stage": _stages,
    "points_template": _templates,
    "adjustment": _adjustments,
    "admin_sheet": lambda world: _pks(*_year(world).sheets),
    "admin_answer": lambda world: _pks(*_answers(world)),
    "admin_mark": _marks,
    "admin_adjustment": lambda world: _pks(*_given(world)),
    "admin_batch": _batches,
}
#: Who may send what needs a role that not every reader has, and who gets a plain "you may not" for it.
MARK = {"how": "inputs", "in-value": "true", "reason": "Theo báo cáo", "round": "1", "version": "0"}
COUNCIL_A, COUNCIL_B = {"secretary", "council_member"}, {"secretary", "council_member", "own_council_member"}
READ = {"knows": OVERSEERS, "knows_foreign": OVERSEERS | {"own_council_member"}}
INSPECT = {"knows": {"inspector"}, "knows_foreign": {"inspector"}}
OF_SHEET = {"view": OVERSEE, "own": OVERSEERS}

TABLE = {
    "appraisal:worklist": Row(ENTER),
    "appraisal:sheet": Row(SEE_A, SEE_B, make="appraised_sheet"),
    "appraisal:leaf": Row(
        SEE_A, SEE_B, make="appraised_leaf", methods=BOTH, data=MARK, posts=(ASSESSORS, ASSESSORS),
        **READ, why="overseers read a leaf that only its assessor marks",
    ),
    "appraisal:preview": Row(SEE_A, SEE_B, make="appraised_leaf", get={"in-value": "true"}),
    "appraisal:decide": Row(
        ASSESSORS, ASSESSORS, make="appraised_leaf", methods=POST, data={"decision": "grant", "reason": "Đúng"},
        **READ,
    ),
    "appraisal:take_back": Row(ASSESSORS, ASSESSORS, make="appraised_leaf", methods=POST, **READ),
    "appraisal:bulk": Row(ENTER, methods=POST),
    "appraisal:return": Row(
        COUNCIL_A, COUNCIL_B, make="reviewed_sheet", methods=POST, data={"return-reason": "Xem lại"}, **INSPECT
    ),
    "appraisal:reopen": Row(
        {"council_member"}, {"council_member", "own_council_member"}, make="reviewed_sheet", methods=POST,
        knows={"secretary", "inspector"}, knows_foreign={"secretary", "inspector"},
    ),
    "appraisal:adjust": Row(COUNCIL_A, COUNCIL_B, make="appraised_sheet", methods=POST, **INSPECT),
    "appraisal:void": Row(
        COUNCIL_A, COUNCIL_B, make="adjustment", methods=POST, data={"reason": "Nhầm"}, **INSPECT
    ),
    "appraisal:blocks": Row(OVERSEE),
    "appraisal:rounds": Row(OVERSEE, OVERSEE, make="appraised_block"),
    "appraisal:council": Row(OVERSEE, OVERSEE, make="appraised_block"),
    "appraisal:finalise": Row(OVERSEE, OVERSEE, make="appraised_block", methods=POST, why="nothing chosen"),
    "appraisal:close": Row(RUN, RUN, make="appraised_stage", methods=BOTH),
    "appraisal:assignments": Row(RUN, RUN, make="appraised_block", methods=BOTH),
    "appraisal:points": Row(RUN, RUN, make="appraised_block", methods=BOTH),
    "appraisal:template": Row(RUN, RUN, make="points_template"),
    **admin_rows("scoring_scoresheet", make="admin_sheet", **OF_SHEET),
    **admin_rows("scoring_answer", make="admin_answer", **OF_SHEET),
    **admin_rows("scoring_mark", make="admin_mark", **OF_SHEET),
    **admin_rows("scoring_adjustment", make="admin_adjustment", **OF_SHEET),
    **admin_rows("scoring_importbatch", make="admin_batch", view=OVERSEE),
}  # fmt: skip
