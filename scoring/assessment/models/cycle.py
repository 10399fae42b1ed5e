"""The year of a province and its blocks: windows, extensions, participations, assignments."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from agencies.models import Agency, Block
from scoring.criteria.models import CriteriaSet, Criterion

USER = settings.AUTH_USER_MODEL


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
    #: Two sets in one year: each part has its own set, windows and sheets, and hangs on the block's main row.
    part_of = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="parts",
        verbose_name=_("part of"),
    )
    #: Percent of the year's index that this row's own set counts for.
    weight_pct = models.DecimalField(_("weight, %"), max_digits=9, decimal_places=6, default=100)
    period = models.CharField(_("part of the year"), max_length=120, blank=True)

    class Meta:
        ordering = ["cycle", "block__order", "pk"]
        verbose_name = _("block of the cycle")
        verbose_name_plural = _("blocks of the cycle")
        constraints = [
            models.UniqueConstraint(
                fields=["cycle", "block"], condition=Q(part_of__isnull=True), name="block_once_in_cycle"
            ),
            models.CheckConstraint(
                condition=Q(weight_pct__gt=0, weight_pct__lte=100), name="block_weight_is_a_share"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cycle.year} · {self.name}"

    @property
    def name(self) -> str:
        """The block's name, with the part of the year where the year has more than one set."""
        return f"{self.block.name} · {self.period}" if self.period else self.block.name

    @property
    def key(self) -> str:
        """What tells this row from the others of its year in addresses and files: the slug, a part's with its id."""
        return self.block.slug if self.part_of_id is None else f"{self.block.slug}-{self.pk}"

    @property
    def main_id(self) -> int:
        """The main row of this block's year: the row itself, or the one that this part hangs on."""
        return self.part_of_id or self.pk


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
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("agency")
    )
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
        verbose_name = _("closing of a round")
        verbose_name_plural = _("closings of rounds")
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


class Assignment(models.Model):
    """Narrows who appraises: without one, every assessor of the criterion's appraiser may mark it."""

    cycle_block = models.ForeignKey(CycleBlock, on_delete=models.CASCADE, related_name="assignments")
    criterion = models.ForeignKey(
        Criterion, on_delete=models.PROTECT, related_name="+", verbose_name=_("criterion")
    )
    assessor = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+", verbose_name=_("assessor"))

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        constraints = [
            models.UniqueConstraint(fields=["cycle_block", "criterion", "assessor"], name="assignment_once")
        ]
