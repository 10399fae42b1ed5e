"""What an agency hands in: the scoresheet, its answers and the documents they cite."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from agencies.models import Division
from evidence.models import DocumentVersion
from scoring.assessment.models.cycle import CycleBlock, Participation
from scoring.assessment.models.fields import points_field
from scoring.criteria.models import CriteriaSet, Criterion

USER = settings.AUTH_USER_MODEL


class SheetState(models.TextChoices):
    DRAFTING = "drafting", _("drafting")
    AWAITING_APPROVAL = "awaiting_approval", _("awaiting approval")
    SUBMITTED = "submitted", _("submitted")
    APPRAISING = "appraising", _("appraisal, round 1")
    EXPLAINING = "explaining", _("explanation")
    REAPPRAISING = "reappraising", _("appraisal, round 2")
    REVIEWING = "reviewing", _("council review")
    FINALISED = "finalised", _("finalised")
    REPLACED = "replaced", _("replaced by an amended set")


class Scoresheet(models.Model):
    """Phiếu chấm điểm: one agency's answers for one criteria set. Only workflow.py writes ``state``."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    participation = models.ForeignKey(
        Participation, on_delete=models.PROTECT, related_name="sheets", verbose_name=_("participation")
    )
    criteria_set = models.ForeignKey(
        CriteriaSet, on_delete=models.PROTECT, related_name="+", verbose_name=_("criteria set")
    )
    state = models.CharField(_("state"), max_length=20, choices=SheetState, default=SheetState.DRAFTING)
    version = models.PositiveIntegerField(
        _("version"), default=0
    )  # raised by transitions, council marks, adjustments
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True)
    days_late = models.PositiveIntegerField(_("days late"), default=0)
    created_at = models.DateTimeField(_("came into being"))
    #: The sheet of the earlier version of the set, whose answers were carried over (services/amendment.py).
    carried_from = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="carried_to", editable=False
    )
    #: Submitted once under the earlier version: only the answers that need another look can be changed.
    supplementary = models.BooleanField(default=False, editable=False)

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
        verbose_name = _("change of state")
        verbose_name_plural = _("changes of state")
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
    scoresheet = models.ForeignKey(
        Scoresheet, on_delete=models.PROTECT, related_name="answers", verbose_name=_("scoresheet")
    )
    criterion = models.ForeignKey(
        Criterion, on_delete=models.PROTECT, related_name="+", verbose_name=_("criterion")
    )
    # canonical inputs of the engine; null: not answered
    inputs = models.JSONField(_("inputs"), null=True, blank=True)
    self_points = points_field(_("self-assessed points"), null=True, blank=True)
    applicable_max = points_field(_("applicable maximum"), null=True, blank=True)
    trace = models.JSONField(_("trace"), null=True, blank=True)
    note = models.TextField(_("note of the agency"), blank=True)
    applicability = models.CharField(
        _("applicability"), max_length=10, choices=Applicability, default=Applicability.APPLIES, blank=True
    )
    version = models.PositiveIntegerField(_("version"), default=0)
    answered_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("answered by")
    )
    answered_at = models.DateTimeField(_("answered"), null=True)

    class Meta:
        ordering = ["scoresheet", "criterion__order"]
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        constraints = [
            models.UniqueConstraint(fields=["scoresheet", "criterion"], name="answer_once_on_sheet"),
            models.CheckConstraint(
                condition=Q(self_points__isnull=True) | Q(self_points__gte=0),
                name="answer_points_not_negative",
            ),
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
    frozen = models.BooleanField(
        default=False, help_text="submitted with the sheet: can no longer be removed"
    )
    added_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        verbose_name = _("citation")
        verbose_name_plural = _("citations")
        ordering = ["added_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["answer", "document_version", "page", "clause"], name="citation_once_on_answer"
            )
        ]


class DivisionAssignment(models.Model):
    """The coordinator gives a criterion of the sheet to a division, with an internal deadline."""

    scoresheet = models.ForeignKey(Scoresheet, on_delete=models.CASCADE, related_name="division_assignments")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="+")
    division = models.ForeignKey(Division, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = _("criterion of a division")
        verbose_name_plural = _("criteria of divisions")
        constraints = [
            models.UniqueConstraint(fields=["scoresheet", "criterion"], name="criterion_to_one_division")
        ]


class Amendment(models.Model):
    """A block went on under a new version of its criteria set, in the middle of the year. Never changed."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    cycle_block = models.ForeignKey(CycleBlock, on_delete=models.PROTECT, related_name="amendments")
    earlier = models.ForeignKey(CriteriaSet, on_delete=models.PROTECT, related_name="+")
    criteria_set = models.ForeignKey(CriteriaSet, on_delete=models.PROTECT, related_name="+")
    effective_on = models.DateField(_("effective from"))
    note = models.TextField(_("what the agencies should know"), blank=True)
    sheets = models.PositiveIntegerField()
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at"]
        verbose_name = _("amendment within the year")
        verbose_name_plural = _("amendments within the year")
        constraints = [
            models.UniqueConstraint(fields=["cycle_block", "criteria_set"], name="amended_once_by_a_set")
        ]


class SecondLook(models.Model):
    """After an amendment: an answer that its agency, or its appraiser, has to look at once more."""

    class Who(models.TextChoices):
        AGENCY = "agency", _("agency")
        APPRAISER = "appraiser", _("appraiser")

    answer = models.ForeignKey(Answer, on_delete=models.PROTECT, related_name="second_looks")
    amendment = models.ForeignKey(Amendment, on_delete=models.PROTECT, related_name="second_looks")
    who = models.CharField(max_length=9, choices=Who)
    #: What became of the criterion: a value of criteria.comparison.Change.
    change = models.CharField(max_length=20)
    done_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["answer__criterion__order"]
        verbose_name = _("second look")
        verbose_name_plural = _("second looks")
        constraints = [
            models.UniqueConstraint(fields=["answer", "who", "amendment"], name="second_look_once")
        ]
