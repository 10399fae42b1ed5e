"""Ranking runs: immutable figures of one block at one stage. Rows have no tie to sheets or answers."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from agencies.models import Agency
from scoring.assessment.models import CycleBlock
from scoring.criteria.models import Criterion

__all__ = ["NodeRow", "RankingPart", "RankingRow", "RankingRun", "RunStage"]

USER = settings.AUTH_USER_MODEL


class RunStage(models.TextChoices):
    SELF = "self", _("self-assessment")
    ROUND_1 = "round_1", _("round 1")
    ROUND_2 = "round_2", _("round 2")
    FINAL = "final", _("final")


class RankingRun(models.Model):
    """A run for one block. The row is the record of work (celery.md): waiting → running → done | same | failed."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        SAME = "same", _("same as an earlier run")
        FAILED = "failed", _("failed")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    cycle_block = models.ForeignKey(
        CycleBlock, on_delete=models.PROTECT, related_name="+", verbose_name=_("block")
    )
    stage = models.CharField(_("stage"), max_length=8, choices=RunStage, default=RunStage.FINAL)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    claim = models.UUIDField(null=True, editable=False)
    claimed_at = models.DateTimeField(null=True, editable=False)
    progress = models.PositiveSmallIntegerField(_("progress, %"), default=0)
    error = models.TextField(_("error"), blank=True)
    same_as = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    inputs_sha256 = models.CharField(max_length=64, blank=True)
    settings = models.JSONField(default=dict)
    engine_version = models.CharField(max_length=20, blank=True)
    agencies = models.PositiveIntegerField(default=0)
    requested_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("requested by")
    )
    requested_at = models.DateTimeField(_("requested"))
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        ordering = ["-requested_at", "-pk"]
        verbose_name = _("ranking run")
        verbose_name_plural = _("ranking runs")
        constraints = [
            models.UniqueConstraint(
                fields=["cycle_block", "stage"],
                condition=Q(state__in=["waiting", "running"]),
                name="one_run_under_way",
            ),
            models.UniqueConstraint(
                fields=["cycle_block", "stage", "inputs_sha256"],
                condition=Q(state="done"),
                name="same_inputs_same_run",
            ),
        ]


class RankingRow(models.Model):
    """One agency's figures in a run. ``index`` is the printed value, ``index_exact`` has twelve places."""

    run = models.ForeignKey(RankingRun, on_delete=models.PROTECT, related_name="rows")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    ranked = models.BooleanField()
    points = models.DecimalField(max_digits=12, decimal_places=6)
    maximum = models.DecimalField(max_digits=12, decimal_places=6)
    bonus = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    penalty = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    index = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    index_exact = models.DecimalField(max_digits=15, decimal_places=12, null=True)
    rank = models.PositiveIntegerField(null=True)
    grade = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["run", "rank"]
        constraints = [models.UniqueConstraint(fields=["run", "agency"], name="agency_once_in_run")]


class RankingPart(models.Model):
    """Where a block had two sets in one year: one agency's figures under one of them, and its weight in the year."""

    run = models.ForeignKey(RankingRun, on_delete=models.PROTECT, related_name="parts")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    cycle_block = models.ForeignKey(CycleBlock, on_delete=models.PROTECT, related_name="+")
    weight_pct = models.DecimalField(max_digits=9, decimal_places=6)
    points = models.DecimalField(max_digits=12, decimal_places=6)
    maximum = models.DecimalField(max_digits=12, decimal_places=6)
    bonus = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    penalty = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    index = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    index_exact = models.DecimalField(max_digits=15, decimal_places=12, null=True)

    class Meta:
        ordering = ["run", "cycle_block"]
        constraints = [
            models.UniqueConstraint(fields=["run", "agency", "cycle_block"], name="part_once_in_run")
        ]


class NodeRow(models.Model):
    """One agency's figures for one node of the set (area, criterion, leaf) in a run."""

    run = models.ForeignKey(RankingRun, on_delete=models.PROTECT, related_name="nodes")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="+")
    points = models.DecimalField(max_digits=12, decimal_places=6)
    maximum = models.DecimalField(max_digits=12, decimal_places=6)
    index = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    rank = models.PositiveIntegerField(null=True)
    trace = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "agency", "criterion"], name="node_once_in_run")
        ]
