"""The year of an assessment: cycle, windows, scoresheets, answers, citations, marks, explanations."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from agencies.models import Agency, Block, Division
from evidence.models import DocumentVersion
from scoring.criteria.models import CriteriaSet, Criterion

__all__ = [
    "Adjustment", "Answer", "Assignment", "Citation", "Cycle", "CycleBlock", "DivisionAssignment", "Explanation",
    "ExplanationRequest", "Extension", "ImportBatch", "ImportedPoints", "Mark", "NotApplicableRequest",
    "Participation", "RoundClosing", "Scoresheet", "SheetState", "Stage", "Transition", "Window",
]  # fmt: skip

USER = settings.AUTH_USER_MODEL


def points_field(verbose_name: str = "", **options: object) -> models.DecimalField:
    """Points: six places, rounded once by the engine when saved."""
    return models.DecimalField(verbose_name or None, max_digits=12, decimal_places=6, **options)  # type: ignore[arg-type]


class Stage(models.TextChoices):
    """The windows of a block's year (workflow.md)."""

    SELF_ASSESSMENT = "self_assessment", _("self-assessment")
    ROUND_1 = "round_1", _("appraisal, round 1")
    EXPLANATION = "explanation", _("explanation")
    ROUND_2 = "round_2", _("appraisal, round 2")
    COUNCIL = "council", _("council")


class Cycle(models.Model):
    """Kỳ đánh giá: one year's assessment of the province."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    year = models.PositiveIntegerField(_("year"), unique=True)
    title = models.CharField(_("title"), max_length=200, blank=True)
    settings = models.JSONField(_("settings"), default=dict, blank=True)
    rehearsal = models.BooleanField(_("rehearsal"), default=False)
    imported = models.BooleanField(_("brought from a published year"), default=False, editable=False)
    created_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["-year"]
        verbose_name = _("cycle")
        verbose_name_plural = _("cycles")

    def __str__(self) -> str:
        return self.title or str(self.year)


class CycleBlock(models.Model):
    """One block's part of a cycle: its criteria set and windows. Opening it brings the sheets into being."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="blocks", verbose_name=_("cycle"))
    block = models.ForeignKey(Block, on_delete=models.PROTECT, related_name="+", verbose_name=_("block"))
    criteria_set = models.ForeignKey(
        CriteriaSet, on_delete=models.PROTECT, related_name="+", verbose_name=_("criteria set")
    )
    opened_at = models.DateTimeField(_("opened"), null=True, blank=True, editable=False)

    class Meta:
        ordering = ["cycle", "block__order"]
        verbose_name = _("block of the cycle")
        verbose_name_plural = _("blocks of the cycle")
        constraints = [models.UniqueConstraint(fields=["cycle", "block"], name="block_once_in_cycle")]

    def __str__(self) -> str:
        return f"{self.cycle.year} · {self.block}"


class Window(models.Model):
    """When a stage is open for a block: [opens, closes), decided by the database clock."""

    cycle_block = models.ForeignKey(CycleBlock, on_delete=models.CASCADE, related_name="windows")
    stage = models.CharField(_("stage"), max_length=16, choices=Stage)
    opens = models.DateTimeField(_("opens"))
    closes = models.DateTimeField(_("closes (not included)"))

    class Meta:
        ordering = ["cycle_block", "opens"]
        verbose_name = _("window")
        verbose_name_plural = _("windows")
        constraints = [
            models.UniqueConstraint(fields=["cycle_block", "stage"], name="window_once_for_stage"),
            models.CheckConstraint(condition=Q(closes__gt=F("opens")), name="window_opens_before_it_closes"),
        ]


class Extension(models.Model):
    """A later end of a window for one agency, or for the block when ``agency`` is empty. Never changed."""

    cycle_block = models.ForeignKey(CycleBlock, on_delete=models.PROTECT, related_name="extensions")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("agency"))
    stage = models.CharField(_("stage"), max_length=16, choices=Stage)
    closes = models.DateTimeField(_("new end (not included)"))
    letter_number = models.CharField(_("number of the letter"), max_length=80)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    granted_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    granted_at = models.DateTimeField()

    class Meta:
        ordering = ["-granted_at"]
        verbose_name = _("extension")
        verbose_name_plural = _("extensions")


class RoundClosing(models.Model):
    """The secretary's act of closing a stage of a block, with the sheets it touched."""

    cycle_block = models.ForeignKey(CycleBlock, on_delete=models.PROTECT, related_name="closings")
    stage = models.CharField(max_length=16, choices=Stage)
    closed_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField()
    sheets = models.PositiveIntegerField()

    class Meta:
        ordering = ["-closed_at"]


class Participation(models.Model):
    """One agency in one block of a cycle: its applicability profiles, ranked or not."""

    cycle_block = models.ForeignKey(CycleBlock, on_delete=models.PROTECT, related_name="participations")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    profiles = models.JSONField(_("applicability profiles"), default=list, blank=True)
    ranked = models.BooleanField(_("ranked"), default=True)

    class Meta:
        ordering = ["cycle_block", "agency__sort_key"]
        verbose_name = _("participation")
        verbose_name_plural = _("participations")
        constraints = [models.UniqueConstraint(fields=["cycle_block", "agency"], name="agency_once_in_block")]

    def __str__(self) -> str:
        return f"{self.agency} · {self.cycle_block}"


class SheetState(models.TextChoices):
    DRAFTING = "drafting", _("drafting")
    AWAITING_APPROVAL = "awaiting_approval", _("awaiting approval")
    SUBMITTED = "submitted", _("submitted")
    APPRAISING = "appraising", _("appraisal, round 1")
    EXPLAINING = "explaining", _("explanation")
    REAPPRAISING = "reappraising", _("appraisal, round 2")
    REVIEWING = "reviewing", _("council review")
    FINALISED = "finalised", _("finalised")


class Scoresheet(models.Model):
    """Phiếu chấm điểm: one agency's answers for one criteria set. Only workflow.py writes ``state``."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    participation = models.ForeignKey(Participation, on_delete=models.PROTECT, related_name="sheets")
    criteria_set = models.ForeignKey(CriteriaSet, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(_("state"), max_length=20, choices=SheetState, default=SheetState.DRAFTING)
    version = models.PositiveIntegerField(default=0, help_text="raised by every transition")
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True)
    days_late = models.PositiveIntegerField(_("days late"), default=0)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["participation__agency__sort_key"]
        verbose_name = _("scoresheet")
        verbose_name_plural = _("scoresheets")
        constraints = [
            models.UniqueConstraint(fields=["participation", "criteria_set"], name="sheet_once_for_set"),
            models.CheckConstraint(condition=Q(state__in=SheetState.values), name="sheet_state_known"),
        ]
        indexes = [models.Index(fields=["state"], name="sheet_state")]

    def __str__(self) -> str:
        return str(self.participation)


class Transition(models.Model):
    """The log of a sheet's states: who, when, why. Added, never changed."""

    scoresheet = models.ForeignKey(Scoresheet, on_delete=models.PROTECT, related_name="transitions")
    name = models.CharField(max_length=40)
    source = models.CharField(max_length=20, choices=SheetState, blank=True)
    target = models.CharField(max_length=20, choices=SheetState)
    by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["at", "pk"]


class Answer(models.Model):
    """What the agency declares for one self-scored leaf. Born with the sheet; ``version`` 0 is untouched."""

    class Applicability(models.TextChoices):
        APPLIES = "", _("applies")
        PROFILE = "profile", _("not applicable by profile")
        REQUESTED = "requested", _("asked to be not applicable")
        GRANTED = "granted", _("not applicable")
        REFUSED = "refused", _("not applicable refused")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    scoresheet = models.ForeignKey(Scoresheet, on_delete=models.PROTECT, related_name="answers")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="+")
    inputs = models.JSONField(null=True, blank=True, help_text="canonical inputs of the engine; null: not answered")
    self_points = points_field(null=True, blank=True)
    applicable_max = points_field(null=True, blank=True)
    trace = models.JSONField(null=True, blank=True)
    note = models.TextField(blank=True)
    applicability = models.CharField(max_length=10, choices=Applicability, default=Applicability.APPLIES, blank=True)
    version = models.PositiveIntegerField(default=0)
    answered_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["scoresheet", "criterion__order"]
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        constraints = [
            models.UniqueConstraint(fields=["scoresheet", "criterion"], name="answer_once_on_sheet"),
            models.CheckConstraint(condition=Q(self_points__isnull=True) | Q(self_points__gte=0), name="answer_points_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.criterion} · {self.scoresheet}"


class Citation(models.Model):
    """Gắn tài liệu: an answer points at one version of a document, with page and clause."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    answer = models.ForeignKey(Answer, on_delete=models.PROTECT, related_name="citations")
    document_version = models.ForeignKey(DocumentVersion, on_delete=models.PROTECT, related_name="+")
    page = models.CharField(_("page"), max_length=40, blank=True)
    clause = models.CharField(_("section, clause"), max_length=120, blank=True)
    for_explanation = models.BooleanField(default=False)
    frozen = models.BooleanField(default=False, help_text="submitted with the sheet: can no longer be removed")
    added_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["added_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["answer", "document_version", "page", "clause"], name="citation_once_on_answer"
            )
        ]


class Mark(models.Model):
    """Points by an assessor or the council, with a reason. Added, never changed; the last of the highest round counts."""

    class Round(models.IntegerChoices):
        ROUND_1 = 1, _("round 1")
        ROUND_2 = 2, _("round 2")
        COUNCIL = 3, _("council")

    answer = models.ForeignKey(Answer, on_delete=models.PROTECT, related_name="marks")
    round = models.PositiveSmallIntegerField(choices=Round)
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    inputs = models.JSONField(null=True, blank=True, help_text="corrected inputs; null: points typed")
    points = points_field()
    applicable_max = points_field()
    trace = models.JSONField()
    reason = models.TextField(blank=True)
    in_bulk = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta:
        ordering = ["answer", "round", "pk"]
        verbose_name = _("mark")
        verbose_name_plural = _("marks")
        indexes = [models.Index(F("answer"), F("round").desc(), F("id").desc(), name="mark_current")]
        constraints = [
            models.CheckConstraint(condition=Q(points__gte=0, points__lte=F("applicable_max")), name="mark_within_maximum"),
            models.CheckConstraint(condition=Q(round__in=[1, 2, 3]), name="mark_round_known"),
        ]


class NotApplicableRequest(models.Model):
    """Đề nghị không áp dụng: asked with a reason, granted or refused by the criterion's assessor."""

    class State(models.TextChoices):
        PENDING = "pending", _("waiting for a decision")
        GRANTED = "granted", _("granted")
        REFUSED = "refused", _("refused")
        TAKEN_BACK = "taken_back", _("taken back")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    answer = models.ForeignKey(Answer, on_delete=models.PROTECT, related_name="na_requests")
    reason = models.TextField(_("reason"))
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    requested_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    decided_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-requested_at"]
        constraints = [
            models.UniqueConstraint(fields=["answer"], condition=Q(state="pending"), name="one_pending_na_request")
        ]


class ExplanationRequest(models.Model):
    """Yêu cầu giải trình on a single criterion."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    answer = models.ForeignKey(Answer, on_delete=models.PROTECT, related_name="explanation_requests")
    question = models.TextField(_("question"))
    asked_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    taken_back_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["answer"], condition=Q(taken_back_at__isnull=True), name="one_explanation_request"
            )
        ]


class Explanation(models.Model):
    """Giải trình: the agency's reply, with new inputs where a "not applicable" was refused."""

    request = models.OneToOneField(ExplanationRequest, on_delete=models.PROTECT, related_name="explanation")
    text = models.TextField(_("explanation"))
    inputs = models.JSONField(null=True, blank=True)
    points = points_field(null=True, blank=True)
    applicable_max = points_field(null=True, blank=True)
    trace = models.JSONField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()


class DivisionAssignment(models.Model):
    """The coordinator gives a criterion of the sheet to a division, with an internal deadline."""

    scoresheet = models.ForeignKey(Scoresheet, on_delete=models.CASCADE, related_name="division_assignments")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="+")
    division = models.ForeignKey(Division, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scoresheet", "criterion"], name="criterion_to_one_division")
        ]


class Assignment(models.Model):
    """Narrows who appraises: without one, every assessor of the criterion's appraiser may mark it."""

    cycle_block = models.ForeignKey(CycleBlock, on_delete=models.CASCADE, related_name="assignments")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="+", verbose_name=_("criterion"))
    assessor = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+", verbose_name=_("assessor"))

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        constraints = [
            models.UniqueConstraint(fields=["cycle_block", "criterion", "assessor"], name="assignment_once")
        ]


class ImportBatch(models.Model):
    """One import of survey, external or office points, or of a past year."""

    class Source(models.TextChoices):
        SURVEY = "survey", _("survey and external points")
        PAST_YEAR = "past_year", _("past year")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    cycle_block = models.ForeignKey(CycleBlock, on_delete=models.PROTECT, related_name="import_batches")
    source = models.CharField(max_length=10, choices=Source)
    file_name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    rows = models.PositiveIntegerField()
    by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at"]


class ImportedPoints(models.Model):
    """Points of a leaf that came by a file. Importing again replaces: the old row stays, no longer current."""

    batch = models.ForeignKey(ImportBatch, on_delete=models.PROTECT, related_name="imported")
    scoresheet = models.ForeignKey(Scoresheet, on_delete=models.PROTECT, related_name="imported")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="+")
    inputs = models.JSONField(null=True)
    points = points_field()
    applicable_max = points_field()
    trace = models.JSONField()
    note = models.CharField(max_length=500, blank=True)
    current = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scoresheet", "criterion"], condition=Q(current=True), name="imported_points_one_current"
            ),
            models.CheckConstraint(
                condition=Q(points__gte=0, points__lte=F("applicable_max")), name="imported_points_within_maximum"
            ),
        ]


class Adjustment(models.Model):
    """Điểm cộng, điểm trừ: bonus or penalty outside the tree, capped by the set. Voided, never deleted."""

    class Kind(models.TextChoices):
        BONUS = "bonus", _("bonus")
        PENALTY = "penalty", _("penalty")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    scoresheet = models.ForeignKey(Scoresheet, on_delete=models.PROTECT, related_name="adjustments")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    points = points_field(_("points"))
    reason = models.TextField(_("reason"))
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    voided_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    voided_at = models.DateTimeField(null=True)
    void_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["at"]
        constraints = [models.CheckConstraint(condition=Q(points__gt=0), name="adjustment_above_zero")]
