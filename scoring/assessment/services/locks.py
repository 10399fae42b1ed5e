"""Row locks in the one order: cycle block → sheet → answer. On SQLite writers queue, and these only read."""

from __future__ import annotations

from django.utils.translation import gettext as _

from parindex.errors import WrongState
from scoring.assessment.models import Answer, CycleBlock, Scoresheet, SheetState

SHEET_JOINS = (
    "participation__agency",
    "participation__cycle_block__cycle",
    "participation__cycle_block__block",
    "criteria_set",
)


def locked_block(block_id: int) -> CycleBlock:
    """The block of a cycle as it stands now, locked, with cycle, block and criteria set. Two queries.

    Locked by itself: joined rows are those of before the wait, and an amendment changes its criteria set.
    """
    CycleBlock.objects.select_for_update().only("pk").get(pk=block_id)
    return CycleBlock.objects.select_related("cycle", "block", "criteria_set").get(pk=block_id)


def locked_sheet(sheet_id: int) -> Scoresheet:
    """The sheet as it stands now, locked until the transaction ends, with agency, block and cycle. One query."""
    return Scoresheet.objects.select_for_update(of=("self",)).select_related(*SHEET_JOINS).get(pk=sheet_id)


def closed(sheet: Scoresheet) -> WrongState:
    """Why a sheet takes no more from its agency, to be raised: it moved on, or an amended set replaced it."""
    if sheet.state == SheetState.REPLACED:
        return WrongState(
            _(
                "The criteria set was amended and this scoresheet was replaced; what it holds went over to the new "
                "one. Nothing was saved: open the new scoresheet and go on there."
            )
        )
    return WrongState(
        _("The scoresheet is now in the state “%(state)s” and can no longer be changed. Nothing was saved.")
        % {"state": sheet.get_state_display()}
    )


def raise_sheet_version(sheet: Scoresheet) -> None:
    """Every act that changes what a locked sheet comes to beside its rounds raises its version.

    So an older confirmation, made with other figures on the page, is refused.
    """
    sheet.version += 1
    sheet.save(update_fields=["version"])


def locked_answer(answer_id: int, sheet: Scoresheet) -> Answer:
    """The answer as it stands now, locked, with its criterion. Lock its sheet first. One query."""
    answer = Answer.objects.select_for_update(of=("self",)).select_related("criterion").get(pk=answer_id)
    answer.scoresheet = sheet
    answer.criterion.criteria_set = sheet.criteria_set
    return answer
