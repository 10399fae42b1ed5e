"""The sample's cycles, criteria sets and windows: three years, four blocks each, by the services of the secretary."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from agencies.models import Block
from scoring.assessment.models import Cycle, CycleBlock, Stage
from scoring.assessment.services.cycles import add_block, create_cycle, save_settings, set_windows
from scoring.criteria.linking import set_ties, state_link
from scoring.criteria.models import Comparability, CriteriaSet
from scoring.criteria.services import import_criteria_set, lock_set
from scoring.demo import names
from scoring.demo.people import Province

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
SET_FILES = {
    names.DEPARTMENTS: "departments.json",
    names.WARDS: "communes.json",
    names.COMMUNES: "communes.json",
    names.TOUR: "tour.json",
}
SETTINGS: dict[str, Any] = {
    "grades": [
        {"label": "Xuất sắc", "ge": "90"},
        {"label": "Tốt", "ge": "80", "lt": "90"},
        {"label": "Khá", "ge": "70", "lt": "80"},
        {"label": "Trung bình", "ge": "50", "lt": "70"},
        {"label": "Yếu", "lt": "50"},
    ],
    "depth": "criterion",
    "substitutes": {names.OFFICE: names.HOME_AFFAIRS},
    "default_substitute": names.OFFICE,
}
#: Of the departments: the satisfaction survey has new questions each year, the digital index was made anew.
OTHERWISE = {
    "7.1": Comparability.NOT_COMPARABLE,
    "7.1.2": Comparability.NOT_COMPARABLE,
    "8": Comparability.RESCALED,
    "8.1": Comparability.RESCALED,
}
Days = Mapping[Stage, tuple[int, int]]

#: When the stages of a block run, in days from the load: each block stands at another point of its year.
RUNNING: dict[str, Days] = {
    names.DEPARTMENTS: {
        Stage.SELF_ASSESSMENT: (-50, -22),
        Stage.ROUND_1: (-24, 6),
        Stage.EXPLANATION: (-9, 10),
        Stage.ROUND_2: (-7, 16),
        Stage.COUNCIL: (-4, 25),
    },
    names.WARDS: {
        Stage.SELF_ASSESSMENT: (-36, -8),
        Stage.ROUND_1: (-10, 12),
        Stage.EXPLANATION: (12, 19),
        Stage.ROUND_2: (19, 26),
        Stage.COUNCIL: (26, 34),
    },
    names.COMMUNES: {
        Stage.SELF_ASSESSMENT: (-28, 3),
        Stage.ROUND_1: (-3, 17),
        Stage.EXPLANATION: (17, 24),
        Stage.ROUND_2: (24, 31),
        Stage.COUNCIL: (31, 38),
    },
    # All open at once, so that a visitor walks the whole year in one sitting.
    names.TOUR: {stage: (at - 15, at + 60) for at, stage in enumerate(Stage)},
}
#: When they ran in a year that is over: days from 1 November of that year.
PAST: Days = {
    Stage.SELF_ASSESSMENT: (0, 25),
    Stage.ROUND_1: (25, 45),
    Stage.EXPLANATION: (45, 53),
    Stage.ROUND_2: (53, 61),
    Stage.COUNCIL: (61, 73),
}


def midnight(day: datetime, days: int = 0) -> datetime:
    """The beginning of a day in the province, so many days later."""
    local = timezone.localtime(day) + timedelta(days=days)
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def make_cycle(province: Province, year: int) -> Cycle:
    """A rehearsal of this year with the settings of the sample."""
    secretary = province.actor("thu-ky")
    cycle = create_cycle(
        actor=secretary, year=year, title=f"Đánh giá CCHC năm {year} (dữ liệu mẫu)", rehearsal=True
    )
    return save_settings(actor=secretary, cycle=cycle, settings=SETTINGS)


def make_block(province: Province, cycle: Cycle, slug: str) -> CycleBlock:
    """A block of the cycle with its locked set and its windows; agencies come by their own way."""
    secretary = province.actor("thu-ky")
    criteria_set = _locked_set(province, cycle.year, province.blocks[slug])
    made = add_block(
        actor=secretary,
        cycle=cycle,
        block=province.blocks[slug],
        criteria_set=criteria_set,
        with_agencies=False,
    )
    running = cycle.year == province.year
    start = province.now if running else datetime(cycle.year, 11, 1, tzinfo=timezone.get_default_timezone())
    days = RUNNING[slug] if running else PAST
    windows: dict[str, tuple[datetime, datetime] | None] = {
        stage: (midnight(start, opens), midnight(start, closes)) for stage, (opens, closes) in days.items()
    }
    set_windows(actor=secretary, cycle_block=made, windows=windows)
    return made


def _locked_set(province: Province, year: int, block: Block) -> CriteriaSet:
    secretary = province.actor("thu-ky")
    data = (SAMPLES / SET_FILES[block.slug]).read_bytes()
    outcome = import_criteria_set(actor=secretary, data=data, year=year, block=block)
    if outcome.criteria_set is None:
        raise RuntimeError(f"{SET_FILES[block.slug]}: {[str(fault) for fault in outcome.errors]}")
    locked = lock_set(actor=secretary, criteria_set=outcome.criteria_set)
    _link(province, locked)
    return locked


def _link(province: Province, newer: CriteriaSet) -> None:
    """Tie a set to last year's, with what does not compare."""
    secretary = province.actor("thu-ky")
    earlier = CriteriaSet.objects.filter(block=newer.block_id, year=newer.year - 1).first()
    if earlier is None:
        return
    link = state_link(actor=secretary, newer=newer, earlier=earlier)
    if newer.block.slug != names.DEPARTMENTS:
        return
    for code, comparability in OTHERWISE.items():
        before = earlier.criteria.filter(code=code).values_list("pk", flat=True)
        node = newer.criteria.get(code=code)
        set_ties(actor=secretary, set_link=link, node=node, earlier=list(before), comparability=comparability)
