"""How far each sheet of the sample has come, by which steps, and when: a plan for every agency of a block and year."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agencies.models import Agency
from scoring.assessment.models import CycleBlock, SheetState, Stage
from scoring.assessment.workflow import STEP
from scoring.demo import names
from scoring.demo.people import Province
from scoring.demo.sets import midnight
from scoring.demo.spread import dice, quality

#: How a sheet came to where it stands: the steps after its opening.
PATHS: dict[str, tuple[str, ...]] = {
    "drafting": (),
    "returned": ("submit_for_approval", "return_to_draft"),
    "awaiting": ("submit_for_approval",),
    "submitted": ("submit_for_approval", "approve"),
    "taken": ("close_draft",),
    "appraising": ("submit_for_approval", "approve", "begin_appraisal"),
    "explaining": ("submit_for_approval", "approve", "begin_appraisal", "ask_for_explanation"),
    "reappraising": (
        "submit_for_approval", "approve", "begin_appraisal", "ask_for_explanation", "send_explanation",
    ),
    "sent_back": (
        "submit_for_approval", "approve", "begin_appraisal", "close_round_1", "return_to_round_2",
    ),
    "reviewing": ("submit_for_approval", "approve", "begin_appraisal", "close_round_1"),
    "explained": (
        "submit_for_approval", "approve", "begin_appraisal", "ask_for_explanation", "send_explanation",
        "close_round_2",
    ),
    "finalised": ("submit_for_approval", "approve", "begin_appraisal", "close_round_1", "finalise"),
    "explained_final": (
        "submit_for_approval", "approve", "begin_appraisal", "ask_for_explanation", "send_explanation",
        "close_round_2", "finalise",
    ),
}  # fmt: skip
REASONS = {
    "return_to_draft": "Bổ sung trang, mục của tài liệu kiểm chứng ở lĩnh vực 3; rà soát lại số hồ sơ trễ hạn.",
    "return_to_round_2": "Hội đồng đề nghị tổ thẩm định đối chiếu lại số liệu hồ sơ với hệ thống của tỉnh.",
}
#: The departments of the running year by name of path; the rest is under appraisal.
DEPARTMENT_PATHS = {
    "so-cong-thuong": "explained_final",
    "so-tu-phap": "finalised",
    "so-xay-dung": "explained",
    "so-giao-duc-va-dao-tao": "explained",
    "thanh-tra-tinh": "reviewing",
    "so-van-hoa-va-the-thao": "sent_back",
    "so-tai-chinh": "reappraising",
    "so-du-lich": "reappraising",
    "so-nong-nghiep-va-moi-truong": "explaining",
    "so-ngoai-vu": "explaining",
    "bql-khu-kinh-te": "explaining",
    "so-an-toan-thuc-pham": "submitted",
    "so-quy-hoach-kien-truc": "submitted",
    "so-dan-toc-va-ton-giao": "returned",
    "bql-khu-cong-nghe-cao": "awaiting",
    "so-y-te": "drafting",
}
#: Departments that were given more time by letter: days after the regular end of the self-assessment.
EXTENSIONS = {
    "so-an-toan-thuc-pham": (5, "112/SATTP-VP"),
    "so-quy-hoach-kien-truc": (5, "87/SQHKT-VP"),
    "so-y-te": (27, "1450/SYT-TCHC"),
    "so-dan-toc-va-ton-giao": (27, "203/SDTTG-VP"),
    "bql-khu-cong-nghe-cao": (27, "64/BQLKCNC-VP"),
}
LATE = {"so-an-toan-thuc-pham": 2, "so-quy-hoach-kien-truc": 4}


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a sheet's log; ``by`` is an account's name."""

    name: str
    source: str
    target: str
    at: datetime
    by: str
    reason: str = ""


@dataclass(slots=True)
class Plan:
    """One agency's year: how good it is, how far it has come. Plans of the same ``seed`` have the same figures."""

    agency: Agency
    seed: str
    worth: float
    path: str
    profiles: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    days_late: int = 0

    @property
    def state(self) -> SheetState:
        return SheetState(self.steps[-1].target)

    @property
    def marked(self) -> bool:
        return "begin_appraisal" in PATHS[self.path]

    @property
    def round_1_closed(self) -> bool:
        return bool({"ask_for_explanation", "close_round_1"} & set(PATHS[self.path]))

    @property
    def explains(self) -> bool:
        return "ask_for_explanation" in PATHS[self.path]

    @property
    def explained(self) -> bool:
        return "send_explanation" in PATHS[self.path]

    @property
    def submitted_at(self) -> datetime | None:
        return self.at("approve") or self.at("close_draft")

    def at(self, step: str) -> datetime | None:
        """When a step was taken, if it was."""
        return next((one.at for one in self.steps if one.name == step), None)

    def dice(self, *what: object) -> random.Random:
        return dice(self.seed, *what)


def plans_for(province: Province, block: CycleBlock, agencies: list[Agency]) -> list[Plan]:
    """A plan for each agency of a block of a year, with its log."""
    slug, year = block.block.slug, block.cycle.year
    running = year == province.year
    windows = {window.stage: (window.opens, window.closes) for window in block.windows.all()}
    order = sorted(agencies, key=lambda one: dice(slug, one.slug).random())
    twins = _twins(order)
    plans = []
    for place, agency in enumerate(order):
        like = twins.get(agency.slug, agency.slug)
        seed = f"{slug}/{year}/{like}"
        place_like = next(at for at, one in enumerate(order) if one.slug == like)
        worth = names.TOUR_WORTH.get(agency.slug) or quality(place_like, len(order))
        worth += 0.012 * (year - province.year + 1) + dice(seed, "year").uniform(-0.035, 0.035)
        path = _running_path(slug, agency, place, len(order)) if running else _past_path(seed)
        plan = Plan(agency, seed, min(worth, 0.985), path, _profiles(slug, agency, place_like))
        plan.days_late = LATE.get(agency.slug, 0) if running else 0
        plan.steps = _log(plan, windows, province.now)
        plans.append(plan)
    return sorted(plans, key=lambda plan: plan.agency.sort_key)


def _twins(order: list[Agency]) -> dict[str, str]:
    """A few agencies that have exactly the figures of another one, so that there are ties."""
    free = [one.slug for one in order if one.slug not in names.DEPARTMENT_PROFILES]
    pairs = [(4, 5), (11, 12)] if len(free) < 30 else [(6, 7), (6, 8), (21, 22)]
    return {free[two]: free[one] for one, two in pairs if two < len(free)}


def _profiles(block: str, agency: Agency, place: int) -> list[str]:
    if block == names.DEPARTMENTS:
        return list(names.DEPARTMENT_PROFILES.get(agency.slug, ()))
    return ["no_investment"] if place % 9 == 3 and block != names.TOUR else []


def _past_path(seed: str) -> str:
    return "explained_final" if dice(seed, "path").random() < 0.45 else "finalised"


def _running_path(block: str, agency: Agency, place: int, count: int) -> str:
    if block == names.DEPARTMENTS:
        return DEPARTMENT_PATHS.get(agency.slug, "appraising")
    if agency.slug in names.SHOWN_STAFF:
        return "drafting" if block == names.COMMUNES else "appraising"
    if block == names.WARDS:
        return "taken" if place == count - 1 else "submitted" if place % 3 == 1 else "appraising"
    stages = (
        "appraising",
        "submitted",
        "awaiting",
        "drafting",
        "submitted",
        "drafting",
        "appraising",
        "awaiting",
    )
    return "returned" if place in (3, 17) else stages[place % len(stages)]


def _log(plan: Plan, windows: Mapping[str, tuple[datetime, datetime]], now: datetime) -> list[Step]:
    """The steps of a plan with their times, one after the other, none after now."""
    rng = plan.dice("log", plan.agency.slug)
    opened = windows[Stage.SELF_ASSESSMENT][0]
    steps = [Step("open", "", SheetState.DRAFTING, opened + timedelta(hours=8), "thu-ky")]
    for name in PATHS[plan.path]:
        step, last = STEP[name], steps[-1].at
        at = max(_time_of(name, windows, plan, rng), last + timedelta(hours=2))
        at = min(at, now - timedelta(minutes=30) + timedelta(minutes=len(steps)))
        steps.append(Step(name, step.source, step.target, at, _who(name, plan), REASONS.get(name, "")))
    return steps


def _time_of(
    name: str, windows: Mapping[str, tuple[datetime, datetime]], plan: Plan, rng: random.Random
) -> datetime:
    closes = windows[Stage.SELF_ASSESSMENT][1]
    hours = timedelta(hours=rng.randint(8, 16), minutes=rng.randint(0, 59))
    if name in ("submit_for_approval", "return_to_draft"):
        back = 5 + rng.randint(0, 7) - (plan.days_late + 5 if plan.days_late else 0)
        later = 1 if name == "return_to_draft" else 0
        return midnight(closes, later - min(back, 12)) + hours
    if name == "approve":
        if plan.days_late:
            return midnight(closes, plan.days_late - 1) + hours
        return midnight(closes, -rng.randint(1, 4)) + hours
    if name == "close_draft":
        return midnight(closes) + timedelta(hours=9)
    if name == "begin_appraisal":
        return midnight(windows[Stage.ROUND_1][0], rng.randint(1, 6)) + hours
    if name in ("ask_for_explanation", "close_round_1"):
        return windows[Stage.EXPLANATION][0] + timedelta(hours=8, minutes=30)
    if name == "send_explanation":
        return midnight(windows[Stage.EXPLANATION][0], rng.randint(1, 2)) + hours
    if name == "close_round_2":
        return windows[Stage.COUNCIL][0] + timedelta(hours=8, minutes=30)
    return midnight(windows[Stage.COUNCIL][0], rng.randint(1, 2)) + hours


def _who(step: str, plan: Plan) -> str:
    if step == "submit_for_approval":
        return f"cv.{plan.agency.slug}"
    if step in ("return_to_draft", "approve", "send_explanation"):
        return f"ld.{plan.agency.slug}"
    if step == "begin_appraisal":
        return assessor(names.HOME_AFFAIRS, plan.agency.slug)
    if step in ("finalise", "return_to_round_2"):
        return "hoi-dong" if plan.agency.slug != names.OFFICE else "hoi-dong.tai-chinh"
    return "thu-ky"


ASSESSORS = {
    names.HOME_AFFAIRS: "tham-dinh",
    names.OFFICE: "tham-dinh.van-phong",
    "so-tu-phap": "tham-dinh.tu-phap",
    "so-tai-chinh": "tham-dinh.tai-chinh",
    "so-khoa-hoc-va-cong-nghe": "tham-dinh.khcn",
}


def assessor(appraiser: str, agency: str) -> str:
    """Who marks a leaf of this appraiser on the sheet of this agency: nobody his own house."""
    if appraiser == agency:
        appraiser = names.HOME_AFFAIRS if agency == names.OFFICE else names.OFFICE
    return ASSESSORS[appraiser]
