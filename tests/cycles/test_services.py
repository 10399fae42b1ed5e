"""Set up a year and open it: what is allowed when, done twice, and what comes into being."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from agencies.models import Role
from parindex.audit.models import AuditEntry
from parindex.clock import db_now
from parindex.errors import Invalid, NotPermitted, WrongState
from scoring.assessment.models import (
    Answer,
    Cycle,
    CycleBlock,
    Extension,
    NotApplicableRequest,
    Participation,
    Scoresheet,
    Stage,
    Transition,
)
from scoring.assessment.queries.cycles import stage_now
from scoring.assessment.queries.panels import panels_of
from scoring.assessment.services import cycles, opening
from scoring.assessment.windows import Span, spans
from scoring.engine import SettingsErrors
from tests.factories import actor
from tests.factories_scoring import make_agency, make_block, make_set, open_cycle, open_windows

pytestmark = pytest.mark.django_db
HANOI = ZoneInfo("Asia/Ho_Chi_Minh")


def secretary() -> Any:
    return actor(Role.SECRETARY)


def last_action() -> str:
    entry = AuditEntry.objects.first()
    return entry.action if entry else ""


def prepared(agencies: int = 2, **set_fields: Any) -> CycleBlock:
    """A block that is ready to be opened."""
    block = make_block()
    criteria_set = make_set(block=block, **set_fields)
    for _one in range(agencies):
        make_agency(block=block)
    cycle = cycles.create_cycle(actor=None, year=2025)
    made = cycles.add_block(actor=None, cycle=cycle, block=block, criteria_set=criteria_set)
    open_windows(made)
    return made


# The cycle


def test_a_cycle_is_made_once_a_year() -> None:
    cycle = cycles.create_cycle(actor=secretary(), year=2025)
    assert cycle.title == "Kỳ đánh giá năm 2025" and last_action() == "cycle.created"
    with pytest.raises(Invalid) as refused:
        cycles.create_cycle(actor=secretary(), year=2025)
    assert "year" in refused.value.fields
    with pytest.raises(Invalid):
        cycles.create_cycle(actor=secretary(), year=20255)


def test_a_year_takes_over_from_the_year_before() -> None:
    old = open_cycle(agencies=3, year=2024, settings={"digits": 1})
    block, gone = old.cycle_block.block, old.agencies[0]
    gone.active = False
    gone.save(update_fields=["active"])
    Participation.objects.filter(agency=old.agencies[1]).update(profiles=["no_tthc"], ranked=False)
    old.cycle_block.windows.filter(stage=Stage.ROUND_1).update(
        opens=datetime(2024, 2, 29, 1, tzinfo=HANOI), closes=datetime(2024, 12, 1, tzinfo=HANOI)
    )
    newer = make_set(block=block, year=2025, profiles={"no_tthc": "x"})
    cycle = cycles.create_cycle(actor=secretary(), year=2025, copy_from=old.cycle)
    (made,) = cycle.blocks.all()
    assert made.criteria_set == newer and made.opened_at is None and cycle.settings == {"digits": 1}
    taking_part = {one.agency_id: (one.profiles, one.ranked) for one in made.participations.all()}
    assert taking_part == {old.agencies[1].pk: (["no_tthc"], False), old.agencies[2].pk: ([], True)}
    window = made.windows.get(stage=Stage.ROUND_1)
    assert window.opens == datetime(2025, 2, 28, 1, tzinfo=HANOI)
    assert window.closes == datetime(2025, 12, 1, tzinfo=HANOI)
    assert not Scoresheet.objects.filter(participation__cycle_block=made).exists()


def test_name_and_rehearsal() -> None:
    cycle = cycles.create_cycle(actor=secretary(), year=2025)
    cycles.change_cycle(actor=secretary(), cycle=cycle, title="Năm 2025", rehearsal=True)
    cycle.refresh_from_db()
    assert (cycle.title, cycle.rehearsal) == ("Năm 2025", True)
    with pytest.raises(Invalid):
        cycles.change_cycle(actor=secretary(), cycle=cycle, title=" ", rehearsal=True)
    year = open_cycle(year=2026)
    with pytest.raises(Invalid) as refused:
        cycles.change_cycle(actor=secretary(), cycle=year.cycle, title="x", rehearsal=True)
    assert "rehearsal" in refused.value.fields


def test_only_an_empty_cycle_is_deleted() -> None:
    made = prepared()
    with pytest.raises(WrongState):
        cycles.delete_cycle(actor=secretary(), cycle=made.cycle)
    cycles.remove_block(actor=secretary(), cycle_block=made)
    cycles.delete_cycle(actor=secretary(), cycle=made.cycle)
    assert not Cycle.objects.exists() and last_action() == "cycle.deleted"


def test_settings_are_checked_and_recorded() -> None:
    cycle = cycles.create_cycle(actor=secretary(), year=2025)
    with pytest.raises(SettingsErrors):
        cycles.save_settings(actor=secretary(), cycle=cycle, settings={"digits": 99})
    cycles.save_settings(actor=secretary(), cycle=cycle, settings={"digits": 3})
    cycle.refresh_from_db()
    assert cycle.settings["digits"] == 3 and last_action() == "cycle.settings"
    entries = AuditEntry.objects.count()
    cycles.save_settings(actor=secretary(), cycle=cycle, settings=cycle.settings)
    assert AuditEntry.objects.count() == entries


def test_the_default_substitute_stands_in_for_every_other_appraiser() -> None:
    home, justice, finance = (
        make_agency("Sở Nội vụ", is_home_affairs=True),
        make_agency("A"),
        make_agency("B"),
    )
    office = make_agency("Văn phòng")
    year = open_cycle(
        agencies=[justice, finance, office],
        settings={"substitutes": {justice.slug: home.slug}, "default_substitute": office.slug},
    )
    panel = panels_of([year.cycle_block])[year.cycle_block.pk]

    def marks(appraiser: Any, scored: Any) -> Any:
        return panel.appraiser_of(appraiser_id=appraiser.pk, agency_id=scored.pk)

    assert marks(justice, justice) == home.pk
    assert marks(finance, finance) == office.pk
    assert marks(finance, justice) == finance.pk
    assert marks(office, office) is None


# Blocks


def test_a_block_brings_its_active_agencies() -> None:
    block = make_block()
    kept, _gone = make_agency(block=block), make_agency(block=block, active=False)
    cycle = cycles.create_cycle(actor=None, year=2025)
    criteria_set = make_set(block=block)
    made = cycles.add_block(actor=secretary(), cycle=cycle, block=block, criteria_set=criteria_set)
    assert [one.agency for one in made.participations.all()] == [kept]
    with pytest.raises(Invalid):
        cycles.add_block(actor=secretary(), cycle=cycle, block=block, criteria_set=criteria_set)


def test_a_set_is_exchanged_until_the_block_opens() -> None:
    made = prepared()
    made.participations.update(profiles=["no_tthc"])
    other = make_set(block=made.block, profiles={})
    cycles.choose_set(actor=secretary(), cycle_block=made, criteria_set=other)
    made.refresh_from_db()
    assert made.criteria_set == other and [one.profiles for one in made.participations.all()] == [[], []]
    opening.open_block(actor=secretary(), cycle_block=made)
    for act in (
        lambda: cycles.choose_set(actor=secretary(), cycle_block=made, criteria_set=other),
        lambda: cycles.remove_block(actor=secretary(), cycle_block=made),
    ):
        with pytest.raises(WrongState):
            act()


# Windows and extensions


def at(day: int, month: int = 11) -> datetime:
    return datetime(2025, month, day, tzinfo=HANOI)


def test_windows_are_set_moved_and_recorded() -> None:
    made = prepared()
    made.windows.all().delete()
    cycles.set_windows(
        actor=secretary(),
        cycle_block=made,
        windows={Stage.SELF_ASSESSMENT: (at(1), at(1, 12)), Stage.ROUND_1: None},
    )
    assert [window.stage for window in made.windows.all()] == ["self_assessment"]
    with pytest.raises(Invalid) as refused:
        cycles.set_windows(
            actor=secretary(),
            cycle_block=made,
            windows={Stage.ROUND_1: (at(2), at(2)), Stage.COUNCIL: (at(1), at(2))},
        )
    assert list(refused.value.fields) == ["round_1_closes"] and made.windows.count() == 1
    open_windows(made)
    opening.open_block(actor=secretary(), cycle_block=made)
    cycles.set_windows(
        actor=secretary(), cycle_block=made, windows={Stage.SELF_ASSESSMENT: (at(1), at(5, 12))}
    )
    entry = AuditEntry.objects.first()
    assert entry is not None and entry.action == "cycle_block.windows"
    assert entry.after["self_assessment"][1] == at(5, 12).astimezone(UTC).isoformat()
    with pytest.raises(Invalid):
        cycles.set_windows(actor=secretary(), cycle_block=made, windows={Stage.SELF_ASSESSMENT: None})
    entries = AuditEntry.objects.count()
    cycles.set_windows(
        actor=secretary(), cycle_block=made, windows={Stage.SELF_ASSESSMENT: (at(1), at(5, 12))}
    )
    assert AuditEntry.objects.count() == entries


def test_an_extension_moves_the_end_of_one_agency_or_of_all() -> None:
    year = open_cycle(agencies=2)
    first, second = year.agencies
    end = spans(year.cycle_block, agency_id=None)[Stage.SELF_ASSESSMENT].closes
    cycles.grant_extension(
        actor=secretary(), cycle_block=year.cycle_block, agency=first, stage=Stage.SELF_ASSESSMENT,
        closes=end + timedelta(days=2), letter_number=" 12/SYT ", reason="Mất điện",
    )  # fmt: skip

    def closes(agency: Any) -> datetime:
        return spans(year.cycle_block, agency_id=agency.pk)[Stage.SELF_ASSESSMENT].closes

    assert (closes(first), closes(second)) == (end + timedelta(days=2), end)
    assert Extension.objects.get().letter_number == "12/SYT" and last_action() == "cycle_block.extension"
    cycles.grant_extension(
        actor=secretary(), cycle_block=year.cycle_block, agency=None, stage=Stage.SELF_ASSESSMENT,
        closes=end + timedelta(days=1), letter_number="13/SNV",
    )  # fmt: skip
    assert (closes(first), closes(second)) == (end + timedelta(days=2), end + timedelta(days=1))


def test_an_extension_needs_a_letter_and_a_later_end() -> None:
    year = open_cycle(agencies=1)
    end = spans(year.cycle_block, agency_id=None)[Stage.SELF_ASSESSMENT].closes

    def grant(**changed: Any) -> None:
        values: dict[str, Any] = {
            "agency": year.agencies[0], "stage": Stage.SELF_ASSESSMENT, "closes": end + timedelta(days=1),
            "letter_number": "1/SNV",
        } | changed  # fmt: skip
        cycles.grant_extension(actor=secretary(), cycle_block=year.cycle_block, **values)

    for changed, field in (
        ({"letter_number": " "}, "letter_number"),
        ({"letter_number": "9" * 81}, "letter_number"),
        ({"reason": "x" * 501}, "reason"),
        ({"stage": "lunch"}, "stage"),
        ({"closes": end}, "closes"),
        ({"agency": make_agency()}, "agency"),
    ):
        with pytest.raises(Invalid) as refused:
            grant(**changed)
        assert list(refused.value.fields) == [field]
    year.cycle_block.windows.all().delete()
    with pytest.raises(Invalid) as refused:
        grant()
    assert list(refused.value.fields) == ["stage"]
    assert not Extension.objects.exists()


# Opening


def test_opening_brings_sheets_and_answers_into_being() -> None:
    made = prepared(agencies=3)
    one = made.participations.first()
    assert one is not None
    opening.change_participation(actor=None, participation=one, profiles=["no_tthc"], ranked=True)
    opened = opening.open_block(actor=secretary(), cycle_block=made)
    assert opened.opened_at is not None
    assert Scoresheet.objects.count() == 3 and Answer.objects.count() == 3 * 8
    assert set(Answer.objects.values_list("criterion__method", flat=True)) == {"appraisal"}
    outside = Answer.objects.filter(applicability=Answer.Applicability.PROFILE)
    assert [(answer.scoresheet.participation, answer.criterion.code) for answer in outside] == [
        (one, "2.1.1")
    ]
    assert {(t.name, t.target) for t in Transition.objects.all()} == {("open", "drafting")}
    entry = AuditEntry.objects.first()
    assert entry is not None and entry.action == "cycle_block.opened" and entry.after["sheets"] == 3


def test_opening_twice_is_opening_once() -> None:
    made = prepared()
    first = opening.open_block(actor=secretary(), cycle_block=made)
    entries = AuditEntry.objects.count()
    again = opening.open_block(actor=secretary(), cycle_block=made)
    assert again.opened_at == first.opened_at and AuditEntry.objects.count() == entries
    assert Scoresheet.objects.count() == 2 and Answer.objects.count() == 16


def test_every_obstacle_is_named_at_once() -> None:
    made = prepared(agencies=0, locked=False)
    made.windows.filter(stage__in=[Stage.ROUND_1, Stage.COUNCIL]).delete()
    with pytest.raises(Invalid) as refused:
        opening.open_block(actor=secretary(), cycle_block=made)
    assert len(refused.value.messages) == 3
    made.refresh_from_db()
    assert made.opened_at is None and not Scoresheet.objects.exists()


def test_a_profile_that_the_set_lacks_keeps_the_block_shut() -> None:
    made = prepared()
    made.participations.update(profiles=["no_such"])
    with pytest.raises(Invalid, match="2"):
        opening.open_block(actor=secretary(), cycle_block=made)


def test_a_late_agency_gets_its_sheet_at_once() -> None:
    year = open_cycle(agencies=1)
    late = make_agency(block=year.cycle_block.block)
    for _again in range(2):
        opening.add_participations(
            actor=secretary(), cycle_block=year.cycle_block, agencies=[late, year.agencies[0]]
        )
    assert Scoresheet.objects.count() == 2
    sheet = Scoresheet.objects.get(participation__agency=late)
    assert sheet.answers.count() == 8 and sheet.transitions.count() == 1


def test_an_agency_leaves_only_before_the_opening() -> None:
    made = prepared()
    one, two = made.participations.all()
    opening.remove_participation(actor=secretary(), participation=one)
    assert list(made.participations.all()) == [two] and last_action() == "participation.removed"
    opening.open_block(actor=secretary(), cycle_block=made)
    with pytest.raises(WrongState):
        opening.remove_participation(actor=secretary(), participation=two)


def test_answers_follow_the_profiles_while_the_agency_drafts() -> None:
    year = open_cycle(agencies=1)
    sheet = year.sheets[0]
    answer = year.answer(sheet, "2.1.1")
    Answer.objects.filter(pk=answer.pk).update(
        inputs={"numerator": "1", "denominator": "2"}, applicability=Answer.Applicability.REQUESTED, version=1
    )
    someone = secretary()
    request = NotApplicableRequest.objects.create(
        answer=answer, reason="x", requested_by=someone.user, requested_at=db_now()
    )
    participation = sheet.participation

    def change(*profiles: str) -> None:
        opening.change_participation(
            actor=someone, participation=participation, profiles=profiles, ranked=False
        )
        answer.refresh_from_db()

    change("no_tthc")
    assert (answer.applicability, answer.version) == (Answer.Applicability.PROFILE, 2)
    request.refresh_from_db()
    assert request.state == NotApplicableRequest.State.TAKEN_BACK
    change()
    assert (answer.applicability, answer.version) == (Answer.Applicability.APPLIES, 3)
    assert answer.inputs == {"numerator": "1", "denominator": "2"}
    with pytest.raises(Invalid):
        change("no_such")
    Scoresheet.objects.filter(pk=sheet.pk).update(state="submitted")
    with pytest.raises(WrongState):
        change("no_tthc")
    change()
    participation.refresh_from_db()
    assert participation.ranked is False


@pytest.mark.parametrize("role", [role for role in Role if role != Role.SECRETARY])
def test_only_the_secretary_sets_up_the_year(role: Role) -> None:
    other = actor(role)
    year = open_cycle(agencies=1)
    block, cycle = year.cycle_block, year.cycle
    participation = year.sheets[0].participation
    now = db_now()
    for act in (
        lambda: cycles.create_cycle(actor=other, year=2030),
        lambda: cycles.change_cycle(actor=other, cycle=cycle, title="x", rehearsal=False),
        lambda: cycles.delete_cycle(actor=other, cycle=cycle),
        lambda: cycles.save_settings(actor=other, cycle=cycle, settings={}),
        lambda: cycles.add_block(
            actor=other, cycle=cycle, block=make_block(), criteria_set=block.criteria_set
        ),
        lambda: cycles.remove_block(actor=other, cycle_block=block),
        lambda: cycles.choose_set(actor=other, cycle_block=block, criteria_set=block.criteria_set),
        lambda: cycles.set_windows(actor=other, cycle_block=block, windows={}),
        lambda: cycles.grant_extension(
            actor=other, cycle_block=block, agency=None, stage="round_1", closes=now, letter_number="1"
        ),
        lambda: opening.add_participations(actor=other, cycle_block=block, agencies=[]),
        lambda: opening.change_participation(
            actor=other, participation=participation, profiles=[], ranked=True
        ),
        lambda: opening.remove_participation(actor=other, participation=participation),
        lambda: opening.open_block(actor=other, cycle_block=block),
    ):
        with pytest.raises(NotPermitted):
            act()


# The stage on the clock


def span(stage: Stage, begin: int, end: int) -> tuple[Stage, Span]:
    return stage, Span(stage, at(begin), at(end), at(end))


@pytest.mark.parametrize(
    ("day", "state", "stage"),
    [
        (1, "before", Stage.SELF_ASSESSMENT),
        (2, "open", Stage.SELF_ASSESSMENT),
        (5, "open", Stage.ROUND_1),
        (6, "before", Stage.COUNCIL),
        (8, "open", Stage.COUNCIL),
        (9, "over", None),
    ],
)
def test_the_stage_of_a_moment(day: int, state: str, stage: Stage | None) -> None:
    windows = dict([span(Stage.SELF_ASSESSMENT, 2, 6), span(Stage.ROUND_1, 4, 6), span(Stage.COUNCIL, 8, 9)])
    now = stage_now(windows, at(day))
    assert (now.state, now.stage) == (state, stage)
    if day == 5:
        assert now.others == (Stage.SELF_ASSESSMENT,)
    assert stage_now({}, at(1)).state == "unset"
