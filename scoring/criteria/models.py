"""The criteria set: a tree of areas, criteria and sub-criteria for one year and block, in versions."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from agencies.models import Agency, Block

__all__ = [
    "Comparability",
    "CriteriaSet",
    "Criterion",
    "CriterionLink",
    "CriterionRole",
    "Method",
    "SetLink",
    "StoredCase",
]


class CriteriaSet(models.Model):
    """Bộ tiêu chí. Locked, it can no longer change: amend it by a new version."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    year = models.PositiveIntegerField(_("year"))
    block = models.ForeignKey(Block, on_delete=models.PROTECT, related_name="+", verbose_name=_("block"))
    version = models.PositiveIntegerField(_("version"), default=1)
    title = models.CharField(_("title"), max_length=300)
    official = models.BooleanField(_("official"), default=False)
    decision_number = models.CharField(_("decision number"), max_length=80, blank=True)
    decision_date = models.DateField(_("decision date"), null=True, blank=True)
    decision_issuer = models.CharField(_("issued by"), max_length=200, blank=True)
    effective_from = models.DateField(_("effective from"), null=True, blank=True)
    total = models.DecimalField(_("total points"), max_digits=12, decimal_places=6)
    bonus_cap = models.DecimalField(_("bonus cap"), max_digits=12, decimal_places=6, default=0)
    penalty_cap = models.DecimalField(_("penalty cap"), max_digits=12, decimal_places=6, default=0)
    profiles = models.JSONField(_("applicability profiles"), default=dict, blank=True)
    #: Raised by every change of a draft, so that a page that shows an older state is not saved over a newer one.
    revision = models.PositiveIntegerField(default=0, editable=False)
    source_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    difference_confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    created_at = models.DateTimeField(editable=False)
    locked_at = models.DateTimeField(_("locked"), null=True, blank=True, editable=False)
    locked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )

    class Meta:
        ordering = ["-year", "block", "-version"]
        verbose_name = _("criteria set")
        verbose_name_plural = _("criteria sets")
        constraints = [
            models.UniqueConstraint(fields=["year", "block", "version"], name="criteria_set_version_once"),
            models.CheckConstraint(condition=Q(total__gte=0), name="criteria_set_total_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.title} (v{self.version})" if self.version > 1 else self.title


class Method(models.TextChoices):
    """How the points of a leaf come in."""

    APPRAISAL = "appraisal", _("self-assessment and appraisal")
    SURVEY = "survey", _("sociological survey")
    EXTERNAL = "external", _("external index")
    OFFICE = "office", _("entered by an office")


class CriterionRole(models.TextChoices):
    """What the points of an area do to the total. Bonus and penalty count in no maximum."""

    COUNTS = "", _("counts in the total")
    BONUS = "bonus", _("bonus area")
    PENALTY = "penalty", _("penalty area")


class Criterion(models.Model):
    """A node of the tree. Level 1 is an area (lĩnh vực); a leaf is a node with a rule, at any depth."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    criteria_set = models.ForeignKey(CriteriaSet, on_delete=models.CASCADE, related_name="criteria")
    parent = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="children"
    )
    code = models.CharField(_("code"), max_length=30)
    sort_key = models.CharField(max_length=120, editable=False)
    order = models.PositiveIntegerField(help_text="position in the whole tree, depth first")
    level = models.PositiveSmallIntegerField()
    title = models.CharField(_("title"), max_length=1000)
    max_points = models.DecimalField(_("maximum"), max_digits=12, decimal_places=6)
    # points; a node is worth no more than this, whatever its parts add up to
    cap = models.DecimalField(_("cap"), max_digits=12, decimal_places=6, null=True, blank=True)
    # of an area alone
    role = models.CharField(_("role"), max_length=8, choices=CriterionRole, blank=True, default="")
    method = models.CharField(_("method"), max_length=10, choices=Method, blank=True)
    rule = models.JSONField(_("rule"), null=True, blank=True)
    rule_text = models.TextField(_("official wording of the rule"), blank=True)
    guidance = models.TextField(_("guidance"), blank=True)
    evidence = models.TextField(_("evidence asked for"), blank=True)
    appraiser = models.ForeignKey(
        Agency, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("appraiser")
    )
    not_applicable_for = models.JSONField(default=list, blank=True)
    na_request = models.BooleanField(_("may be asked to be not applicable"), default=True)

    class Meta:
        ordering = ["criteria_set", "order"]
        verbose_name = _("criterion")
        verbose_name_plural = _("criteria")
        constraints = [
            models.UniqueConstraint(fields=["criteria_set", "code"], name="criterion_code_once_in_set"),
            models.UniqueConstraint(fields=["criteria_set", "order"], name="criterion_order_once_in_set"),
            models.CheckConstraint(condition=Q(max_points__gte=0), name="criterion_maximum_not_negative"),
            models.CheckConstraint(
                condition=Q(rule__isnull=True, method="") | Q(rule__isnull=False) & ~Q(method=""),
                name="criterion_leaf_has_rule_and_method",
            ),
            models.CheckConstraint(
                condition=Q(cap__isnull=True) | Q(cap__gte=0), name="criterion_cap_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(role="") | Q(role__in=["bonus", "penalty"], level=1),
                name="criterion_role_of_an_area",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    @property
    def is_leaf(self) -> bool:
        return self.rule is not None

    @property
    def is_self_scored(self) -> bool:
        return self.method == Method.APPRAISAL


class StoredCase(models.Model):
    """Trường hợp kiểm tra: inputs of a leaf's rule and the points that they must earn. Locked with the set."""

    criterion = models.ForeignKey(Criterion, on_delete=models.CASCADE, related_name="stored_cases")
    order = models.PositiveIntegerField(default=0)
    inputs = models.JSONField(_("inputs"), default=dict)
    points = models.DecimalField(_("expected points"), max_digits=12, decimal_places=6)
    # null: the maximum of the leaf, as it stands
    applicable_max = models.DecimalField(
        _("expected maximum"), max_digits=12, decimal_places=6, null=True, blank=True
    )
    note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta:
        ordering = ["criterion", "order", "pk"]
        verbose_name = _("stored case")
        verbose_name_plural = _("stored cases")

    def __str__(self) -> str:
        return self.note or str(self.criterion)


class Comparability(models.TextChoices):
    """Whether figures of two years or versions can be held against each other."""

    SAME = "same", _("same")
    RESCALED = "rescaled", _("rescaled")
    NOT_COMPARABLE = "not_comparable", _("not comparable")


class SetLink(models.Model):
    """One set follows another: last year's, or an earlier version of the same year.

    It stands beside the sets, so that a locked set can still be tied to the year before it.
    ``comparability`` is that of the totals. Frozen once an amendment has carried answers over by it.
    """

    newer = models.ForeignKey(CriteriaSet, on_delete=models.CASCADE, related_name="links_back")
    earlier = models.ForeignKey(CriteriaSet, on_delete=models.CASCADE, related_name="links_forward")
    comparability = models.CharField(
        _("comparability"), max_length=14, choices=Comparability, default=Comparability.SAME
    )
    # by a person; else a proposal, which follows the totals of the two sets
    stated = models.BooleanField(default=False, editable=False)
    note = models.CharField(_("note"), max_length=500, blank=True)
    frozen_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["newer", "-earlier__year", "-earlier__version"]
        verbose_name = _("link between criteria sets")
        verbose_name_plural = _("links between criteria sets")
        constraints = [
            models.UniqueConstraint(fields=["newer", "earlier"], name="set_link_once"),
            models.CheckConstraint(condition=~Q(newer=models.F("earlier")), name="set_link_between_two"),
        ]

    def __str__(self) -> str:
        return f"{self.newer} ← {self.earlier}"


class CriterionLink(models.Model):
    """A node follows a node of the earlier set. Several links to one earlier node: split; from one: merged."""

    set_link = models.ForeignKey(SetLink, on_delete=models.CASCADE, related_name="links")
    criterion = models.ForeignKey(Criterion, on_delete=models.CASCADE, related_name="+")
    earlier = models.ForeignKey(Criterion, on_delete=models.CASCADE, related_name="+")
    comparability = models.CharField(
        _("comparability"), max_length=14, choices=Comparability, default=Comparability.SAME
    )
    # by a person; else a proposal, which follows the two nodes as they stand
    stated = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering = ["set_link", "criterion__order", "earlier__order"]
        verbose_name = _("link between criteria")
        verbose_name_plural = _("links between criteria")
        constraints = [
            models.UniqueConstraint(fields=["set_link", "criterion", "earlier"], name="criterion_link_once")
        ]
