"""Points that came by a file: survey, external index, office, past years."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from scoring.assessment.models.cycle import CycleBlock
from scoring.assessment.models.fields import points_field
from scoring.assessment.models.sheet import Scoresheet
from scoring.criteria.models import Criterion

USER = settings.AUTH_USER_MODEL


class ImportBatch(models.Model):
    """One import of survey, external or office points, or of a past year."""

    class Source(models.TextChoices):
        SURVEY = "survey", _("survey and external points")
        PAST_YEAR = "past_year", _("past year")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    cycle_block = models.ForeignKey(
        CycleBlock,
        on_delete=models.PROTECT,
        related_name="import_batches",
        verbose_name=_("block of the cycle"),
    )
    source = models.CharField(_("source"), max_length=10, choices=Source)
    file_name = models.CharField(_("file"), max_length=255)
    sha256 = models.CharField("SHA-256", max_length=64)
    rows = models.PositiveIntegerField(_("figures"))
    by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("imported by")
    )
    at = models.DateTimeField(_("time"))

    class Meta:
        verbose_name = _("import of points")
        verbose_name_plural = _("imports of points")
        ordering = ["-at"]

    def __str__(self) -> str:
        return self.file_name


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
        verbose_name = _("imported points")
        verbose_name_plural = _("imported points")
        constraints = [
            models.UniqueConstraint(
                fields=["scoresheet", "criterion"],
                condition=Q(current=True),
                name="imported_points_one_current",
            ),
            models.CheckConstraint(
                condition=Q(points__gte=0, points__lte=F("applicable_max")),
                name="imported_points_within_maximum",
            ),
        ]
