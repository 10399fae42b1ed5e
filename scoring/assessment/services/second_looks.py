"""After an amendment within the year: which answers may be changed, and who has looked at what once more."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from parindex.audit.services import record
from parindex.clock import db_now
from parindex.errors import Invalid, WrongState
from scoring.assessment.models import Answer, Scoresheet, SecondLook
from scoring.assessment.queries.amended import amendment_behind
from scoring.assessment.queries.facts import has_lapsed
from scoring.criteria.comparison import Change

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

    from agencies.actors import Actor
    from agencies.models import User

Who = SecondLook.Who


def require_open_to_change(sheet: Scoresheet, answer: Answer) -> None:
    """WrongState where a sheet was submitted before the set was amended and the amendment left this answer alone.

    One query, and only for supplements. An answer that was looked at already can be corrected until it is submitted.
    """
    if has_lapsed(answer):
        return  # it looks at an answer that was changed, and has to be declared again
    if sheet.supplementary and not SecondLook.objects.filter(answer=answer, who=Who.AGENCY).exists():
        raise WrongState(
            _(
                "This criterion was submitted before the criteria set was amended and did not change: it stays as it "
                "was. Only the criteria that need another look can be changed. Nothing was saved."
            )
        )


def looked(answers: Iterable[int], *, who: str, user_id: int, now: datetime) -> int:
    """Note that these answers (ids) were looked at; how many waited for it. Within the caller's transaction.

    One query.
    """
    waiting = SecondLook.objects.filter(answer__in=list(answers), who=who, done_at=None)
    return waiting.update(done_by_id=user_id, done_at=now)


def looks_follow(
    sheet: Scoresheet, *, leaving: QuerySet[Answer], joining: QuerySet[Answer], by: User | None
) -> None:
    """Before profiles turn on the drafting sheet of an amended set: what no longer applies needs no look, and what
    applies from now on can be declared on a supplement, and is marked. Within the caller's transaction.
    """
    now = db_now()
    SecondLook.objects.filter(answer__in=leaving, done_at=None).update(done_by=by, done_at=now)
    amendment = amendment_behind(sheet)
    if amendment is None or not sheet.supplementary:
        return
    for answer in joining:
        for who in Who.values:
            SecondLook.objects.update_or_create(
                answer=answer,
                who=who,
                amendment=amendment,
                defaults={"done_by": None, "done_at": None},
                create_defaults={"change": Change.NEW},
            )


def keep_as_it_stands(*, answer: Answer, actor: Actor) -> bool:
    """The agency leaves an answer as the amendment carried it over. False where that was said already.

    Raises NotVisible, NotPermitted, WrongState, WindowClosed, or Invalid where nothing is declared yet.
    """
    from scoring.assessment.services.answers import drafting

    with transaction.atomic():
        _sheet, answer, now = drafting(answer, actor)
        look = answer.second_looks.select_for_update().filter(who=Who.AGENCY).order_by("-pk").first()
        if look is None:
            raise WrongState(_("This criterion did not change: there is nothing to confirm."))
        if look.done_at is not None:
            return False
        if (
            has_lapsed(answer)
            or answer.inputs is None
            and answer.applicability != Answer.Applicability.REQUESTED
        ):
            raise Invalid(
                _(
                    "Nothing is declared here under the amended criteria set yet: fill in the figures and save them."
                )
            )
        assert actor.user is not None  # roles are held by people alone
        looked([answer.pk], who=Who.AGENCY, user_id=actor.user.pk, now=now)
        record(actor=actor.user, action="answer.kept", obj=answer, after={"points": answer.self_points})
        return True
