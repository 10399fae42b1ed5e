"""What is decided about an answer: marks, "not applicable", explanations; bonus and penalty beside them."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from scoring.assessment.models.fields import points_field
from scoring.assessment.models.sheet import Answer, Scoresheet

USER = settings.AUTH_USER_MODEL


class Mark(models.Model):
    """Points by an assessor or the council, with a reason.

    Added, never changed; the last mark of the highest round counts.
    """

    class Round(models.IntegerChoices):
        ROUND_1 = 1, _("round 1")
        ROUND_2 = 2, _("round 2")
        COUNCIL = 3, _("council")

    answer = models.ForeignKey(
        Answer, on_delete=models.PROTECT, related_name="marks", verbose_name=_("answer")
    )
    round = models.PositiveSmallIntegerField(_("round"), choices=Round)
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+", verbose_name=_("assessor"))
    # null: points typed instead of following from corrected inputs
    inputs = models.JSONField(_("inputs"), null=True, blank=True)
    points = points_field(_("points"))
    applicable_max = points_field(_("applicable maximum"))
    trace = models.JSONField(_("trace"))
    reason = models.TextField(_("reason"), blank=True)
    in_bulk = models.BooleanField(_("given in bulk"), default=False)
    at = models.DateTimeField(_("time"))

    class Meta:
        ordering = ["answer", "round", "pk"]
        verbose_name = _("mark")
        verbose_name_plural = _("marks")
        indexes = [models.Index(F("answer"), F("round").desc(), F("id").desc(), name="mark_current")]
        constraints = [
            models.CheckConstraint(
                condition=Q(points__gte=0, points__lte=F("applicable_max")), name="mark_within_maximum"
            ),
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
        verbose_name = _("request “not applicable”")
        verbose_name_plural = _("requests “not applicable”")
        ordering = ["-requested_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["answer"], condition=Q(state="pending"), name="one_pending_na_request"
            )
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
        verbose_name = _("explanation request")
        verbose_name_plural = _("explanation requests")
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

    class Meta:
        verbose_name = _("explanation")
        verbose_name_plural = _("explanations")


class Adjustment(models.Model):
    """Điểm cộng, điểm trừ: bonus or penalty outside the tree, capped by the set. Voided, never deleted."""

    class Kind(models.TextChoices):
        BONUS = "bonus", _("bonus")
        PENALTY = "penalty", _("penalty")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    scoresheet = models.ForeignKey(
        Scoresheet, on_delete=models.PROTECT, related_name="adjustments", verbose_name=_("scoresheet")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    points = points_field(_("points"))
    reason = models.TextField(_("reason"))
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+", verbose_name=_("given by"))
    at = models.DateTimeField(_("time"))
    voided_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("taken out by")
    )
    voided_at = models.DateTimeField(_("taken out of the sum"), null=True)
    void_reason = models.TextField(_("reason for taking it out"), blank=True)

    class Meta:
        verbose_name = _("bonus or penalty")
        verbose_name_plural = _("bonus and penalty")
        ordering = ["at"]
        constraints = [models.CheckConstraint(condition=Q(points__gt=0), name="adjustment_above_zero")]
