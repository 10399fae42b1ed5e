"""Publication: two people confirm the runs of one decision; then the public reads their rows."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from agencies.models import Block
from scoring.assessment.models import Cycle
from scoring.ranking.models import RankingRun

__all__ = ["Decision", "Publication", "PublicationRun"]

USER = settings.AUTH_USER_MODEL


class Decision(models.Model):
    """Quyết định phê duyệt và công bố."""

    number = models.CharField(_("number"), max_length=80)
    date = models.DateField(_("date"))
    signatory = models.CharField(_("signatory"), max_length=200)

    class Meta:
        ordering = ["-date"]
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        constraints = [models.UniqueConstraint(fields=["number", "date"], name="decision_once")]

    def __str__(self) -> str:
        return self.number


class Publication(models.Model):
    """The runs that one decision covers, one a block. A correction is a new publication; the old stays readable."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("proposed")
        PUBLISHED = "published", _("published")
        REJECTED = "rejected", _("sent back")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="+", verbose_name=_("cycle"))
    decision = models.ForeignKey(
        Decision, on_delete=models.PROTECT, related_name="publications", verbose_name=_("decision")
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PROPOSED)
    content_sha256 = models.CharField(_("content hash"), max_length=64)
    depth = models.CharField(max_length=10, default="area", help_text="area, criterion or leaf")
    rehearsal = models.BooleanField(
        default=False, help_text="frozen from the cycle: shown with the watermark for good"
    )
    notice = models.TextField(_("notice of what changed"), blank=True)
    proposed_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("proposed by")
    )
    proposed_at = models.DateTimeField(_("proposed"))
    approved_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("approved by")
    )
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    rejected_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    rejected_at = models.DateTimeField(null=True, blank=True)
    rejected_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-proposed_at", "-pk"]
        verbose_name = _("publication")
        verbose_name_plural = _("publications")
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="published")
                | Q(approved_by__isnull=False) & ~Q(approved_by=F("proposed_by")),
                name="publication_by_two_people",
            )
        ]

    def __str__(self) -> str:
        return f"{self.cycle.year} · {self.decision}"


class PublicationRun(models.Model):
    """One block's run within a publication. ``version`` counts the publications of this block and year."""

    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="runs")
    run = models.ForeignKey(RankingRun, on_delete=models.PROTECT, related_name="+")
    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="+")
    block = models.ForeignKey(Block, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(null=True, help_text="given when published")
    current = models.BooleanField(default=False, help_text="the version the public reads by default")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["publication", "block"], name="block_once_in_publication"),
            models.UniqueConstraint(fields=["cycle", "block", "version"], name="publication_version_once"),
            models.UniqueConstraint(
                fields=["cycle", "block"], condition=Q(current=True), name="one_current_publication_of_block"
            ),
        ]
