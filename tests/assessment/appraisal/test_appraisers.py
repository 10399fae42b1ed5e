"""Who appraises what: pure decisions."""

from __future__ import annotations

from scoring.assessment.appraisers import LeafPlace, Narrowing, Panel, duty_of

HOME, JUSTICE, OFFICE, HEALTH, OLD_HOME = 1, 2, 3, 4, 5
HOME_LEAF = LeafPlace(11, None, (11, 10))
JUSTICE_LEAF = LeafPlace(21, JUSTICE, (21, 20))
PANEL = Panel(
    HOME,
    {HOME: OFFICE, JUSTICE: HOME},
    {HOME: frozenset({HOME, OLD_HOME}), OLD_HOME: frozenset({HOME, OLD_HOME})},
)
SCORED = (HOME, JUSTICE, OFFICE, HEALTH, OLD_HOME)


def duty(user: int, *offices: int, houses: frozenset[int] | None = None, narrowing: Narrowing | None = None):
    return duty_of(
        user_id=user,
        offices=frozenset(offices),
        houses=frozenset(offices) if houses is None else houses,
        panel=PANEL,
        leaves=[HOME_LEAF, JUSTICE_LEAF],
        agency_ids=SCORED,
        narrowing=narrowing or Narrowing(),
    )


def test_a_leaf_goes_to_its_appraiser_and_by_default_to_home_affairs():
    assert PANEL.appraiser_of(appraiser_id=None, agency_id=HEALTH) == HOME
    assert PANEL.appraiser_of(appraiser_id=JUSTICE, agency_id=HEALTH) == JUSTICE


def test_its_own_sheet_goes_to_the_substitute_also_after_a_merger():
    assert PANEL.appraiser_of(appraiser_id=JUSTICE, agency_id=JUSTICE) == HOME
    assert PANEL.appraiser_of(appraiser_id=None, agency_id=HOME) == OFFICE
    assert PANEL.appraiser_of(appraiser_id=None, agency_id=OLD_HOME) == OFFICE


def test_without_a_substitute_of_another_house_nobody_appraises():
    assert Panel(HOME).appraiser_of(appraiser_id=JUSTICE, agency_id=JUSTICE) is None
    circle = Panel(HOME, {HOME: OLD_HOME, OLD_HOME: HOME}, PANEL.kin)
    assert circle.appraiser_of(appraiser_id=HOME, agency_id=HOME) is None


def test_an_assessor_of_home_affairs_marks_its_leaves_and_those_of_the_self_appraising():
    mine = duty(100, HOME, houses=frozenset({HOME, OLD_HOME}))
    assert mine.leaves_on(HEALTH) == {11}
    assert mine.leaves_on(JUSTICE) == {11, 21}
    assert mine.leaves_on(HOME) == frozenset()
    assert mine.leaves_on(OLD_HOME) == frozenset()


def test_the_substitute_marks_home_affairs_and_nothing_else():
    mine = duty(101, OFFICE)
    assert mine.everywhere == frozenset()
    assert mine.leaves_on(HOME) == {11}
    assert mine.leaves_on(OLD_HOME) == {11}
    assert mine.leaves_on(HEALTH) == frozenset()
    assert not mine.is_empty


def test_a_former_house_is_barred():
    mine = duty(102, JUSTICE, houses=frozenset({JUSTICE, HEALTH}))
    assert mine.leaves_on(HEALTH) == frozenset()
    assert mine.leaves_on(OFFICE) == {21}


def test_nobody_who_is_no_assessor_has_a_duty():
    assert duty(103).is_empty


def test_an_assignment_narrows_to_those_named_by_leaf_or_area():
    narrowing = Narrowing({20: frozenset({104})}, {104: frozenset({JUSTICE}), 105: frozenset({JUSTICE})})
    assert duty(104, JUSTICE, narrowing=narrowing).covers(HEALTH, 21)
    assert not duty(105, JUSTICE, narrowing=narrowing).covers(HEALTH, 21)
    nearer = Narrowing({20: frozenset({104}), 21: frozenset({105})}, narrowing.offices)
    assert duty(105, JUSTICE, narrowing=nearer).covers(HEALTH, 21)
    assert not duty(104, JUSTICE, narrowing=nearer).covers(HEALTH, 21)


def test_an_assignment_neither_shuts_out_the_substitute_nor_outlives_its_people():
    narrowing = Narrowing({21: frozenset({104})}, {104: frozenset({JUSTICE})})
    assert duty(100, HOME, narrowing=narrowing).covers(JUSTICE, 21)
    gone = Narrowing({21: frozenset({104})}, {})
    assert duty(105, JUSTICE, narrowing=gone).covers(HEALTH, 21)
